#!/bin/bash
# The table of includes in DESIGN.md ("Folders, and who may include whom"):
# arrows never point back, each library is seen only where it belongs, and
# only qmgr/ and review/ log.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib/tap.sh"

# find_wrong_includes TREE: one line a violation
find_wrong_includes() {
	(
		cd "$1" || exit 1
		find base facts policy store report admit qmgr review tests/unit -name '*.[ch]' 2>/dev/null | sort |
			xargs awk '
	BEGIN {
		may["base"] = "base"
		may["facts"] = "facts base"
		may["policy"] = "policy facts base"
		may["store"] = "store base"
		may["report"] = "report facts store base"
		may["admit"] = "admit report policy facts store base"
		may["qmgr"] = "qmgr admit report policy facts store base"
		may["review"] = "review admit report policy facts store base"
		# A library, and the files that may see it; a test may look behind the curtain.
		library["gmime/"] = "^(facts/message|report/mail)\\.c$"
		library["glib"] = "^(facts/message|report/columns)\\.c$"
		library["sqlite3.h"] = "^store/"
		library["zstd.h"] = "^store/"
		library["ev.h"] = "^qmgr/"
		library["systemd/"] = "^qmgr/"
		library["libconfig.h"] = "^(base/config|policy/)"
		library["idn2.h"] = "^(policy|review)/"
		library["libpsl.h"] = "^policy/align\\.c$"
		library["libsmartcols"] = "^review/"
		library["jansson.h"] = "^(facts|review)/"
		library["nettle/"] = "^(policy|report|admit)/|^store/budget\\.c$"
		library["syslog.h"] = "^(base/log|qmgr/|review/)"
		library["base/log.h"] = "^(base/log|qmgr/|review/)"
		library["criterion/"] = "^tests/"
	}
	FNR == 1 {
		# A unit test stands where its folder stands.
		test = FILENAME ~ /^tests\//
		as = FILENAME
		sub(/^tests\/unit\//, "", as)
		folder = as
		sub(/\/.*/, "", folder)
	}
	/^[ \t]*#[ \t]*include/ {
		what = $0
		sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", what)
		sub(/[>"].*/, "", what)
		for (name in library)
			if (!test && index(what, name) == 1 && FILENAME !~ library[name])
				print FILENAME ":" FNR ": " what " is not for this file"
		if ($0 !~ /include[ \t]*"/)
			next
		if (what !~ /\//) {
			print FILENAME ":" FNR ": " what " without its folder"
			next
		}
		from = what
		sub(/\/.*/, "", from)
		if (from == "tests" && test)
			next
		if (index(" " may[folder] " ", " " from " ") == 0)
			print FILENAME ":" FNR ": " folder "/ may not include " what
	}'
	)
}

wrong=$(find_wrong_includes "$top_srcdir")
is 'every include follows the table' "$wrong" ''

# Would it be noticed? A copy of the tree, with one wrong line at a time.
copy=$tmp/copy
mkdir "$copy"
(cd "$top_srcdir" && find base facts policy store report admit qmgr review -name '*.[ch]' -exec cp --parents {} "$copy" \;)
# names_file FILE: a violation is found in it
names_file() {
	find_wrong_includes "$copy" | grep "^$1:" >/dev/null
}
# notices FILE LINE: the line, put into the file, is found
notices() {
	local kept

	mkdir -p "$(dirname "$copy/$1")"
	touch "$copy/$1"
	kept=$(cat "$copy/$1"; echo x)
	echo "$2" >>"$copy/$1"
	ok "$1 with $2 is noticed" names_file "$1"
	printf %s "${kept%x}" >"$copy/$1"
}
notices base/text.c '#include "facts/facts.h"'
notices base/error.h '#include "qmgr/wire.h"'
notices facts/message.h '#include <gmime/gmime.h>'
notices facts/facts.c '#include "policy/policy.h"'
notices policy/decide.c '#include "store/store.h"'
notices policy/decide.c '#	include "base/log.h"'
notices store/schema.c '#include "policy/policy.h"'
notices store/schema.c '#include "facts/facts.h"'
notices report/digest.c '#include "policy/policy.h"'
notices report/digest.c '#include <gmime/gmime.h>'
notices admit/admit.c '#include <sqlite3.h>'
notices admit/admit.c '#include "qmgr/intake.h"'
notices admit/admit.c '#include <ev.h>'
notices qmgr/lmtp.c '#include "review/verb.h"'
notices review/cmd_list.c '#include "qmgr/wire.h"'
notices review/cmd_list.c '#include <ev.h>'
notices review/cmd_list.c '#include <libconfig.h>'
notices review/cmd_list.c '#include "verb.h"'
is 'and without them the copy is as clean as the tree' "$(find_wrong_includes "$copy")" "$wrong"

plan
