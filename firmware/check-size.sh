#!/bin/sh
# Holds a dock image to its budgets: text, RAM, stack frames, no allocator.  Prints one line.
# An image with the flash journal (BOARD-flash) may have 6 KiB more text, and what must run while
# flash cannot is checked to be in RAM (check-ram.sh).
# usage: firmware/check-size.sh IMAGE ELF FOLDER-WITH-SU-FILES
set -u
board=$1 elf=$2 su=$3
text_max=12288 ram_max=7680 frame_max=560
case $board in *-flash) text_max=18432 ;; esac
size() { arm-none-eabi-size -A "$elf" | awk -v s="$1" '$1 == s { n += $2 } END { print n + 0 }'; }
text=$(($(size .text) + $(size .data)))
ram=$(($(size .noinit) + $(size .data) + $(size .bss)))
stack=$(size .stack)
frame=$(find "$su" -name '*.su' -exec cat {} + | awk -F'\t' '$2 > n { n = $2; f = $1 } END { sub(/.*:/, "", f); print n, f }')
dynamic=$(find "$su" -name '*.su' -exec cat {} + | awk -F'\t' '$3 !~ /static|bounded/')
bad=
[ "$text" -le $text_max ] || bad="$bad text above $text_max;"
[ "$ram" -le $ram_max ] || bad="$bad RAM above $ram_max;"
[ $((ram + stack)) -le 8192 ] || bad="$bad RAM and stack above 8192;"
[ "${frame%% *}" -le $frame_max ] || bad="$bad a stack frame above $frame_max;"
[ -z "$dynamic" ] || bad="$bad stack of unknown size: $dynamic;"
# Every frame, the deepest first, for whoever asks what the stack is made of.
find "$su" -name '*.su' -exec cat {} + | awk -F'\t' '{ sub(/^.*\//, "", $1); printf "%5d  %s  %s\n", $2, $3, $1 }' | sort -rn >"$su/stack.txt"
if arm-none-eabi-nm "$elf" | grep -wE 'malloc|calloc|realloc|free|_sbrk|printf'; then bad="$bad an allocator or printf is linked;"; fi
echo "$board: text $text of $text_max, RAM $ram of $ram_max, stack $stack, deepest frame ${frame%% *} (${frame#* })"
case $board in *-flash) "${0%/*}/check-ram.sh" "$elf" || bad="$bad something in flash is needed while flash stands still;" ;; esac
[ -z "$bad" ] || { echo "$board: over budget:$bad" >&2; exit 1; }
