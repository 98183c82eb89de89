#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module's unit tests (tests/unit/kunit): netlab_test.ko runs them when it
# is loaded and tells the kernel's log, in KTAP. Which there must be is read
# from their sources, so that none can go missing.

. "$(dirname "$0")/../lib.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
module=${NETLAB_TEST_KO-}

expected=()          # "SUITE CASE", and "SUITE" after its last
declare -A said=()   # by name: what was said between the result before and it
declare -A result=() # by name: `ok' or `not ok', once for each time

read_sources() {
	local line suite cases file
	for file in "$here"/../unit/kunit/*_test.c; do
		cases=()
		while IFS= read -r line; do
			if [[ $line =~ ^$'\t''KUNIT_CASE('([a-z0-9_]+)'),'$ ]]; then
				cases+=("${BASH_REMATCH[1]}")
			elif [[ $line =~ ^$'\t''.name = "'(netlab_[a-z0-9_]+)'",'$ ]]; then
				suite=${BASH_REMATCH[1]}
			fi
		done <"$file"
		expected+=("${cases[@]/#/$suite }" "$suite")
	done
}

# KUnit's own versions differ in a dash, and in what they add behind a #.
read_log() {
	local line text=
	while IFS= read -r line; do
		if [[ $line =~ ^' '*(ok|'not ok')' '[0-9]+' '('- ')?([a-z0-9_]+)(' '*#.*)?$ ]]; then
			result[${BASH_REMATCH[3]}]+=${BASH_REMATCH[1]}
			said[${BASH_REMATCH[3]}]=$text
			text=
			results=$((results + 1))
		else
			text+="# $line"$'\n'
		fi
	done
}

if [ ! -e "$module" ]; then
	ok "$module is there (tests/vm/prepare builds it)" false
	done_testing
fi

# Both have slab caches of the same names.
ok 'rmmod netlab, of which the unit tests have parts' timeout -k 5 30 rmmod netlab
mark="netlab kunit.sh $$ $EPOCHREALTIME"
echo "$mark" >/dev/kmsg
modprobe -q kunit enable=1 # where the kernel has it
ok 'netlab_test.ko loads: with our runner, only if all passed' timeout -k 5 $((${NETLAB_TEST_LIMIT:-180} - 30)) insmod "$module"

results=0
read_sources
read_log < <(dmesg -t | sed "1,/$mark/d")
for name in "${expected[@]}"; do
	is "$name" "${result[${name#* }]-no result}" ok || printf '%s' "${said[${name#* }]-}"
done
is 'as many results as there are in the sources' "$results" "${#expected[@]}"
if [ -e /sys/module/netlab_test ]; then
	ok 'rmmod netlab_test' timeout -k 5 30 rmmod netlab_test
fi
ok 'insmod netlab again' timeout -k 5 30 insmod "$NETLAB_KO"
done_testing
