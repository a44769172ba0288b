#!/bin/bash
# release.sh: ndrq release and delete do what they say, and say what they could not.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
store

ndrq release 4 --reason 'asked for'
exits 0 "release exits 0"
is "release says what it did" "$(cat "$dir/out")" "4: releasing"
is "release changes the state" "$(state_of 4)" releasing
is "the journal has the reason" \
	"$(tool --json show 4 | json "d['journal'][-1]['why']")" \
	"asked for"
is "the journal has the login name" \
	"$(tool --json show 4 | json "d['journal'][-1]['who']")" \
	"$(id -un)"

ndrq release 4
exits 1 "a second release exits 1"
ok "a second release says why" complains "4: not released: already being released"
ok "a second release prints no success" silent out
ndrq release 3
ok "a released record is already released" complains "3: not released: already released"
ndrq release 1
ok "a sent record was sent by policy" complains "already sent by policy"
ndrq release 11
ok "a sending record is sent by policy" complains "policy is sending it already"
ndrq release 9
exits 1 "release of a purged record exits 1"
ok "release of a purged record says so" complains "9: not released: its text was purged"
ndrq release 99
exits 1 "release of an unknown id exits 1"
ok "release of an unknown id says so" complains "99: not released: there is no such record"
ndrq release 7
exits 1 "release without a recipient exits 1"
ok "release without a recipient asks for --to" complains "--to"
ndrq release 7 --to postmaster@example.org
exits 0 "release --to of a record without a recipient exits 0"
ok "release --to says where to" says "7: releasing to postmaster@example.org"
is "the record has the address" \
	"$(tool --json show 7 | json "d['release_to']")" \
	postmaster@example.org
ndrq release 2 6
exits 0 "failed and deleted records can be released"
ok "both are named" lines 2

for to in anna 'a b@c.example' '<a@b.example>' "$(printf 'a@b\r\nDATA')" 'a@b> SIZE=1'; do
	ndrq release 8 --to "$to"
	exits 64 "--to $(printf %s "$to" | tr -d '\r' | tr '\n<>' '   ') is a usage error"
done
is "and released nothing" "$(state_of 8)" held

store
ndrq release 4 99 8
exits 1 "an id that cannot be released exits 1"
is "and the others are released all the same" "$(state_of 4) $(state_of 8)" "releasing releasing"

store
ndrq release 4 3 99 7 9 --json
exits 1 "release --json exits 1 when some could not be"
ok "release --json prints an object an id" json_lines
is "release --json names each outcome" "$(json "d['id'], d['outcome']" <"$dir/out" | tr '\n' ' ')" \
	"3 wrong-state 4 changed 7 no-recipient 9 purged 99 unknown-id "
ok "release --json complains nowhere else" silent err

ndrq delete 8 --reason spam
exits 0 "delete exits 0"
is "delete changes the state" "$(state_of 8)" deleted
ndrq delete 8
exits 1 "a second delete exits 1"
ok "a second delete says why" complains "8: not deleted: already deleted"
ndrq delete 4
ok "a releasing record cannot be deleted" complains "4: not deleted: it is on its way out"
ndrq delete 3
ok "a released record cannot be deleted" complains "3: not deleted: it has gone out"
ndrq release 8
exits 0 "a deleted record can be released"

store
printf '# spam\n\n8 # one\n4\r\n4\n' >"$dir/ids"
ndrq delete - <"$dir/ids"
is "ids come from standard input, comments, blank lines and doubles ignored" \
	"$(tr '\n' ' ' <"$dir/out")" "4: deleted 8: deleted "
store
printf '4\nfour\n8\n' >"$dir/ids"
ndrq delete - <"$dir/ids"
exits 65 "a line that is no id exits 65"
ok "a line that is no id is named" complains 'line 2: "four" is no id'
is "and nothing at all was changed" "$(state_of 4) $(state_of 8)" "held held"
ndrq delete - </dev/null
exits 0 "an empty list exits 0"
ndrq delete
exits 64 "delete without an id is a usage error"
ndrq delete --to a@b.example 4
exits 64 "delete has no --to"

store 1200
ndrq list --ids --domain many.example
mv "$dir/out" "$dir/ids"
ndrq release - <"$dir/ids"
exits 0 "more ids than a batch are released"
ok "each is named once" lines 1200
ndrq list --count --state releasing --domain many.example
is "all are releasing" "$(cat "$dir/out")" 1200
is "they share a batch in the journal" \
	"$(for id in 12 1211; do
		tool --json show $id | json "d['journal'][-1]['batch']"
	done | uniq | wc -l)" 1

store
python3 - "$dir/store/control" "$dir/poked" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
open(sys.argv[2] + ".ready", "w").close()
s.settimeout(20)
s.recv(16)
open(sys.argv[2], "w").close()
END
poked=$!
wait_for 20 test -e "$dir/poked.ready"
ndrq release 4
wait "$poked"
ok "release wakes a daemon that listens" [ -e "$dir/poked" ]
ndrq release 8
exits 0 "a control socket that nobody reads is no error"
ok "and nothing is said of it" silent err
plan
