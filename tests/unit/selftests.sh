#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What tests/selftests/compare takes for the same: numbers and what mktemp chose
# differ from run to run, results must not.

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh

tmp=$(mktemp -d) || exit
trap 'rm -rf "$tmp"' EXIT

# said RESULT MKTEMP [EXIT]: what a machine says of one script
said() {
	printf '##begin net/some.sh\nTEST: nft -f /tmp/tmp.%s in 1.%s s [ %s ]\n' "$2" "$RANDOM" "$1"
	printf 'PASS: ns1-%s is reached\n##end net/some.sh %s\n' "$2" "${3:-0}"
}
# compared: how often it is `not ok'
compared() { tests/selftests/compare "$tmp/without" "$tmp/with" "${1-}" | grep -c '^not ok'; }

said OK GHHhOdAH2s >"$tmp/without"
said OK jfIaqfkiEp >"$tmp/with"
is 'other names, other times: the same' "$(compared net/some.sh)" 0
said FAIL jfIaqfkiEp >"$tmp/with"
is 'another result is not' "$(compared net/some.sh)" 1
said OK jfIaqfkiEp 1 >"$tmp/with"
is 'nor another exit' "$(compared net/some.sh)" 1
said OK jfIaqfkiEp | grep -v PASS >"$tmp/with"
is 'nor a result less' "$(compared net/some.sh)" 1
{ said OK jfIaqfkiEp; echo '##gone net/some.sh'; } >"$tmp/with"
is 'nor when netlab was gone' "$(compared net/some.sh)" 1
: >"$tmp/with"
is 'one that never ran, and had to' "$(compared net/some.sh)" 2
printf '##begin net/some.sh\n##end net/some.sh 4\n' | tee "$tmp/with" >"$tmp/without"
is 'one that skips itself, and must not' "$(compared net/some.sh)" 1
is 'or may' "$(compared)" 0
said FAIL GHHhOdAH2s | tee "$tmp/with" >"$tmp/without"
is 'one that fails both ways proves nothing' "$(compared net/some.sh)" 1
is 'of those that need not run that is fine' "$(compared)" 0
printf '##begin net/some.sh\n GRO   failed\n##end net/some.sh 0\n' | tee "$tmp/with" >"$tmp/without"
is 'nor does one that says so only' "$(compared net/some.sh)" 1
printf '##begin net/some.sh\nTests failed:   0\n##end net/some.sh 0\n' | tee "$tmp/with" >"$tmp/without"
is 'none of which failed is fine' "$(compared net/some.sh)" 0
done_testing
