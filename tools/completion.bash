# SPDX-License-Identifier: BSD-2-Clause
# bash completion of weir

_weir_interfaces()
{
	local path

	for path in /sys/class/net/*; do
		[[ -e $path/ifindex ]] && printf '%s\n' "${path##*/}"
	done
}

# What an option may name: the words after "of" in the help.
_weir_words()
{
	"${COMP_WORDS[0]}" --help 2>/dev/null |
		awk -v option="--$1 " '/^ +-/ { on = index($0, option) } on' | tr -s '\n ' ' ' |
		sed -E 's/.* of ([a-z_ ]*[a-z_]).*/\1/'
}

# The options themselves: the long ones of the help.
_weir_options()
{
	"${COMP_WORDS[0]}" --help 2>/dev/null | sed -nE 's/^  (-.,|   ) (--[a-z-]+).*/\2/p'
}

# Completes the last field of a comma-separated list.
_weir_list()
{
	local current=$1 before=""

	[[ $current == *,* ]] && before=${current%,*},
	COMPREPLY=($(compgen -P "$before" -W "$2" -- "${current##*,}"))
	compopt -o nospace
}

# Files of the kinds given, and folders to go on with.
_weir_files()
{
	local current=$1 pattern=$2

	compopt -o filenames
	COMPREPLY=($(compgen -f -X "!$pattern" -- "$current") $(compgen -d -- "$current"))
}

# True where the option before the cursor takes a value, which is then completed.
_weir_value()
{
	local option=$1 current=$2

	case $option in
	-i | --interface) COMPREPLY=($(compgen -W "any $(_weir_interfaces)" -- "$current")) ;;
	-r | --read) _weir_files "$current" '*.@(pcap|pcapng|cap)' ;;
	-d | --direction) COMPREPLY=($(compgen -W "$(_weir_words direction)" -- "$current")) ;;
	-a | --attach) COMPREPLY=($(compgen -W "$(_weir_words attach)" -- "$current")) ;;
	-w | --window)
		COMPREPLY=($(compgen -W "tumbling: sliding: session: landmark:" -- "$current"))
		compopt -o nospace ;;
	--align) COMPREPLY=($(compgen -W "clock start" -- "$current")) ;;
	-g | --group-by) _weir_list "$current" "$(_weir_words group-by)" ;;
	-s | --sort) COMPREPLY=($(compgen -W "$(_weir_words sort)" -- "$current")) ;;
	-o | --output)
		if [[ $current == click* ]]; then
			COMPREPLY=("clickhouse://")
			compopt -o nospace
		elif [[ $current == ipfix* ]]; then
			COMPREPLY=($(compgen -W "ipfix:// ipfix+tcp://" -- "$current"))
			compopt -o nospace
		else
			_weir_files "$current" '*.@(json|ndjson|csv|prom|html)'
		fi ;;
	--speed) COMPREPLY=($(compgen -W "max 1" -- "$current")) ;;
	-p | --pane | -n | --top | -t | --duration | -c | --count | --slots | --max-flows | \
		--exit-over | --host | -l | --listen) ;;
	*) return 1 ;;
	esac
}

_weir()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]}
	local check="--interface --direction --attach --pin --slots --json --quiet --verbose --help --version"

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "top run check detach --help --version" -- "$current"))
		return
	fi
	_weir_value "$previous" "$current" && return
	case $verb:$current in
	detach:-*) COMPREPLY=($(compgen -W "--interface --pin --quiet --verbose --help --version" -- "$current")) ;;
	detach:*) COMPREPLY=($(compgen -W "$(_weir_interfaces)" -- "$current")) ;;
	check:-*) COMPREPLY=($(compgen -W "$check" -- "$current")) ;;
	check:*) COMPREPLY=($(compgen -W "$(_weir_interfaces)" -- "$current")) ;;
	*:-*) COMPREPLY=($(compgen -W "$(_weir_options)" -X --json -- "$current")) ;;
	esac
}

complete -F _weir weir
