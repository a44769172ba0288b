#!/bin/bash
# `make demo` does what it promises, twice in a row, and leaves nothing running.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"

folder=$tmp/demo
demo() {
	sh "$top_srcdir/tests/demo/demo" "$top_srcdir" "$top_builddir" "$folder" </dev/null
}
ndrq() {
	"$top_builddir/ndrq" -c "$folder/ndrq.conf" "$@"
}
# Who names the folder? (From a file, or grep would find itself.)
echo "$folder" >"$tmp/name"
nobody_is_left() {
	! grep -alFf "$tmp/name" /proc/[0-9]*/cmdline 2>/dev/null
}

ok 'the demo ends well' demo
ok 'and again' demo
out=$(demo 2>"$tmp/complaints")
is 'without a complaint' "$(cat "$tmp/complaints")" ''
is 'without colours in a file' "$(tr -cd '\033' <<<"$out")" ''
like 'it says that the release came through unchanged' "$out" 'byte for byte'
ok 'it leaves no process' nobody_is_left
is 'three are held, one was sent, one released' \
	"$(for state in held sent released; do ndrq list --state "$state" --count; done | tr '\n' ' ')" '3 1 1 '
is 'two left by the relay' "$(count_lines ls "$folder/sink")" 2

# What it says to type works, without the daemon.
typed=$(sed -n '/^Go on/,/^and this/s/^  //p' <<<"$out")
is 'it names four commands' "$(wc -l <<<"$typed")" 4
cd "$top_srcdir" || exit 99
while read -r command; do
	ok "one can type: ${command//"$tmp"\//}" bash -c "$command </dev/null"
done <<<"$typed"

# It fails loudly.
out=$(sh "$top_srcdir/tests/demo/demo" "$top_srcdir" "$tmp/nowhere" "$folder" 2>&1 </dev/null)
is 'without programs it fails' "$?" 1
like 'and says so' "$out" '^demo: '
ok 'and leaves no process' nobody_is_left

plan
