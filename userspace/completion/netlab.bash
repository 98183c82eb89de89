# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Bash completion for netlab. What can be said comes from the tool itself, by
# "netlab help words", so that there is no second list to keep.

# A column of that table: _netlab_table TYPE COLUMN [WORD]..., of the lines
# whose columns after the type are those words.
_netlab_table() {
	awk -F '\t' -v type="$1" -v show="$2" -v two="${3-}" -v three="${4-}" -v four="${5-}" '
		$1 == type && (two == "" || $2 == two) && (three == "" || $3 == three) &&
		(four == "" || $4 == four) { print $show }' <<<"$table"
}

# The one of the words on stdin that $1 is or begins; nothing if it is none or
# several.
_netlab_meant() {
	awk -v said="$1" '
		$0 == said { exact = 1 }
		index($0, said) == 1 { meant = $0; found++ }
		END { if (exact) print said; else if (found == 1) print meant }'
}

# The devices of the namespace that the options name.
_netlab_devices() {
	local device

	if [ -n "$netns" ]; then
		ip -n "$netns" -br link show 2>/dev/null | sed 's/[@ ].*//'
		return
	fi
	for device in /sys/class/net/*/; do
		device=${device%/}
		echo "${device##*/}"
	done
}

# What "a|b|C" offers: the words that are written small, or what a placeholder
# stands for.
_netlab_values() {
	case $1 in
	NAME) ip netns list 2>/dev/null | sed 's/ .*//' ;;
	FILE) compgen -f -- "$cur" ;;
	DEV) _netlab_devices ;;
	PROTOCOL) awk '/^[a-z0-9]/ { print $1 }' /etc/protocols 2>/dev/null ;;
	*) tr '|' '\n' <<<"$1" | grep '^[a-z]' ;;
	esac
}

# After an object: its commands and what can follow them. $1 is where its
# second word stands.
_netlab_object() {
	local object=$2 i=$1 first command keyword used=' '

	first=$(_netlab_table command 3 "$object" | head -n 1)
	if ((i == COMP_CWORD)); then
		_netlab_table command 3 "$object"
		_netlab_table keyword 4 "$object" "$first"
		return
	fi
	command=$(_netlab_table command 3 "$object" | _netlab_meant "${COMP_WORDS[i]}")
	[ -n "$command" ] && i=$((i + 1))
	command=${command:-$first}

	# Keywords and values in turn.
	for (( ; i < COMP_CWORD; i += 2)); do
		keyword=$(_netlab_table keyword 4 "$object" "$command" | _netlab_meant "${COMP_WORDS[i]}")
		[ -n "$keyword" ] || return
		used+="$keyword "
		if ((i + 1 == COMP_CWORD)); then
			_netlab_values "$(_netlab_table keyword 5 "$object" "$command" "$keyword")"
			return
		fi
	done
	for keyword in $(_netlab_table keyword 4 "$object" "$command"); do
		[[ $used == *" $keyword "* ]] || echo "$keyword"
	done
}

_netlab_words() {
	local i value word object netns=

	# Options come first; the last letter of several can have a value.
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--color | -*c) value= ;;	# only after a =
		--*) value=$(_netlab_table option 4 '' "$word") ;;
		-*) value=$(_netlab_table option 4 "-${word: -1}") ;;
		*) break ;;
		esac
		[ -n "$value" ] || continue
		i=$((i + 1))
		if ((i == COMP_CWORD)); then
			_netlab_values "$value"
			return
		fi
		[ "$value" != NAME ] || netns=${COMP_WORDS[i]}
	done
	if ((i < COMP_CWORD)); then
		object=$(_netlab_table object 2 | _netlab_meant "${COMP_WORDS[i]}")
		[ -n "$object" ] && _netlab_object $((i + 1)) "$object"
	elif [[ $cur == -* ]]; then
		_netlab_table option 2
		_netlab_table option 3
	else
		_netlab_table object 2
	fi
}

_netlab() {
	local cur=${COMP_WORDS[COMP_CWORD]} table word

	COMPREPLY=()
	table=$("${COMP_WORDS[0]}" help words 2>/dev/null) || return
	# Not by compgen -W, which would run a $(...) in a namespace's name.
	while IFS= read -r word; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "$word")")
	done < <(_netlab_words)
}

complete -F _netlab netlab
