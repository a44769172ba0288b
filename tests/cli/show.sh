#!/bin/bash
# show.sh: ndrq show tells all about one record and harms no terminal.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
store

ndrq show 4
exits 0 "show exits 0"
ok "show begins with id and state" says "Record 4: held since"
ok "show names the rule" says "Default.ndr"
ok "show has the policy's revision, short" grep -q 'policy  *9f86d081884c$' "$dir/out"
ok "show has what the report says of its recipient" says "550 5.1.1 no such user"
ok "show says what the code of a recipient means" grep -q 'which means  *bad destination mailbox address' "$dir/out"
ok "show has the returned message's From" says "Anna <anna@remote.example>"
ok "show has the client's address" says "203.0.113.9"
ok "show has the journal" says "Journal"
ok "show gives no hint into a file" no says "next:"

ok "show says nothing of the sender's proof where there was none" no grep -q '^  sender ' "$dir/out"

ndrq show 6
ok "show says what was found of the sender" grep -q 'sender  *forged$' "$dir/out"
ndrq show --json 6
is "so does show --json" "$(json "d['proof']" <"$dir/out")" forged

ndrq show 3
ok "show has who released it and why" says "karl: it was real"
ndrq show 10
ok "show names the record that a loop came from" grep -q 'loop of  *1$' "$dir/out"
ndrq show 2
ok "show has the relay's last words, escaped" says '550 5.7.1 \x1b[31mno'
ndrq show 5
ok "show of hostile text has no control character" clean
ok "show of hostile text shows it escaped" says '\x1b]0;owned\x07'

ndrq show --json 4
ok "show --json prints one line" lines 1
is "show --json has facts and journal" \
	"$(json "d['facts']['recipients'][0]['status'], d['journal'][0]['to']" <"$dir/out")" \
	"5.1.1 held"
ndrq show --json 5
ok "show --json of hostile text is JSON" json_lines

ndrq show --raw 8
exits 0 "show --raw exits 0"
python3 -c 'import sys
sys.stdout.buffer.write(bytes(i * 7 & 255 for i in range(768)))' >"$dir/wanted"
ok "show --raw is byte for byte what came, NUL bytes and all" cmp "$dir/out" "$dir/wanted"
ndrq show --raw 4
printf 'Subject: Undelivered Mail Returned to Sender\r\n\r\nI am sorry to inform you.\r\n.\r\nMAIL FROM:<>\r\n' \
	>"$dir/wanted"
ok "show --raw leaves line ends and dots alone" cmp "$dir/out" "$dir/wanted"
ndrq show --raw 9
exits 1 "show --raw of a purged record exits 1"
ok "show --raw of a purged record says so" complains "purged"
ok "and prints nothing" silent out
ndrq show 9
ok "show of a purged record still tells all else" says "text purged"

ndrq show 7
ok "show says that a recipient is not known" grep -q 'recipient  *not known$' "$dir/out"
ndrq show 99
exits 1 "show of an unknown id exits 1"
ok "show of an unknown id says so" complains "99: there is no such record"
ndrq show --json 99
exits 1 "show --json of an unknown id exits 1"
ok "show --json of an unknown id prints no object" silent out
ndrq show
exits 64 "show without an id is a usage error"
ndrq show 4 5
exits 64 "show of two ids is a usage error"
ndrq show four
exits 64 "show of a word is a usage error"
ndrq show - <<<'4 # the one'
ok "show - reads the id from standard input" says "Record 4: held"

if have_terminal; then
	on_terminal show 5
	ok "on a terminal no control character of the mail is shown" clean
	ok "on a terminal the next commands are named" says "next: ndrq release 5"
	on_terminal show 7
	ok "on a terminal the hint has --to where it is needed" says "ndrq release 7 --to ADDRESS"
	LOCALE=C.UTF-8 on_terminal show 5
	ok "on a UTF-8 terminal no control character is shown either" clean
	on_terminal show --raw 8
	ok "on a terminal show --raw is escaped" clean
	on_terminal show --json 5
	ok "on a terminal show --json is escaped" clean
else
	for name in text hint to UTF-8 raw JSON; do skip "terminal $name" "no pseudo-terminal here"; done
fi
plan
