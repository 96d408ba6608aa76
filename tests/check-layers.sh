#!/bin/sh
# Proves that no file includes a layer it must not see, and that each outside library is used in
# the one place that owns it.  The rows below are the rule; the design document draws it.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=$(git ls-files -co --exclude-standard 'include/*.h' 'pos-plugin/*.[ch]' 'firmware/*.[ch]' 'tools/*.[ch]' | xargs awk '
BEGIN {
	# layer -> layers it may include besides itself and goeswith/
	may["goeswith"] = ""
	may["link"] = ""
	may["base"] = ""
	may["stats"] = "base"
	may["scan"] = "base link"
	may["model"] = "base"
	may["offer"] = "base model stats"
	may["store"] = "base model"
	may["port"] = "base"
	may["engine"] = "base scan model offer stats"
	may["host"] = "base model engine"
	may["ui"] = "base model engine"
	may["register"] = "base link scan model offer stats store port engine host ui"
	may["firmware"] = "link"
	may["firmware/board/posix"] = "base link port scan firmware"
	may["tools"] = "base link model store stats scan"
	# what speaks HTTP: the register sees none of tools, so it cannot come to link a network library
	may["tools/net"] = "base model store"
	may["tools/sim"] = "base link model store stats scan offer port engine"
	# header of an outside library -> the file or folder that may include it
	only["curses.h"] = "^pos-plugin/ui/termtype[.]c$"
	only["term.h"] = "^pos-plugin/ui/termtype[.]c$"
	only["ncurses.h"] = "^$"
	only["sqlite3.h"] = "^(pos-plugin/store|tools/sync)/"
	only["libserialport.h"] = "^pos-plugin/port/"
	only["curl/curl.h"] = "^tools/net/"
	only["ini.h"] = "^pos-plugin/base/conf[.]c$"
	only["lapacke.h"] = "^tools/mine/"
	only["cblas.h"] = "^tools/mine/"
}
function layer(path,  p, n) {
	n = split(path, p, "/")
	if (p[1] == "include") return "goeswith"
	if (p[1] == "pos-plugin") return n == 2 ? "register" : p[2]
	if (p[1] == "firmware") return p[2] == "board" && p[3] == "posix" ? "firmware/board/posix" : "firmware"
	if (p[1] == "tools") return p[2] == "sim" || p[2] == "net" ? "tools/" p[2] : "tools"
	return "?"
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, q, "\""); from = layer(FILENAME); target = q[2]
	n = split(target, t, "/")
	if (n == 1) next
	to = t[1]
	if (to == "tools" && from == "tools/net" && t[2] != "net") to = "tools/" t[2]
	else if (to == "tools" && t[2] == "net" && FILENAME !~ /^tools\/(net|sync|report|mine)\//) to = "tools/net"
	if (to == "goeswith" || to == from || (to == "tools" && from ~ /^tools/)) next
	if (to == "firmware" && from ~ /^firmware/) next
	if ((" " may[from] " ") !~ (" " to " "))
		print FILENAME ":" FNR ": " from " must not include " target
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, q, /[<>]/); target = q[2]
	if (target in only && FILENAME !~ only[target])
		print FILENAME ":" FNR ": " target " belongs to " only[target]
	if ((layer(FILENAME) == "link" || FILENAME ~ /^include/) && target !~ /^(std(bool|def|int)|limits|stdalign)[.]h$/)
		print FILENAME ":" FNR ": layer 0 is freestanding, " target " is not"
}')
if [ -n "$bad" ]; then
	printf '%s\n' "$bad"
	exit 1
fi
echo "layers hold"
