#!/bin/sh
# Proves of an image with a flash journal that nothing which runs while flash is programmed or erased
# is in flash: every interrupt vector but those of faults points into RAM, and the functions there
# (.fast) call, jump to and mention no address of flash.  Boards without such functions have a flash
# that stalls nothing and are passed by.
# usage: firmware/check-ram.sh ELF
set -u
elf=$1
symbol() { arm-none-eabi-nm "$elf" | awk -v s="$1" '$3 == s { print $1 }'; }
from=$(symbol link_fast) to=$(symbol link_fast_end)
[ "$from" != "$to" ] || exit 0
code=$(arm-none-eabi-objdump -d -j .data --start-address=0x"$from" --stop-address=0x"$to" "$elf")
out=$(printf '%s\n' "$code" | grep -E '(0x| )0?80[0-9a-f]{5}\b')
if [ -n "$out" ]; then
	echo "$elf: code in RAM uses flash:" >&2
	printf '%s\n' "$out" >&2
	exit 1
fi
# The image begins with the vectors: 15 of the processor's own, the tick, then the board's.
od -An -v -tx4 -w4 -N224 "${elf%.elf}.bin" | awk '
	NR > 15 && $1 != "00000000" && $1 !~ /^2000/ { bad = 1; printf "vector %d is in flash: %s\n", NR - 1, $1 }
	END { if (NR != 56) { bad = 1; print "there are " NR " vectors" } exit bad }' >&2 || exit 1
n=$(printf '%s\n' "$code" | grep -c '^[0-9a-f]* <.*>:$')
echo "  $n functions, $((0x$to - 0x$from)) bytes, run from RAM while flash stands still; all handlers are among them"
