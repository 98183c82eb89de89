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
		$1 == "command" || $1 == "flag" { print $3 }
		$1 == "keyword" { print $4 }
		$1 == "keyword" || $1 == "value" { n = split($5, v, "|"); for (i = 1; i <= n; i++) if (v[i] ~ /^[a-z]/) print v[i] }
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
	"$(words | missing "$("$NETLAB" help; for object in stats echo prefix metrics ping trace udp; do "$NETLAB" help "$object"; done; echo help)")" ''
# The other way: what the man page shows as a command is one.
is 'the man page has all commands, and no others' \
	"$(sed -n 's/^\.SS netlab //p' <<<"$page" | sort)" \
	"$(awk -F '\t' '$1 == "command" && $2 != "help" { has[$2]; if ($3 != "help") print $2, $3 }
		$1 == "object" { object[$2] } END { for (o in object) if (!(o in has)) print o }' <<<"$table" | sort)"
is 'the man page has all options, and no others' \
	"$(sed -n 's/^\.BR -\([a-zA-Z]\)  *, .*/-\1/p' <<<"$page" | sort)" \
	"$(awk -F '\t' '$1 == "option" { print $2 }' <<<"$table" | sort)"
is 'every column and outcome is in the man page' \
	"$({ "$NETLAB" -je stats; "$NETLAB" -je echo; "$NETLAB" -je prefix; } | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    for key, value in json.loads(line).items():
        print(key.replace("_", "-"))
        for row in value if isinstance(value, list) else []:
            print(row["column"])
            if row["value"]:
                print(row["value"])' | sort -u | missing "$page")" ''

# The settings are what the specification's requests have, in its order.
requests() {
	/usr/bin/python3 -c '
import sys, yaml
spec = yaml.safe_load(open("module/netlab.yaml"))
operation = next(o for o in spec["operations"]["list"] if o["name"] == sys.argv[1])
print(*operation["do"]["request"]["attributes"])' "$1"
}
is 'echo set has every attribute of netlab.yaml' \
	"$(awk -F '\t' '$1 == "keyword" && $3 == "set" { print $4 }' <<<"$table" | xargs)" "$(requests echo-set)"
# A PREFIX is two of them; add has no replace, and what is staged is restored.
for command in add replace; do
	is "prefix $command has every attribute of netlab.yaml" "address length $(
		awk -F '\t' '$1 == "keyword" && $2 == "prefix" && $3 == "'$command'" { print $4 }' <<<"$table" |
			xargs) replace staged" "$(requests prefix-add)"
done

# ---- completion

# In order; a line for each: what stands before the cursor => what is offered.
all_objects=$(awk -F '\t' '$1 == "object" { print $2 }' <<<"$table" | xargs)
all_options=$(awk -F '\t' '$1 == "option" { s = s " " $2; l = l " " $3 } END { print substr(s l, 2) }' <<<"$table")
all_settings=$(awk -F '\t' '$1 == "keyword" && $3 == "set" { print $4 }' <<<"$table" | xargs)
# $1 is how a strange name is offered, $2 that of a strange device, $3 what
# stands before an address's last :.
expected() { echo "netlab ^ => $all_objects
netlab -^ => $all_options
netlab --n^ => --netns --names
netlab -j -w 1 st^ => stats
netlab -jn blue stats ^ => show reset help family hook proto dev
netlab st sh ho p^ => prerouting postrouting
netlab stats family ipv4 ^ => hook proto dev
netlab -n blue stats dev ^ => blue0 blue1 blue2 $2
netlab --netns blue -j stats hook input dev blue1^ => blue1
netlab stats dev l^ => $(printf '%s\n' /sys/class/net/l*/ | xargs -n 1 basename | xargs)
netlab stats show proto ipv6-ic^ => $(grep -o '^ipv6-icmp' /etc/protocols 2>/dev/null)
netlab stats reset ^ => 
netlab echo ^ => show set direct help
netlab echo set ^ => $all_settings
netlab echo set local on rate ^ => unlimited
netlab e set local on r^ => rate
netlab help ^ => $all_objects words
netlab -n blue echo direct ^ => blue0 blue1 blue2 $2
netlab echo direct lo ^ => on off
netlab echo direct lo on ^ => 
netlab prefix ^ => show add replace del flush help
netlab prefix add ^ => 
netlab prefix add 192.0.2.0/24 ^ => $all_limits
netlab prefix add 192.0.2.0/24 force max-size 99 ^ => rate burst proxy
netlab -n blue prefix add 192.0.2.0/24 proxy ^ => blue0 blue1 blue2 $2
netlab -n blue prefix rep ^ => 192.0.2.0/24 2001:db8::/32 2001:db8:1::/48
netlab -n blue prefix del 2^ => 2001:db8::/32 2001:db8:1::/48
netlab -n blue prefix del 2001:db8:1^ => ${3}1::/48
netlab prefix del 192.0.2.0/24 ^ => 
netlab save ^ => 
netlab restore module/netlab.y^ => module/netlab.yaml
netlab metrics ^ => show write serve help format prefixes
netlab metrics format ^ => prometheus openmetrics
netlab metrics write module/netlab.y^ => module/netlab.yaml
netlab metrics write x prefixes ^ => format
netlab metrics serve ^ => prefixes
netlab doctor ^ => 
netlab udp ^ => listen send
netlab ping -^ => -c -i -s -t -W -q -j -4 -6
netlab udp listen -i l^ => lo
netlab top ^ => 
netlab monitor ^ => family hook proto dev prefix sample snaplen count write
netlab monitor family ^ => ipv4 ipv6
netlab monitor write module/netlab.y^ => module/netlab.yaml
netlab bogus ^ => 
netlab -n gr^ => green $1
netlab -b module/netlab.y^ => module/netlab.yaml"; }
all_limits=$(awk -F '\t' '$1 == "keyword" && $2 == "prefix" && $3 == "add" { print $4 }' <<<"$table" | xargs)
questions=$(expected '' '' '' | sed 's/ => .*//')

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
# And for the tool where it would ask the module.
cat >"$bin/netlab" <<END
#!/bin/sh
case \$* in
'-n blue prefix')
	echo 'prefix              rate'
	echo '192.0.2.0/24        unlimited'
	echo '2001:db8::/32       1000'
	echo '2001:db8:1::/48     unlimited' ;;
*) exec '$tool' "\$@" ;;
esac
END
chmod +x "$bin/ip" "$bin/netlab"
export PATH=$bin:$PATH questions

in_bash() {
	bash --norc <<'END'
. userspace/completion/netlab.bash
while IFS= read -r line; do
	COMP_LINE=${line%^}
	COMP_POINT=${#COMP_LINE}
	_netlab
	echo "$line => ${COMPREPLY[*]}"
done <<<"$questions"
END
}
is 'completion in bash' "$(in_bash 2>&1)" "$(expected 'grey\$\(touch\$\{IFS\}hacked\)' "\\\$\\(touch\\\$IFS\\)" '')"
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
	is 'completion in zsh' "$(in_zsh 2>&1)" "$(expected "grey\$(touch\${IFS}hacked)" "\$(touch\$IFS)" 2001:db8:)"
	ok 'nor is it by zsh' test ! -e hacked
else
	skip 'completion in zsh' 'no zsh'
fi

done_testing
