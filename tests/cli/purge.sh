#!/bin/bash
# purge.sh: ndrq purge removes what is done with, and no more.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
store
# Of what make_store puts only the deleted record came into its state long ago.

purged() { tool --json show "$1" | json "'purged_at' in d"; }

ndrq purge --older-than 5d --dry-run
exits 0 "purge --dry-run exits 0"
ok "purge --dry-run says what would go" says "would be purged: 1 record,"
is "and purges nothing" "$(purged 6)" False
ndrq purge --older-than 5d --dry-run --json
is "purge --dry-run --json prints an object" "$(json "d['records'], d['dry_run']" <"$dir/out")" \
	"1 True"
ndrq purge --older-than 5d --reason 'make room'
exits 0 "purge exits 0, and asks nobody where there is no terminal"
ok "purge says what went" says "purged: 1 record,"
is "the deleted record is purged" "$(purged 6)" True
is "the journal has the reason" \
	"$(tool --json show 6 | json "d['journal'][-1]['why']")" \
	"make room"
is "held records are left alone" "$(purged 4)" False
ndrq purge --older-than 5d
ok "a second purge finds nothing" says "purged: 0 records"

ndrq purge --older-than 0
is "sent, released and failed records go by default" \
	"$(purged 1) $(purged 2) $(purged 3)" "True True True"
is "a record in the outbox is never purged" "$(purged 11)" False
ndrq purge --older-than 2d --state held
is "held records go when they are named" "$(purged 4) $(purged 8)" "True False"
ndrq purge --older-than 0 --state sending
exits 64 "purge of sending records is a usage error"
ndrq purge --older-than 0 --state held,releasing
exits 64 "purge of releasing records is a usage error"
ndrq purge
exits 64 "purge without an age is a usage error"
ndrq purge --older-than never
exits 64 "purge with an age that is none is a usage error"
ndrq purge --older-than 5d 4
exits 64 "purge takes no id"

store 1200
ndrq purge --older-than 5d --state held
ok "more than a batch is purged whole" says "purged: 1200 records"

if have_terminal; then
	store
	on_terminal purge --older-than 5d
	exits 1 "on a terminal, no answer is no"
	ok "on a terminal the question names the number" says "text of 1 record "
	is "and nothing was purged" "$(purged 6)" False
	on_terminal purge --older-than 5d --yes
	is "--yes asks nothing" "$(purged 6)" True
else
	for name in no question nothing yes; do skip "terminal: $name" "no pseudo-terminal here"; done
fi
plan
