#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Exit codes, errors as JSON, batches, and outputs that can't be written: all
# that needs no module.

# shellcheck disable=SC2086 # $words are several
. "$(dirname "$0")/../lib.sh"
NETLAB=${NETLAB:-userspace/netlab}

scratch=$(mktemp -d) || exit
trap 'rm -rf "$scratch"' EXIT

# One JSON document on stdin: prints the value of a Python expression of it.
json() { /usr/bin/python3 -c "import json, sys; d = json.loads(sys.stdin.read()); print(($1))"; }

# both COMMAND...: what it writes on stderr, then its exit code
both() {
	"$@" 2>&1 >/dev/null </dev/null
	echo "exit $?"
}

# ---- no object, help, version

is 'no object: exit 1' "$(both "$NETLAB" | tail -n 1)" 'exit 1'
like 'no object: the usage on stderr' "$(both "$NETLAB")" '^Usage: netlab '
for words in -h --help help; do
	like "netlab $words: the usage on stdout" "$("$NETLAB" $words)" '^Usage: netlab '
	is "netlab $words: exit 0" "$(both "$NETLAB" $words)" 'exit 0'
done
like 'netlab -V' "$("$NETLAB" -V)" '^netlab [0-9]+\.[0-9]+\.[0-9]+$'
is 'netlab stats help is netlab help stats' "$("$NETLAB" stats help)" "$("$NETLAB" help stats)"
is 'the usage fits in 80 columns' \
	"$({ "$NETLAB" help; for object in stats top monitor echo prefix save restore metrics doctor ping trace udp; do "$NETLAB" help $object; done; } | awk 'length > 79')" ''

# ---- without the module

if [ -e /proc/netlab ]; then
	skip 'not loaded' 'the module is loaded here'
else
	for words in stats 'stats reset' echo 'echo set local on' 'echo direct lo on' prefix 'prefix add 192.0.2.0/24' \
		'prefix replace 192.0.2.0/24' 'prefix del 192.0.2.0/24' 'prefix flush' save metrics; do
		is "netlab $words: not loaded, and how to load it" "$(both "$NETLAB" $words)" \
			"netlab: the module isn't loaded: load it by \"modprobe netlab\", or by \"insmod netlab.ko\" from a build; \"netlab doctor\" says what stands in the way
exit 3"
	done
	is '-j: the same as JSON' "$("$NETLAB" -j stats 2>&1 | json 'd["exit"], sorted(d)')" \
		"(3, ['error', 'exit'])"
	is '-w ends when the module is missing' "$(both timeout 5 "$NETLAB" -w 0.01 stats | tail -n 1)" 'exit 3'
fi

# ---- errors as JSON

for words in 'bogus' 'stats hook x' '--bogus' 'stats proto 999' '-n no-such stats' ''; do
	is "netlab -j $words: an error as JSON" \
		"$("$NETLAB" -j $words 2>&1 >/dev/null | json 'd["exit"], list(d), len(d["error"]) > 10')" \
		"(1, ['error', 'exit'], True)"
done
is '-j: a word with an escape sequence and quotes' \
	"$("$NETLAB" -j stats hook $'\e"\\' 2>&1 | json 'd["error"][:15]')" 'hook \x1b"\: ex'
is '-jp: combined options' "$(both "$NETLAB" -jp bogus)" \
	'{"error":"bogus: expected stats, top, monitor, echo, prefix, save, restore, metrics, doctor, ping, trace, udp or help","exit":1}
exit 1'

# ---- explanations need no module

for object in stats top echo prefix; do
	is "netlab -e $object: exit 0" "$(both "$NETLAB" -e $object)" 'exit 0'
	is "netlab -je $object: JSON" "$("$NETLAB" -je $object | json 'len(d) >= 1 and all(d.values())')" True
	is "netlab -e $object: 80 columns" "$("$NETLAB" -e $object | awk 'length > 79')" ''
done
# Each name in a column has its sentence, in the order of the specification.
while read -r object table column enum; do
	is "netlab -e $object: $table: each $enum of netlab.yaml, in its order" \
		"$("$NETLAB" -je $object | json '" ".join(r["value"] for r in d["'$table'"] if r["column"] == "'$column'" and r["value"])')" \
		"$(/usr/bin/python3 -c '
import sys, yaml
spec = yaml.safe_load(open("module/netlab.yaml"))
for d in spec["definitions"]:
    if d["name"] == sys.argv[1]:
        print(" ".join(e if isinstance(e, str) else e["name"] for e in d["entries"]))' $enum)"
done <<'END'
echo outcomes outcome outcome
echo outcomes path path
stats hooks hook hook
stats anomalies reason anomaly
stats devices direction direction
END
is 'netlab -e prefix: the columns are the keys of JSON, in their order' \
	"$("$NETLAB" -je prefix | json '" ".join(dict.fromkeys(r["column"] for r in d["prefixes"]))')" \
	'prefix rate burst max_size proxy requests replied refused'
is 'netlab -e stats: each bucket has its sentence' \
	"$("$NETLAB" -je stats | json '" ".join(r["value"] for r in d["sizes"] if r["column"] == "max" and r["value"])')" \
	'64 127 255 511 1023 1518 more'
is 'netlab -e stats: a name is explained once' "$("$NETLAB" -e stats | grep -c '^    postrouting ')" 1
is 'the columns are the attributes of the rows in netlab.yaml, in their order' "$(
	{ "$NETLAB" -je stats; "$NETLAB" -je echo; } | /usr/bin/python3 -c '
import json, sys, yaml
said = {}
for line in sys.stdin:
    said.update({k: v for k, v in json.loads(line).items() if isinstance(v, list)})
spec = yaml.safe_load(open("module/netlab.yaml"))
rows = {"outcomes": "outcome-row"}
stats = next(s for s in spec["attribute-sets"] if s["name"] == "stats")["attributes"]
rows.update({a["name"]: a["nested-attributes"] for a in stats if a["type"] == "nest"})
for key, name in rows.items():
    attrs = next(s for s in spec["attribute-sets"] if s["name"] == name)["attributes"]
    columns = list(dict.fromkeys(row["column"] for row in said[key]))
    names = [a["name"] for a in attrs if a["type"] != "pad"]
    if name == "size-row":	# "max" is taken in C: it ends the enumeration
        names[names.index("limit")] = "max"
    if columns != names:
        print(name, columns, names)')" ''

# ---- batches

cat >"$scratch/batch" <<'END'
# a comment, and an empty line

help words	# and behind a command
  stats   help
echo set rate 0 burst 5
help
END
is 'a batch stops at the first error and tells its place' "$(both "$NETLAB" -b "$scratch/batch")" \
	"netlab: $scratch/batch:5: rate 0: expected 1 to 4294967295 packets per second, or unlimited
exit 1"
is 'what came before is done' "$("$NETLAB" -b "$scratch/batch" 2>/dev/null)" \
	"$("$NETLAB" help words; "$NETLAB" help stats)"
is 'a batch from stdin' "$("$NETLAB" -b - <"$scratch/batch" 2>&1 >/dev/null)" \
	"netlab: stdin:5: rate 0: expected 1 to 4294967295 packets per second, or unlimited"
is 'a batch, error as JSON' "$("$NETLAB" -jb - <"$scratch/batch" 2>&1 >/dev/null | json 'd["error"][:8], d["exit"]')" \
	"('stdin:5:', 1)"
is 'an empty batch' "$(both "$NETLAB" -b /dev/null)" 'exit 0'
is 'a batch without a last newline' "$(printf 'bogus' | "$NETLAB" -b - 2>&1)" \
	'netlab: stdin:1: bogus: expected stats, top, monitor, echo, prefix, save, restore, metrics, doctor, ping, trace, udp or help'
is 'a batch with a NUL byte' "$(printf 'help\0 me\n' | "$NETLAB" -b - 2>&1)" \
	'netlab: stdin:1: a NUL byte: expected text'
is 'a batch with too many words' "$(printf 'help%.0s ' {1..65} | "$NETLAB" -b - 2>&1)" \
	'netlab: stdin:1: expected at most 64 words'
is 'a batch that is missing' "$(both "$NETLAB" -b "$scratch/none")" \
	"netlab: $scratch/none: No such file or directory
exit 1"
is 'a batch that is a folder' "$(both "$NETLAB" -b "$scratch")" \
	"netlab: $scratch: can't read: Is a directory
exit 1"

# ---- files to restore

# restores SENTENCE LINE...: exit 1, the sentence behind the file's name
restores() {
	local sentence=$1
	shift
	printf '%s\n' "$@" >"$scratch/state"
	is "restore: $sentence" "$(both "$NETLAB" restore "$scratch/state")" \
		"netlab: restore $scratch/state: $sentence
exit 1"
}
restores 'line 2: rate 0: expected 1 to 4294967295 packets per second, or unlimited' \
	'echo set local on' 'echo set rate 0' 'bogus'
restores 'line 4: prefix add 10.0.0.1/8: the address has bits behind the length: expected 10.0.0.0/8, or 10.0.0.1 for that address alone' \
	'# a comment' '' 'echo set local on	# another' 'prefix add 10.0.0.1/8'
restores 'line 1: Cannot find device "no-such"' 'echo direct no-such on' 'echo direct lo on'
restores 'line 1: bogus: expected stats, top, monitor, echo, prefix, save, restore, metrics, doctor, ping, trace, udp or help' bogus
for words in stats 'stats reset' echo 'echo show' 'echo help' prefix 'prefix show' 'prefix flush' save help \
	'prefix del 10.0.0.0/8' 'prefix replace 10.0.0.0/8' 'restore x'; do
	case $words in
	*' x' | *' 10.0.0.0/8') place=${words% *} ;;
	*) place=$words ;;
	esac
	restores "line 1: $place: expected echo set, echo direct or prefix add" "$words"
done
restores 'no command in it: expected echo set, echo direct or prefix add' '' '# nothing'
: >"$scratch/state"
is 'restore: an empty file' "$(both "$NETLAB" restore "$scratch/state")" \
	"netlab: restore $scratch/state: no command in it: expected echo set, echo direct or prefix add
exit 1"
is 'restore: a missing file' "$(both "$NETLAB" restore "$scratch/none")" \
	"netlab: restore $scratch/none: No such file or directory
exit 1"
is 'restore: a folder' "$(both "$NETLAB" restore "$scratch")" \
	"netlab: restore $scratch: can't read: Is a directory
exit 1"
is 'restore: from stdin' "$(printf 'echo set local on\nprefix add x' | "$NETLAB" restore - 2>&1)" \
	'netlab: restore stdin: line 2: prefix add x: expected an IPv4 or IPv6 address, or one with a length, as 192.0.2.0/24'
is 'restore: a NUL byte' "$(printf 'echo set\0 local on\n' | "$NETLAB" restore - 2>&1)" \
	'netlab: restore stdin: line 1: a NUL byte: expected text'
is 'restore: an error as JSON' "$(printf 'bogus\n' | "$NETLAB" -j restore - 2>&1 | json 'd["error"][:29], d["exit"]')" \
	"('restore stdin: line 1: bogus:', 1)"
is 'restore in a batch: both places' "$(printf 'help\nrestore %s\n' "$scratch/none" | "$NETLAB" -b - 2>&1 >/dev/null)" \
	"netlab: stdin:2: restore $scratch/none: No such file or directory"
is 'restore in a batch: standard input is taken' "$(printf 'restore -\nhelp\n' | "$NETLAB" -b - 2>&1)" \
	'netlab: stdin:1: restore -: standard input has the batch: expected a file'

# ---- outputs that can't be written

is 'a full disk' "$("$NETLAB" help 2>&1 >/dev/full; echo "exit $?")" \
	"netlab: can't write the output: No space left on device
exit 1"
is 'a full disk, as JSON' "$("$NETLAB" -j help 2>&1 >/dev/full | json 'd["exit"]')" 1
is 'a closed output' "$("$NETLAB" help 2>&1 >&-; echo "exit $?")" \
	"netlab: can't write the output: Bad file descriptor
exit 1"
# 141 is a quiet death by SIGPIPE; the reader is gone before it writes.
is 'a closed pipe' "$(/usr/bin/python3 - "$NETLAB" <<'END'
import os, signal, subprocess, sys
for ignored in False, True:
    reader, writer = os.pipe()
    os.close(reader)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN if ignored else signal.SIG_DFL)
    done = subprocess.run([sys.argv[1], "help"], stdout=writer, stderr=subprocess.PIPE,
                          restore_signals=False, timeout=10)
    os.close(writer)
    print(done.returncode, done.stderr.decode().strip())
END
)" "-13 
1 netlab: can't write the output: Broken pipe"

# ---- colour: only where it is asked for

escapes() { "$@" | grep -c $'\e' | sed 's/[1-9].*/some/'; }
is 'no colour in a pipe' "$(escapes "$NETLAB" -e echo)" 0
is '-c: colour in a pipe' "$(escapes "$NETLAB" -c -e echo)" some
is '-c=never' "$(escapes "$NETLAB" -c=never -e echo)" 0
is '-c=auto in a pipe' "$(escapes "$NETLAB" -c=auto -e echo)" 0
is 'the last one counts' "$(escapes "$NETLAB" -c --color=never -e echo)" 0
is '--color=always' "$(escapes "$NETLAB" --color=always -e echo)" some
on_terminal() { escapes script -qec "$*" /dev/null </dev/null; }
if command -v script >/dev/null; then
	export TERM=xterm
	is 'no colour on a terminal' "$(on_terminal env -u NO_COLOR "$NETLAB" -e echo)" 0
	is '-c=auto on a terminal' "$(on_terminal env -u NO_COLOR "$NETLAB" -c=auto -e echo)" some
	is '-color=auto, as of iproute2' "$(on_terminal env -u NO_COLOR "$NETLAB" -color=auto -e echo)" some
	is '-c=auto, NO_COLOR' "$(on_terminal NO_COLOR=1 "$NETLAB" -c=auto -e echo)" 0
	is '-c=auto, TERM=dumb' "$(on_terminal env -u NO_COLOR TERM=dumb "$NETLAB" -c=auto -e echo)" 0
else
	skip 'colour on a terminal' 'no script(1)'
fi

done_testing
