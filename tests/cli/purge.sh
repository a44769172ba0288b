#!/bin/sh
# purge.sh: ndrq purge removes what is done with, and no more.
. "$top_srcdir/tests/lib/cli.sh"
store
# Of what make_store puts only the deleted record came into its state long ago.

purged() { "$top_builddir/ndrq" -c "$dir/ndrq.conf" --json show "$1" | json "'purged_at' in d"; }

ndrq purge --older-than 5d --dry-run
exits 0 "purge --dry-run exits 0"
ok "purge --dry-run says what would go" says "would be purged: 1 record,"
ok "and purges nothing" is "$(purged 6)" False
ndrq purge --older-than 5d --dry-run --json
ok "purge --dry-run --json prints an object" is "$(json "d['records'], d['dry_run']" <"$dir/out")" \
	"1 True"
ndrq purge --older-than 5d --reason 'make room'
exits 0 "purge exits 0, and asks nobody where there is no terminal"
ok "purge says what went" says "purged: 1 record,"
ok "the deleted record is purged" is "$(purged 6)" True
ok "the journal has the reason" is \
	"$("$top_builddir/ndrq" -c "$dir/ndrq.conf" --json show 6 | json "d['journal'][-1]['why']")" \
	"make room"
ok "held records are left alone" is "$(purged 4)" False
ndrq purge --older-than 5d
ok "a second purge finds nothing" says "purged: 0 records"

ndrq purge --older-than 0
ok "sent, released and failed records go by default" is \
	"$(purged 1) $(purged 2) $(purged 3)" "True True True"
ok "a record in the outbox is never purged" is "$(purged 11)" False
ndrq purge --older-than 2d --state held
ok "held records go when they are named" is "$(purged 4) $(purged 8)" "True False"
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
	ok "and nothing was purged" is "$(purged 6)" False
	on_terminal purge --older-than 5d --yes
	ok "--yes asks nothing" is "$(purged 6)" True
else
	for name in no question nothing yes; do skip "terminal: $name" "no pseudo-terminal here"; done
fi
finish
