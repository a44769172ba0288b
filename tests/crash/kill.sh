#!/bin/bash
# kill -9 at any moment, as often as you like: a message that was answered
# 250 is in the store exactly once, even when its peer, not having heard the
# 250, sends it again.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"

need python3 sqlite3
messages=${MESSAGES:-3000}
kills=${KILLS:-8}

ndrqd_new 127.0.0.1:1
ndrqd_start || bail_out "ndrqd does not start"

python3 "$top_srcdir/tests/crash/feed.py" "$(ndrqd_address)" "$messages" >"$tmp/feed" 2>"$tmp/feed.log" &
feed=$!
at_exit kill "$feed"
feeding() {
	kill -0 "$feed" 2>/dev/null
}
killed=0
while [ "$killed" -lt "$kills" ] && feeding; do
	# Random on purpose: the moment of the kill is what is tried.
	sleep "0.$(printf %03d $((RANDOM % 200)))"
	ndrqd_kill
	killed=$((killed + 1))
	ndrqd_start || bail_out "ndrqd does not start after a kill"
done
wait "$feed"
is 'in the end every message was answered 250' $? 0
diag "killed $killed times; $(cat "$tmp/feed")"
ok 'it was killed at work' test "$killed" -ge 3
ok 'and messages had to be sent again' grep -Eq 'again=[1-9]' "$tmp/feed"

ndrq list --json >"$tmp/records.json"
once_each() {
	python3 - "$tmp/records.json" "$messages" <<-'END'
		import collections, json, sys
		seen = collections.Counter(json.loads(l)["recipient"] for l in open(sys.argv[1]))
		wanted = {"m%d@remote.example" % i for i in range(int(sys.argv[2]))}
		print("lost:", sorted(wanted - set(seen))[:10], "strangers:", sorted(set(seen) - wanted)[:10],
		      "doubled:", [r for r, n in seen.items() if n > 1][:10])
		sys.exit(set(seen) != wanted or max(seen.values()) > 1)
	END
}
ok 'each is in the store exactly once' once_each
ok 'ndrqd ends in good order' ndrqd_stop
is 'the store is sound' "$(sqlite3 "$q/ndrq.db" 'PRAGMA integrity_check')" ok

plan
