#!/bin/bash
# facts.sh: ndrq facts reads messages wherever they lie, and says what it cannot read.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
ndrq=$top_builddir/ndrq
samples=$top_srcdir/tests/data/notifications

facts() { # its output, then its exit status
	"$ndrq" facts "$@" 2>"$tmp/err"
	echo "rc=$?"
}
classes() { # "CLASS CLASS" of JSON Lines
	python3 -c 'import json, sys
print(" ".join(json.loads(l).get("class", "error") for l in sys.stdin if l.startswith("{")))'
}

got=$(facts --json "$samples/postfix/05-remote-550-rcpt.eml")
like "a file gives one object" "$got" '^\{"file":".*/05-remote-550-rcpt.eml","class":"failed",'
like "and exit status 0" "$got" '^rc=0$'
got=$(facts "$samples/postfix/05-remote-550-rcpt.eml")
like "for people it is a block" "$got" '^  recipient +a@rej.example$'
got=$(facts -v "$samples/postfix/05-remote-550-rcpt.eml")
like "-v says where a fact was read" "$got" '^  returned id +returned +<0.test@client.test>$'
got=$(facts --json -v "$samples/opensmtpd/hardbounce-remote.eml")
like "and so does its JSON" "$got" '"source":\{"final":"dsn"'

mkdir -p "$tmp/md/cur" "$tmp/md/new" "$tmp/md/tmp" "$tmp/md/.Sub/cur" "$tmp/md/.Sub/new"
cp "$samples/postfix/01-hard-bounce.eml" "$tmp/md/cur/1:2,S"
cp "$samples/exim/delaywarn.eml" "$tmp/md/new/2"
cp "$samples/sendmail/dsn-success.eml" "$tmp/md/.Sub/new/3"
echo rubbish >"$tmp/md/dovecot.index"
echo half >"$tmp/md/tmp/4"
is "a Maildir gives its messages and nothing else" "$(facts --json "$tmp/md" | classes)" \
	"delivered failed delayed"
ln -s . "$tmp/md/cur/again"
is "a link in a circle is not followed" "$(facts --json "$tmp/md" | classes)" \
	"delivered failed delayed"

for f in postfix/01-hard-bounce exim/delaywarn; do
	echo "From MAILER-DAEMON Sat Nov 21 20:15:48 2026"
	cat "$samples/$f.eml"
	echo
done >"$tmp/mbox"
is "an mbox gives each message" "$(facts --json "$tmp/mbox" | classes)" "failed delayed"
like "the second bears a number" "$(facts --json "$tmp/mbox")" '"file":"[^"]*/mbox:2"'

got=$(facts --json "$tmp/none" "$tmp/mbox")
like "a file that is not there is an object with its error" "$got" \
	'^\{"file":".*/none","error":"No such file or directory"\}$'
is "the others are still printed" "$(classes <<<"$got")" "error failed delayed"
like "and the status is 66" "$got" '^rc=66$'
truncate -s 101M "$tmp/large"
like "a message over 100 MB is status 65" "$(facts --json "$tmp/large")" '^rc=65$'
printf '%s\n' "$tmp/mbox" "$tmp/none" >"$tmp/list"
is "--files-from reads names" "$(facts --json --files-from "$tmp/list" | classes)" \
	"failed delayed error"
is "and from standard input" "$(facts --json --files-from - <"$tmp/list" | classes)" \
	"failed delayed error"
like "a list that is not there is status 66" "$(facts --files-from "$tmp/nolist")" '^rc=66$'
like "nothing to read is a usage error" "$(facts)" '^rc=64$'

printf 'From: a@b.example\n\nhello\n' >"$tmp/plain"
is "without an envelope it is mail" "$(facts --json "$tmp/plain" | classes)" mail
is "from the null sender it is unknown" "$(facts --json --from '<>' "$tmp/plain" | classes)" unknown

printf 'Subject: =?utf-8?q?=1B]0;owned=07?=\n\nx\n' >"$tmp/$(printf 'evil\033name')"
got=$(facts "$tmp"/evil*)
is "no control character of a message or a name is shown" \
	"$(tr -d '\n' <<<"$got" | LC_ALL=C tr -cd '\000-\037\177' | wc -c)" 0

if "$ndrq" --help | grep -q '^  explain '; then
	got=$("$ndrq" explain 5.1.1 xx 2>&1)
	is "explain says so of what is no code, status 65" "$?" 65
	like "and explains the others" "$got" 'bad destination mailbox address'
	like "explain --json prints an object" "$("$ndrq" explain --json 5.4.6)" \
		'^\{"code":"5.4.6",.*"exchange":'
fi
plan
