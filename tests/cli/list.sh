#!/bin/bash
# list.sh: ndrq list finds what is asked for and shows it safely.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
store

ndrq list
exits 0 "list exits 0"
ok "list shows a heading and all records" lines 12
ok "list shows the newest first" sh -c "sed -n 2p '$dir/out' | grep -q '^ *11 sending'"
ok "list shows the subject of the returned message" says "Cheap pills"
ok "list has no control character in it" clean
ok "list says nothing on standard error" silent err

ndrq list --state held --ids
is "--ids prints ids only, one a line" "$(tr '\n' ' ' <"$dir/out")" "10 9 8 7 5 4 "
ndrq list --state deleted,failed --ids
is "--state takes several states" "$(tr '\n' ' ' <"$dir/out")" "6 2 "
ndrq list --state sent --state released --ids
is "--state can be given twice" "$(tr '\n' ' ' <"$dir/out")" "3 1 "
ndrq list --domain EVIL.example --ids
is "--domain matches in any case" "$(cat "$dir/out")" 5
ndrq list --class unknown --ids
is "--class matches" "$(cat "$dir/out")" 5
ndrq list --message-id '4711@remote.example' --count
is "--message-id matches without angle brackets" "$(cat "$dir/out")" 10
ndrq list --since 36h --ids
is "--since leaves out what is older" "$(tr '\n' ' ' <"$dir/out")" "10 8 7 "
ndrq list --until 9d --ids
is "--until leaves out what is younger" "$(tr '\n' ' ' <"$dir/out")" "11 9 6 1 "
ndrq list --limit 2 --ids
is "--limit ends the list" "$(tr '\n' ' ' <"$dir/out")" "11 10 "
ndrq list --state held --count
is "--count prints a number" "$(cat "$dir/out")" 6
ndrq list --count --json --state held
is "--count --json prints an object" "$(json "d['count']" <"$dir/out")" 6
ndrq list --domain nowhere.example
ok "a list without records is empty" silent out
exits 0 "a list without records exits 0"

ndrq list --json
ok "--json prints an object a line" json_lines
ok "--json prints all records" lines 11
ndrq --json list --domain evil.example
ok "--json before the verb does the same" json_lines
is "JSON has the text as it came, ill-formed bytes replaced" \
	"$(python3 -c 'import json,sys; print(ascii(json.load(sys.stdin)["recipient"]))' <"$dir/out")" \
	"'x\\x1b[2J\\ufffd\\ufffd@evil.example'"
ndrq --json list --state failed
is "JSON has the relay's words" "$(json "d['relay_reply'].endswith('no')" <"$dir/out")" True

ndrq list --state heldd
exits 64 "an unknown state is a usage error"
ok "an unknown state is answered with those there are" complains "releasing"
ndrq list --class ndr
exits 64 "an unknown class is a usage error"
ndrq list --since yesterday
exits 64 "an age that is none is a usage error"
ndrq list --limit -3
exits 64 "a limit that is none is a usage error"
ndrq list 4
exits 64 "an operand to list is a usage error"

if have_terminal; then
	on_terminal list --state held
	ok "on a terminal no line is longer than it is wide" \
		sh -c "tr -d '\r' <'$dir/out' | awk 'length > 80 { exit 1 }'"
	ok "on a terminal no control character of the mail is shown" clean
	LOCALE=C.UTF-8 on_terminal list --state held
	ok "on a UTF-8 terminal neither" clean
	on_terminal list --json --domain evil.example
	ok "on a terminal JSON has no control character" clean
	store 60
	on_terminal list
	is "on a terminal the list ends after 50" "$(grep -c 'hold\|held\|sending' "$dir/out")" 50
	ok "and says that there are more" says "--limit 0 shows all"
else
	for name in "terminal width" "terminal text" "UTF-8 terminal text" "terminal JSON" \
		"terminal limit" "terminal hint"; do
		skip "$name" "no pseudo-terminal here"
	done
fi

store 1200
ndrq list --count --domain many.example
is "a list longer than a page is whole" "$(cat "$dir/out")" 1200
ndrq list --limit 700 --ids
ok "a limit longer than a page holds" lines 700
is "no record is listed twice" "$(sort -u "$dir/out" | wc -l)" 700
ndrq list
is "a table longer than a page has one heading" "$(grep -c SUBJECT "$dir/out")" 1
tool list --ids >/dev/full 2>"$dir/err"
rc=$?
exits 74 "a full disk behind standard output is an error"
plan
