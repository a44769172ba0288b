#!/bin/bash
# No test is lost without a word: every test in the tree is one that `make
# check` runs.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib/tap.sh"

need make
# of VARIABLE…: what make(1) has in them, one word a line
of() {
	local names

	names=$(printf ' $(%s)' "$@")
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s --no-print-directory -C "$top_builddir" -f - ndrq-print <<-END |
		include Makefile
		ndrq-print: ; @echo $names
	END
		tr ' ' '\n' | sed -e 's,/\./,/,g' -e "s,^$top_srcdir/,," -e 's,^\$(top_srcdir)/,,' -e 's,^\(\.\./\)*,,' | sort
}
of TESTS >"$tmp/listed"
ok 'make check has tests' test -s "$tmp/listed"
is 'none is listed twice' "$(uniq -d "$tmp/listed")" ''

# missing FILE…: those that are not listed
missing() {
	printf '%s\n' "$@" | sort | comm -23 - "$tmp/listed"
}
cd "$top_srcdir" || exit 99
if grep -q '^tests/unit/' "$tmp/listed"; then
	is 'every unit test is listed' "$(missing $(find tests -name 'test_*.c' | sed 's/\.c$//'))" ''
else
	skip 'every unit test is listed' 'configured without Criterion'
fi
is 'every shell test is listed' \
	"$(missing $(find tests -name '*.sh' -not -path 'tests/lib/*' -not -path 'tests/bench/*' \
		-not -path 'tests/fuzz/*' -not -path 'tests/data/*'))" ''
is 'and everything that is listed is there' \
	"$(while read -r test; do
		[ -e "$test" ] || [ -e "$test.c" ] || echo "$test"
	done <"$tmp/listed")" ''

plan
