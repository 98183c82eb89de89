#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tool's table of words against what must not drift from it: the man page,
# the usage, the completion of bash and zsh, the specification.

. "$(dirname "$0")/../lib.sh"
NETLAB=${NETLAB:-userspace/netlab}
tool=$(readlink -f "$NETLAB")
page=$(sed 's/\\f.//g; s/\\-/-/g; s/["]//g' userspace/man/netlab.8)
table=$("$NETLAB" help words)

like 'the table has words' "$table" $'keyword\techo\tset\trate'

# Each field of the table that is a word of the user's.
words() {
	awk -F '\t' '
		$1 == "option" { print $2; print $3 }
		$1 == "object" { print $2 }
		$1 == "command" { print $3 }
		$1 == "keyword" { print $4; n = split($5, v, "|"); for (i = 1; i <= n; i++) if (v[i] ~ /^[a-z]/) print v[i] }
	' <<<"$table" | sort -u
}
missing() {
	local word
	while read -r word; do
		grep -qE -- "(^|[^a-z0-9-])$word([^a-z0-9-]|\$)" <<<"$1" || echo "$word"
	done
}
is 'every word is in the man page' "$(words | missing "$page")" ''
is 'every word is in the usage' \
	"$(words | missing "$("$NETLAB" help; "$NETLAB" help stats; "$NETLAB" help echo; echo help)")" ''
# The other way: what the man page shows as a command is one.
is 'the man page has all commands, and no others' \
	"$(sed -n 's/^\.SS netlab //p' <<<"$page" | sort)" \
	"$(awk -F '\t' '$1 == "command" && $2 != "help" && $3 != "help" { print $2, $3 } END { print "help" }' <<<"$table" | sort)"
is 'the man page has all options, and no others' \
	"$(sed -n 's/^\.BR -\([a-zA-Z]\)  *, .*/-\1/p' <<<"$page" | sort)" \
	"$(awk -F '\t' '$1 == "option" { print $2 }' <<<"$table" | sort)"
is 'every column and outcome is in the man page' \
	"$({ "$NETLAB" -je stats; "$NETLAB" -je echo; } | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    for key, value in json.loads(line).items():
        print(key.replace("_", "-"))
        for row in value if isinstance(value, list) else []:
            print(row["column"])
            if row["value"]:
                print(row["value"])' | sort -u | missing "$page")" ''

# The settings are the attributes of the specification, in its order.
is 'echo set has every attribute of netlab.yaml' \
	"$(awk -F '\t' '$1 == "keyword" && $3 == "set" { print $4 }' <<<"$table")" \
	"$(/usr/bin/python3 -c '
import yaml
spec = yaml.safe_load(open("module/netlab.yaml"))
for attr in next(s for s in spec["attribute-sets"] if s["name"] == "echo")["attributes"]:
    print(attr["name"])')"

# ---- completion

# In order; a line for each: what stands before the cursor => what is offered.
all_objects=$(awk -F '\t' '$1 == "object" { print $2 }' <<<"$table" | xargs)
all_options=$(awk -F '\t' '$1 == "option" { s = s " " $2; l = l " " $3 } END { print substr(s l, 2) }' <<<"$table")
all_settings=$(awk -F '\t' '$1 == "keyword" && $3 == "set" { print $4 }' <<<"$table" | xargs)
# $1 is how a strange name is offered, $2 that of a strange device.
expected() { echo "netlab ^ => $all_objects
netlab -^ => $all_options
netlab --n^ => --netns
netlab -j -w 1 st^ => stats
netlab -jn blue stats ^ => show reset help family hook proto dev
netlab st sh ho p^ => prerouting postrouting
netlab stats family ipv4 ^ => hook proto dev
netlab -n blue stats dev ^ => blue0 blue1 blue2 $2
netlab --netns blue -j stats hook input dev blue1^ => blue1
netlab stats dev l^ => $(printf '%s\n' /sys/class/net/l*/ | xargs -n 1 basename | xargs)
netlab stats show proto ipv6-ic^ => $(grep -o '^ipv6-icmp' /etc/protocols 2>/dev/null)
netlab stats reset ^ => 
netlab echo ^ => show set help
netlab echo set ^ => $all_settings
netlab echo set local on rate ^ => unlimited
netlab e set local on r^ => rate
netlab help ^ => stats echo help words
netlab bogus ^ => 
netlab -n gr^ => green $1
netlab -b module/netlab.y^ => module/netlab.yaml"; }
questions=$(expected '' '' | sed 's/ => .*//')

# A stand-in for ip, with names that must not be run.
bin=$(mktemp -d) || exit
trap 'rm -rf "$bin"' EXIT
cat >"$bin/ip" <<'END'
#!/bin/sh
case $* in
'netns list')
	echo 'green (id: 1)'
	echo 'grey$(touch${IFS}hacked)' ;;
'-n blue -br link show')
	echo 'blue0            UNKNOWN        02:00:00:00:00:01 <BROADCAST,UP>'
	echo 'blue1@if7        UP             02:00:00:00:00:02 <BROADCAST,UP>'
	echo 'blue2@blue1      UP             02:00:00:00:00:03 <BROADCAST,UP>'
	echo '$(touch$IFS)     DOWN           02:00:00:00:00:04 <BROADCAST>' ;;
esac
END
chmod +x "$bin/ip"
ln -s "$tool" "$bin/netlab"
export PATH=$bin:$PATH questions

in_bash() {
	bash --norc <<'END'
. userspace/completion/netlab.bash
while IFS= read -r line; do
	read -ra COMP_WORDS <<<"${line%^}"
	[[ $line == *' ^' ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_netlab
	echo "$line => ${COMPREPLY[*]}"
done <<<"$questions"
END
}
is 'completion in bash' "$(in_bash 2>&1)" "$(expected 'grey\$\(touch\$\{IFS\}hacked\)' "\\\$\\(touch\\\$IFS\\)")"
ok 'a name of a namespace is not run' test ! -e hacked
is 'bash knows the completion as that of netlab' \
	"$(bash --norc -c '. userspace/completion/netlab.bash; complete -p netlab')" 'complete -F _netlab netlab'

# compadd and _files belong to zsh's line editor: stand-ins.
in_zsh() {
	zsh -f <<'END'
compadd() { while [[ $1 != -- ]]; do shift; done; shift; offered+=("$@") }
_files() { offered+=($words[CURRENT]*(N)) }
while IFS= read -r line; do
	words=(${(s: :)${line%^}})
	[[ $line == *' ^' ]] && words+=('')
	CURRENT=$#words
	offered=()
	. userspace/completion/_netlab
	offered=("${(@M)offered:#${(b)words[CURRENT]}*}")
	print -r -- "$line => $offered"
done <<<"$questions"
END
}
if command -v zsh >/dev/null; then
	is 'completion in zsh' "$(in_zsh 2>&1)" "$(expected "grey\$(touch\${IFS}hacked)" "\$(touch\$IFS)")"
	ok 'nor is it by zsh' test ! -e hacked
else
	skip 'completion in zsh' 'no zsh'
fi

# ---- the page itself

if command -v mandoc >/dev/null; then
	is 'mandoc -Tlint' "$(mandoc -Tlint userspace/man/netlab.8)" ''
else
	skip 'mandoc -Tlint' 'no mandoc'
fi
if command -v man >/dev/null && command -v groff >/dev/null; then
	is 'man --warnings' "$(MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z userspace/man/netlab.8 2>&1 >/dev/null)" ''
else
	skip 'man --warnings' 'no man or groff'
fi

done_testing
