#!/bin/bash
# No file is left out of the tarball: what git has, `make dist` packs.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib/tap.sh"

need make
# What make(1) would pack; a folder stands for all that is in it.
env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s --no-print-directory -C "$top_builddir" -f - ndrq-print <<-'END' |
	include Makefile
	ndrq-print: ; @printf '%s\n' $(DISTFILES)
END
	sed -e 's,/\./,/,g' -e "s,^$top_srcdir/,," -e 's,^\$(top_srcdir)/,,' -e 's,^\(\.\./\)*,,' |
	sort -u >"$tmp/packed"
ok 'make dist packs something' test -s "$tmp/packed"

cd "$top_srcdir" || exit 99
git ls-files -- ':!.ci' ':!.gitignore' >"$tmp/tree" 2>/dev/null
left_out() {
	local file folder

	while read -r file; do
		folder=$file
		while [ "$folder" != . ] && ! grep -qxF "$folder" "$tmp/packed"; do
			folder=$(dirname "$folder")
		done
		[ "$folder" != . ] || echo "$file"
	done <"$tmp/tree"
}
if [ -s "$tmp/tree" ]; then
	is 'no file is left out' "$(left_out)" ''
else
	skip 'no file is left out' 'not a checkout'
fi

plan
