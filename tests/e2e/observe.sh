#!/bin/bash
# mode = "observe": everything is sent, and ndrq stats says what would have been done.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay <<<"$(free_ports 1)"
sink=$tmp/relay
sink_start "$sink" "$relay" || bail_out "the sink does not start"
ndrqd_new "127.0.0.1:$relay"

# policy MODE
policy() {
	ndrqd_policy hold '{ name = "Gone"; domain = "gone.example"; ndr = "delete"; }'
	sed -i "s/^mode = .*/mode = \"$1\";/" "$q/policy.conf"
}
# feed TAG
feed() {
	lmtp --rcpt a@held.example --tag "$1-held" --count 7 >/dev/null
	lmtp --rcpt a@gone.example --tag "$1-gone" --count 3 >/dev/null
	lmtp --rcpt a@local.test --tag "$1-local" --count 5 >/dev/null
}
observed() {
	ndrq stats --by observed --json | python3 -c '
import json, sys
print(*(d["key"] + "=" + str(d["count"]) for d in map(json.loads, sys.stdin)))'
}
all_sent() {
	[ "$(ndrq list --count --state sent)" = "$1" ]
}

policy enforce
ndrqd_start || bail_out "ndrqd does not start"
feed before
ok 'what an enforcing policy lets pass is sent' wait_for 30 all_sent 5
is 'nothing was only observed' "$(observed)" ''
ok 'and stats does not speak of it' test "$(ndrq stats | grep -c observed)" = 0

policy observe
ok 'an observing policy is loaded' ndrqd_reload
feed observed
ok 'everything is sent' wait_for 30 all_sent 20
is 'stats has what would have been done' "$(observed)" 'hold=7 send=5 delete=3'
like 'and says so to people' "$(ndrq stats)" \
	'^While policy only observed, it would have sent 5, held 7, deleted 3\.$'
is 'what was held before is not sent by that' "$(ndrq list --count --state held)" 7

policy enforce
ok 'an enforcing policy is loaded again' ndrqd_reload
feed after
is 'it does not count' "$(observed)" 'hold=7 send=5 delete=3'

# Without somewhere to send there is nothing to observe.
ok 'ndrqd ends in good order' ndrqd_stop
policy observe
sed -i '/^release/d' "$q/ndrq.conf"
ndrqd_run -t
ndrqd_ended
is 'without a release it is an error' "$(cat "$q.status")" 78
ok 'that says so' ndrqd_said 'release\.relay'

plan
