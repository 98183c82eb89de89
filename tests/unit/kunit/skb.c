// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "skb.h"

/* Not a multiple of eight, so that headers lie across pieces. */
#define NETLAB_TEST_PIECE(rest)	\
	max_t(unsigned int, 7, DIV_ROUND_UP(rest, MAX_SKB_FRAGS))

/* How netlab_test_skb_free() knows an sk_buff whose memory is our own. */
#define NETLAB_TEST_IS_EDGE	0xed

/*
 * vmalloc() leaves a page unmapped behind what it gives. The shared info,
 * which otherwise stands behind the data, stands before it here; nothing that
 * only reads an sk_buff can tell.
 */
static struct sk_buff *netlab_test_edge(const u8 *bytes, unsigned int len)
{
	size_t size = PAGE_ALIGN(sizeof(struct skb_shared_info) + len);
	struct sk_buff *skb = kzalloc(sizeof(*skb), GFP_KERNEL);

	if (!skb)
		return NULL;
	skb->head = vzalloc(size);
	if (!skb->head) {
		kfree(skb);
		return NULL;
	}
	skb->data = skb->head;
	skb_reset_tail_pointer(skb);
	skb->end = skb->tail;

	skb->data += size - len;
	skb_set_tail_pointer(skb, len);
	skb->len = len;
	memcpy(skb->data, bytes, len);
	skb->cb[0] = NETLAB_TEST_IS_EDGE;
	return skb;
}

static struct sk_buff *netlab_test_linear(const u8 *bytes, unsigned int room,
					  unsigned int len)
{
	struct sk_buff *skb = alloc_skb(room, GFP_KERNEL);

	if (!skb)
		return NULL;
	memcpy(skb->data, bytes, room);
	skb_put(skb, len);
	return skb;
}

/* Adds bytes to an sk_buff; returns whether there was memory. */
static bool netlab_test_add_page(struct sk_buff *skb, const u8 *bytes,
				 unsigned int len)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return false;
	memcpy(page_address(page) + PAGE_SIZE - len, bytes, len);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, PAGE_SIZE - len,
			len, PAGE_SIZE);
	return true;
}

static bool netlab_test_add_list(struct sk_buff *skb, const u8 *bytes,
				 unsigned int len)
{
	struct sk_buff **last = &skb_shinfo(skb)->frag_list;

	while (*last)
		last = &(*last)->next;
	*last = netlab_test_linear(bytes, len, len);
	if (!*last)
		return false;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += (*last)->truesize;
	return true;
}

static struct sk_buff *netlab_test_scattered(enum netlab_test_layout layout,
					     const u8 *bytes, unsigned int len,
					     unsigned int head)
{
	unsigned int rest = len - min(head, len);
	unsigned int piece = NETLAB_TEST_PIECE(rest);
	struct sk_buff *skb;
	unsigned int off, n;

	head = min(head, len);
	skb = netlab_test_linear(bytes, head, head);
	for (off = head; skb && off < len; off += n) {
		n = min(piece, len - off);
		if (layout == NETLAB_TEST_PAGED ?
		    !netlab_test_add_page(skb, bytes + off, n) :
		    !netlab_test_add_list(skb, bytes + off, n)) {
			kfree_skb(skb);
			return NULL;
		}
	}
	return skb;
}

/**
 * netlab_test_skb() - make an sk_buff as a netfilter hook sees it
 * @test: ends if there is no memory
 * @layout: where it has its bytes
 * @bytes: from the network header on
 * @room: how many bytes there are
 * @len: how many of them are the packet
 * @head: how many are linear, in a layout that has others
 *
 * Return: it, to be freed by netlab_test_skb_free().
 */
struct sk_buff *netlab_test_skb(struct kunit *test,
				enum netlab_test_layout layout,
				const u8 *bytes, unsigned int room,
				unsigned int len, unsigned int head)
{
	struct sk_buff *skb;

	switch (layout) {
	case NETLAB_TEST_LINEAR:
		skb = netlab_test_linear(bytes, room, len);
		break;
	case NETLAB_TEST_EDGE:
		skb = netlab_test_edge(bytes, len);
		break;
	default:
		skb = netlab_test_scattered(layout, bytes, len, head);
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, skb);
	skb_reset_network_header(skb);
	skb->protocol = htons(bytes[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
	return skb;
}

void netlab_test_skb_free(struct sk_buff *skb)
{
	if ((u8)skb->cb[0] == NETLAB_TEST_IS_EDGE) {
		vfree(skb->head);
		kfree(skb);
	} else {
		kfree_skb(skb);
	}
}

/**
 * netlab_test_dissect() - expect an answer of dissect, in every layout
 * @test: the test
 * @bytes: as netlab_test_skb()
 * @room: as netlab_test_skb()
 * @len: as netlab_test_skb()
 * @want: the answer
 */
void netlab_test_dissect(struct kunit *test, const u8 *bytes,
			 unsigned int room, unsigned int len,
			 const struct netlab_packet *want)
{
	bool ipv6 = bytes[0] >> 4 == 6;
	unsigned int head = ipv6 ? sizeof(struct ipv6hdr) :
				   sizeof(struct iphdr);
	int layout;

	for (layout = 0; layout < NETLAB_TEST_LAYOUTS; layout++) {
		struct netlab_packet p;
		struct sk_buff *skb;

		memset(&p, 0xa5, sizeof(p));
		skb = netlab_test_skb(test, layout, bytes, room, len, head);
		KUNIT_EXPECT_EQ(test, skb->len, len);
		if (ipv6)
			netlab_dissect6(skb, &p);
		else
			netlab_dissect4(skb, &p);
		netlab_test_skb_free(skb);

		KUNIT_EXPECT_EQ_MSG(test, p.protocol, want->protocol,
				    "layout %d, %u bytes", layout, len);
		KUNIT_EXPECT_EQ_MSG(test, p.flags, want->flags,
				    "layout %d, %u bytes", layout, len);
		KUNIT_EXPECT_EQ_MSG(test, p.l4, want->l4,
				    "layout %d, %u bytes", layout, len);
		KUNIT_EXPECT_EQ_MSG(test, p.packets, 1U,
				    "layout %d, %u bytes", layout, len);
		KUNIT_EXPECT_EQ_MSG(test, p.bytes, (u64)len,
				    "layout %d, %u bytes", layout, len);
	}
}
