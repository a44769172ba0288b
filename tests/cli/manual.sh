#!/bin/bash
# manual.sh: ndrq(1) names every verb and every option that the tool has, and no other.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
manual=$top_srcdir/man/ndrq.1
tool=$top_builddir/ndrq

# A verb's section of the manual, options as --name.
section() { sed -n "/^\.Ss $1\$/,/^\.S[sh] /p" "$manual"; }
options_in() { grep -o 'Fl -[a-z-]*' | sed 's/Fl -/--/' | sort -u; }
tool_options() { "$tool" "$@" --help | grep -o '^ .*' | grep -o -- '--[a-z-]*' | sort -u; }

verbs=$("$tool" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
ok "there are verbs" [ -n "$verbs" ]
for verb in $verbs; do
	ok "the manual has a section on $verb" grep -q "^\.Ss $verb\$" "$manual"
	ok "the synopsis has $verb" grep -q "^\.Cm $verb" "$manual"
	"$tool" "$verb" --help >"$dir/out" 2>"$dir/err" || continue
	for option in $(tool_options "$verb"); do
		case $option in
		--json | --help) continue ;; # described once, for all
		esac
		ok "the manual has $verb $option" \
			sh -c "sed -n '/^\.Ss $verb\$/,/^\.S[sh] /p' '$manual' | grep -q -- 'Fl -${option#--}\b'"
	done
done
# Verbs of a verb have a help of their own; the filters stand under list.
filters=$(tool_options list | grep -vxe --limit)
for verb in test replay set; do
	for option in $(tool_options policy $verb | grep -vxF -e --json -e --help -e "$filters"); do
		ok "the manual has policy $verb $option" \
			sh -c "sed -n '/^\.Ss policy\$/,/^\.S[sh] /p' '$manual' | grep -q -- 'Fl -${option#--}\b'"
	done
done
for option in $(tool_options); do
	ok "the manual has $option" grep -q -- "Fl -${option#--}\b" "$manual"
done
for verb in list show release delete purge stats digest sweep; do
	for option in $(section "$verb" | sed -n '/^\.It/p' | options_in); do
		ok "$verb has the manual's $option" sh -c "'$tool' $verb --help | grep -q -- '$option '"
	done
done
for status in 0 1 64 65 66 69 73 74 75 77 78; do
	ok "the manual explains exit status $status" grep -q "^\.It $status\$" "$manual"
done
if command -v mandoc >/dev/null; then
	is "mandoc finds no fault in the manual" "$(mandoc -T lint -W warning "$manual" 2>&1)" ""
else
	skip "mandoc finds no fault in the manual" "no mandoc"
fi
plan
