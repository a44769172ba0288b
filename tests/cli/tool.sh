#!/bin/bash
# tool.sh: ndrq itself: its verbs, its help, its exit statuses, its store.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
need sqlite3
store

ndrq --help
exits 0 "--help exits 0"
ok "--help names every verb" sh -c "for v in list show release delete purge stats policy facts; do
	grep -q \"^  \$v \" '$dir/out' || exit 1; done"
ndrq --version
ok "--version prints the version" grep -q '^ndrq [0-9]' "$dir/out"
ndrq
exits 64 "no verb is a usage error"
ok "no verb shows the help" complains "usage: ndrq"
ndrq relaese 4
exits 64 "an unknown verb is a usage error"
ok "an unknown verb is answered with the nearest" complains "did you mean release?"
ndrq xyzzy
ok "a word that is near to no verb points to --help" complains "see: ndrq --help"
ndrq list --stat held
is "an option may be shortened while it is clear" "$rc" 0
ndrq list --colour
exits 64 "an unknown option is a usage error"
ndrq --colour list
exits 64 "an unknown option before the verb is a usage error"
ndrq list --help
exits 0 "VERB --help exits 0"
ok "VERB --help shows its options" says "--message-id ID"

ndrq stats
exits 0 "stats exits 0"
ok "stats counts by state" grep -q '^held  *6 ' "$dir/out"
ok "stats shows states without records, too" grep -q '^releasing  *0 ' "$dir/out"
ndrq stats --by domain --json
ok "stats --by domain --json prints objects" json_lines
is "stats --by domain counts" \
	"$(json "d['count'] if d.get('key') == 'evil.example' else ''" <"$dir/out" | tr -d '\n')" 1
ndrq stats --by class --limit 1
ok "stats --limit shows the most frequent" sh -c "sed -n 2p '$dir/out' | grep -q '^failed '"
ok "stats --limit ends there" lines 2
ndrq stats --by colour
exits 64 "stats by what is not counted is a usage error"

ndrq -c "$dir/none.conf" list
exits 78 "a configuration that is missing exits 78"
echo 'colour = "red";' >"$dir/bad.conf"
ndrq -c "$dir/bad.conf" list
exits 78 "a configuration with an error exits 78"

python3 -c 'import sqlite3,sys,time
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN EXCLUSIVE")
open(sys.argv[2], "w").write("x")
time.sleep(30)' "$dir/store/ndrq.db" "$dir/locked" &
locker=$!
wait_for 20 test -s "$dir/locked"
ndrq release 4
exits 75 "a store that another holds exits 75"
kill "$locker"
wait "$locker" 2>/dev/null
is "and nothing was changed" "$(state_of 4)" held

version() {
	sqlite3 "$dir/store/ndrq.db" "PRAGMA user_version = $1"
}
version 99
ndrq list
exits 66 "a store of a newer version exits 66"
version 0
ndrq list
exits 75 "a store that ndrqd has yet to bring up to date exits 75"
ok "and says who does that" complains "ndrqd"

echo 'not a database, only a file of text that is long enough' >"$dir/store/ndrq.db"
ndrq list
exits 66 "a file that is no store exits 66"
rm -rf "$dir/store"
ndrq list
exits 66 "a missing store exits 66"
ok "a missing store asks whether ndrqd has run" complains "has ndrqd run?"
mkdir "$dir/store"
: >"$dir/store/ndrq.db"
ndrq list
exits 66 "an empty file exits 66"
ok "and it was not filled" [ ! -s "$dir/store/ndrq.db" ]
store
chmod 755 "$dir/store"
chmod 0 "$dir/store/ndrq.db"
unprivileged list
exits 77 "a store without permission exits 77"
plan
