# SPDX-License-Identifier: GPL-2.0-only
#
# netlab: the module by Kbuild, the tool, and the throw-away machine in which
# both are run and tested. `make help` lists the targets.

VERSION := 0.1.0

KDIR    ?= /lib/modules/$(shell uname -r)/build
PREFIX  ?= /usr/local
DESTDIR ?=
TESTS   ?=
KINDS   ?=
SUITES  ?=

CFLAGS  ?= -O2 -g
CC      ?= cc
PKG_CONFIG ?= pkg-config

BINDIR  := $(DESTDIR)$(PREFIX)/bin
MANDIR  := $(DESTDIR)$(PREFIX)/share/man
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
BASHDIR := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR  := $(DESTDIR)$(PREFIX)/share/zsh/site-functions
DKMSDIR := /usr/src/netlab-$(VERSION)

# What the module is built from, wherever it is copied to.
MODULE_SOURCES := Kbuild Makefile dkms.conf module

# A kernel that clang built needs its modules built by clang.
LLVM_FLAG = $(if $(shell grep -s '^CONFIG_CC_IS_CLANG=y' \
	$(KDIR)/include/config/auto.conf),LLVM=1)
KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR) $(LLVM_FLAG)

# What boots the throw-away machine, or is said of the sources.
TEST_TARGETS := run lab check check-all check-debug check-matrix check-selftests torture fuzz lint bench

.PHONY: all module tool $(TEST_TARGETS) install uninstall clean distclean deb dist \
	help kdir guest-module test-programs install-tool install-module
.DEFAULT_GOAL := all

all: module tool ## build netlab.ko and userspace/netlab

## ---- the module

kdir:
	@test -e $(KDIR)/Makefile || { \
	echo "No kernel headers in $(KDIR)." >&2; \
	echo "Install them (Debian, Ubuntu: apt install linux-headers-$$(uname -r))," >&2; \
	echo "or name another kernel's build folder: make KDIR=FOLDER," >&2; \
	echo "or do without: \`make run' brings its own kernel and machine." >&2; \
	exit 1; }

# +: make does not see for itself that this is a make, which may share its jobs.
module: kdir ## build netlab.ko for the kernel whose build folder is KDIR
	+$(KBUILD) modules

# In a copy, for the guest's kernel: what was built at the top stays.
guest-module:
	@tests/vm/build-module

## ---- the tool

TOOL_OBJECTS := $(patsubst userspace/%.c,build/userspace/%.o,$(wildcard userspace/*.c))
TOOL_CFLAGS = -Wall -Wextra -Imodule/uapi -DNETLAB_VERSION='"$(VERSION)"' \
	$(shell $(PKG_CONFIG) --cflags libmnl json-c ncursesw libpcap)
TOOL_LIBS = $(shell $(PKG_CONFIG) --libs libmnl json-c ncursesw libpcap) -lm

tool: userspace/netlab ## build the command-line tool

userspace/netlab: $(TOOL_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

build/userspace/%.o: userspace/%.c Makefile
	@mkdir -p $(@D)
	@$(PKG_CONFIG) --exists libmnl json-c ncursesw libpcap || { \
	echo "The tool needs libmnl, json-c, ncurses and libpcap (apt install libmnl-dev libjson-c-dev libncurses-dev libpcap-dev pkg-config)." >&2; \
	exit 1; }
	$(CC) $(CPPFLAGS) $(CFLAGS) $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(TOOL_OBJECTS:.o=.d)

## ---- the throw-away machine and the tests

# One clock for all the steps that are told of.
$(TEST_TARGETS): export NETLAB_BEGAN := $(shell date +%s)

run: ## boot a throw-away machine and show netlab at work in it
	@tests/vm/prepare run
	@tests/vm/run --limit 300 -- tests/demo

lab: ## a shell in a throw-away machine, with networks to learn in (docs/lessons)
	@tests/vm/prepare lab
	@tests/vm/run --shell --limit 86400 -- "$(CURDIR)/lab/shell"

check: ## all tests, in a throw-away machine (TESTS='FILE...' for some)
	@tests/run $(TESTS)

torture: ## 1,000 loads, 10,000 namespaces and the like, under traffic (TESTS='FILE...' for some)
	@tests/run $(or $(TESTS),$(wildcard tests/torture/*.py))

fuzz: ## a million damaged packets and 200,000 netlink messages (SEED=N the same again; NETLAB_UML=no: on two processors)
	@tests/run tests/fuzz/*.py

lint: ## checkpatch, sparse, coccinelle, analyzers, kernel-doc, shellcheck, codespell
	@tests/run --lint

check-debug: ## the guest's tests under KASAN, lockdep, kmemleak, KCSAN ... (KINDS='uml debug kmemleak kcsan')
	@tests/debug/run $(KINDS)

check-matrix: ## DKMS and all guest tests on every Debian kernel, 5.10 to the newest (root; SUITES='SUITE...')
	@tests/matrix/run $(SUITES)

check-selftests: ## the kernel's own network self-tests, with netlab and without (TESTS='net/icmp.sh...')
	@tests/selftests/run $(TESTS)

check-all: ## everything that there is to test, one after the other (root): hours
	@status=0; for run in 'tests/run --more' 'env NETLAB_UML=no tests/run tests/fuzz/packets.py tests/fuzz/netlink.py' \
		tests/selftests/run tests/debug/run tests/matrix/run; do \
		$$run || status=1; done; exit $$status

bench: ## what counting a packet costs, netlab and its peers (table, JSON, chart in build/bench)
	@tests/vm/prepare run
	@tests/bench/run

# Small programs that tests use: tests/net/x.c and tests/torture/x.c become
# build/tests/x. Static, so that they run in any root folder.
TEST_PROGRAMS := $(patsubst tests/net/%.c,build/tests/%,$(wildcard tests/net/*.c)) \
	$(patsubst tests/torture/%.c,build/tests/%,$(wildcard tests/torture/*.c))
TEST_CC = $(CC) -O2 -Wall -Wextra -Imodule/uapi -static -pthread

FUZZ_PROGRAMS := build/tests/fuzz-packets build/tests/fuzz-netlink

test-programs: $(TEST_PROGRAMS) $(FUZZ_PROGRAMS)

build/tests/%: tests/net/%.c Makefile
	@mkdir -p $(@D)
	$(TEST_CC) -o $@ $<

build/tests/%: tests/torture/%.c Makefile
	@mkdir -p $(@D)
	$(TEST_CC) -o $@ $<

build/tests/fuzz-packets: $(addprefix tests/fuzz/,packets.c ports.c cases.c damage.c frames.c kcov.c)
build/tests/fuzz-netlink: $(addprefix tests/fuzz/,netlink.c messages.c kcov.c)
$(FUZZ_PROGRAMS): $(wildcard tests/fuzz/*.h) Makefile
	@mkdir -p $(@D)
	$(TEST_CC) -o $@ $(filter %.c,$^)

## ---- on this host

install: install-tool install-module ## install on this host (root): DKMS if there, the tool, man page, completion, units

PAGES := $(notdir $(wildcard userspace/man/*.[1-8]))
UNITS := $(notdir $(wildcard userspace/systemd/netlab*))

install-tool: userspace/netlab
	install -D -m 755 userspace/netlab $(BINDIR)/netlab
	for page in $(PAGES); do \
		install -D -m 644 userspace/man/$$page $(MANDIR)/man$${page##*.}/$$page || exit; done
	install -D -m 644 userspace/completion/netlab.bash $(BASHDIR)/netlab
	install -D -m 644 userspace/completion/_netlab $(ZSHDIR)/_netlab
	install -d $(UNITDIR)
	for unit in $(UNITS); do \
		sed 's|@BINDIR@|$(PREFIX)/bin|' userspace/systemd/$$unit >$(UNITDIR)/$$unit && \
		chmod 644 $(UNITDIR)/$$unit || exit; done

# With DESTDIR nothing of this host may be touched: the tool alone.
install-module:
ifneq ($(DESTDIR),)
	@echo "DESTDIR is set: the module is not installed"
else ifneq ($(shell command -v dkms 2>/dev/null),)
	-dkms remove netlab/$(VERSION) --all >/dev/null 2>&1
	rm -rf $(DKMSDIR)
	mkdir -p $(DKMSDIR)
	cp -r $(MODULE_SOURCES) $(DKMSDIR)/
	find $(DKMSDIR) \( -name '*.o' -o -name '.*.cmd' \) -delete
	dkms add netlab/$(VERSION)
	dkms build netlab/$(VERSION)
	dkms install netlab/$(VERSION)
else
	$(MAKE) module
	$(KBUILD) INSTALL_MOD_DIR=updates modules_install \
		CONFIG_MODULE_SIG_ALL=$(if $(wildcard $(KDIR)/certs/signing_key.pem),y)
	depmod $$(modinfo -F vermagic ./netlab.ko | cut -d' ' -f1)
endif

uninstall: ## undo install (root)
	for page in $(PAGES); do rm -f $(MANDIR)/man$${page##*.}/$$page; done
	rm -f $(BINDIR)/netlab $(BASHDIR)/netlab $(ZSHDIR)/_netlab \
		$(addprefix $(UNITDIR)/,$(UNITS))
ifeq ($(DESTDIR),)
	if command -v dkms >/dev/null && dkms status netlab/$(VERSION) | grep -q .; then \
		dkms remove netlab/$(VERSION) --all; fi
	rm -rf $(DKMSDIR)
	for ko in $$(find /lib/modules -path '*/updates/*' -name 'netlab.ko*'); do \
		release=$${ko#/lib/modules/}; \
		rm -f $$ko && depmod $${release%%/*} || exit; \
		rmdir --ignore-fail-on-non-empty $${ko%/*}; \
	done
endif

## ---- packages

# In a copy of what is committed (or of TREE), or of the release's archive.
deb: ## Debian packages in build/deb: netlab-dkms and netlab
	@command -v dpkg-buildpackage >/dev/null || { \
	echo "No dpkg-buildpackage: apt install dpkg-dev debhelper dh-dkms." >&2; exit 1; }
	rm -rf build/deb
	mkdir -p build/deb
	if [ -e .git ]; then $(MAKE) dist DIST=build/deb/netlab.tar.gz; else \
		tar -czf build/deb/netlab.tar.gz --exclude=./build --exclude=./.cache \
		--transform='s|^\.|netlab-$(VERSION)|' .; fi
	tar -xzf build/deb/netlab.tar.gz -C build/deb
	cd build/deb/netlab-$(VERSION) && dpkg-buildpackage -us -uc -b
	rm -r build/deb/netlab-$(VERSION) build/deb/netlab.tar.gz

## ---- tidying

clean: ## remove what was built
	-@test ! -e $(KDIR)/Makefile || $(KBUILD) clean >/dev/null
	rm -rf build userspace/netlab netlab.ko netlab.mod* netlab.o modules.order \
		Module.symvers .*.cmd .tmp_versions
	find module \( -name '*.o' -o -name '.*.cmd' -o -name '*.o.d' \) -delete

distclean: clean ## remove the cache of kernels too
	rm -rf .cache netlab-*.tar.gz

# What is committed, unless TREE names another state.
TREE ?= HEAD
DIST ?= netlab-$(VERSION).tar.gz

dist: ## a source archive, netlab-VERSION.tar.gz
	git archive --prefix=netlab-$(VERSION)/ -o $(DIST) $(TREE)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
	@echo 'KDIR=FOLDER  kernel to build for   W=1, C=2  go to Kbuild   PREFIX=, DESTDIR=  for install'
