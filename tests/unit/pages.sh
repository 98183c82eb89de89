#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The man pages: as man and mandoc want them, the one that is made of the schema
# as it would be made now, and each page that another names is there.

cd "$(dirname "$0")/../.." && . tests/lib.sh

readonly pages=userspace/man
version=$(sed -n 's/^VERSION := //p' Makefile)
made=$pages/netlab-netlink.7

date=$(sed -n 's/^\.TH [^ ]* 7 \([0-9-]*\) .*/\1/p' $made)
is 'netlab-netlink(7) is what userspace/man/netlab-netlink makes of module/netlab.yaml' \
	"$(diff <(/usr/bin/python3 $pages/netlab-netlink module/netlab.yaml "$version" "$date" 2>&1) $made)" ''

# YNL's own generator numbers commands and attributes as that page does.
header() {
	awk '/^enum {/ { n = 0 } /^\tNETLAB_(CMD|A)_/ && !/=.*__/ {
		gsub(/,/, ""); if ($2 == "=") n = $3
		if ($1 !~ /_PAD$/) print $1, n
		n++ }' module/uapi/linux/netlab.h | sort
}
page_numbers() {
	sed 's/\\-/_/g' $made | awk '
		/^\.SH/ { part = $2 }
		part == "OPERATIONS" && /^\.SS/ { print "NETLAB_CMD_" toupper($2), $3 }
		part == "ATTRIBUTES" && /^\.SS/ { set = toupper($2) }
		part == "ATTRIBUTES" && /^\.BR .*"$/ { print "NETLAB_A_" set "_" toupper($2), $4 }' | tr -d '()"' | sort
}
is 'it has the numbers of the header' "$(page_numbers)" "$(header)"
like 'some of them' "$(page_numbers | xargs)" 'NETLAB_A_STATS_EPOCH 3.*NETLAB_CMD_ECHO_GET 3'

for page in "$pages"/*.[1-8]; do
	name=${page##*/}
	is "$name: mandoc -Tlint" "$(mandoc -Tlint "$page" 2>&1)" ''
	is "$name: man --warnings" "$(MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)" ''
	missing=''
	while read -r other section; do
		case $other in netlab*) [ -e "$pages/$other.$section" ] || missing+="$other($section) " ;; esac
	done < <(sed -n 's/\\-/-/g; s/^\.BR \([^ ]*\) (\([1-8]\)).*/\1 \2/p' "$page")
	is "$name: each page of netlab's that it names is there" "$missing" ''
done
done_testing
