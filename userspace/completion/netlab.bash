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

# The prefixes there. Of a million of them the first are enough.
_netlab_prefixes() {
	timeout 2 "${COMP_WORDS[0]}" ${netns:+-n "$netns"} prefix 2>/dev/null |
		awk 'NR > 1 { print $1 } NR > 1000 { exit }'
}

# What "a|b|C" offers: the words that are written small, or what a placeholder
# stands for.
_netlab_values() {
	case $1 in
	NAME) ip netns list 2>/dev/null | sed 's/ .*//' ;;
	FILE) compgen -f -- "$cur" ;;
	DEV) _netlab_devices ;;
	PREFIX) [ "$command" = add ] || _netlab_prefixes ;;
	PROTOCOL) awk '/^[a-z0-9]/ { print $1 }' /etc/protocols 2>/dev/null ;;
	*) tr '|' '\n' <<<"$1" | grep '^[a-z]' ;;
	esac
}

# The keywords of a command that weren't used.
_netlab_keywords() {
	local keyword

	for keyword in $(_netlab_table keyword 4 "$object" "$1"); do
		[[ $used == *" $keyword "* ]] || echo "$keyword"
	done
}

# After an object: its commands and what can follow them. $1 is where its
# second word stands.
_netlab_object() {
	local object=$2 i=$1 first command keyword value place=1 used=' '

	# Options of its own, as ping has them, and what one of them wants.
	value=$(_netlab_table flag 4 "$object" "${COMP_WORDS[COMP_CWORD - 1]}")
	if [ -n "$value" ]; then
		_netlab_values "$value"
		return
	elif [[ $cur == -* ]]; then
		_netlab_table flag 3 "$object"
		return
	fi
	first=$(_netlab_table command 3 "$object" | head -n 1)
	if [ -n "$first" ] && ((i == COMP_CWORD)); then
		_netlab_table command 3 "$object"
		_netlab_keywords "$first"
		return
	fi
	command=$(_netlab_table command 3 "$object" | _netlab_meant "${COMP_WORDS[i]}")
	[ -n "$command" ] && i=$((i + 1))
	command=${command:-$first}

	# Values that stand alone come first.
	while value=$(_netlab_table value 5 "$object" "$command" "$place"); [ -n "$value" ]; do
		if ((i == COMP_CWORD)); then
			_netlab_values "$value"
			return
		fi
		i=$((i + 1))
		place=$((place + 1))
	done

	# Keywords, and what has to follow them.
	while ((i < COMP_CWORD)); do
		keyword=$(_netlab_table keyword 4 "$object" "$command" | _netlab_meant "${COMP_WORDS[i]}")
		[ -n "$keyword" ] || return
		used+="$keyword "
		i=$((i + 1))
		value=$(_netlab_table keyword 5 "$object" "$command" "$keyword")
		[ -n "$value" ] || continue
		if ((i == COMP_CWORD)); then
			_netlab_values "$value"
			return
		fi
		i=$((i + 1))
	done
	_netlab_keywords "$command"
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
	local -a words
	local cur table word

	COMPREPLY=()
	# Not as readline cuts it: a : belongs to an address.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} != *[[:blank:]] ]] || words+=('')
	local -a COMP_WORDS=("${words[@]}")
	local COMP_CWORD=$((${#words[@]} - 1))
	cur=${COMP_WORDS[COMP_CWORD]}
	table=$("${COMP_WORDS[0]}" help words 2>/dev/null) || return
	# Not by compgen -W, which would run a $(...) in a namespace's name.
	while IFS= read -r word; do
		[[ $word == "$cur"* ]] || continue
		# readline takes the place of what is behind the last :.
		[[ $COMP_WORDBREAKS != *:* || $cur != *:* ]] || word=${word#"${cur%:*}:"}
		COMPREPLY+=("$(printf %q "$word")")
	done < <(_netlab_words)
}

complete -F _netlab netlab
