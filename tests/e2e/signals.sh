#!/bin/bash
# What an administrator does to the daemon: reload, stop, start it twice.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay tcp <<<"$(free_ports 2)"
sink=$tmp/relay
sink_start "$sink" "$relay" || bail_out "the sink does not start"

LISTEN="\"unix:$q/lmtp.sock\", \"127.0.0.1:$tcp\"" ndrqd_new "127.0.0.1:$relay"
ndrqd_start || bail_out "ndrqd does not start"
pid=$(cat "$q.pid")

# ---- SIGHUP

ok 'it listens on the unix socket' lmtp --rcpt before@victim.example
ok 'and on TCP' python3 "$top_srcdir/tests/lib/lmtp.py" "127.0.0.1:$tcp" --rcpt tcp@victim.example
ok 'before the reload the NDR is held' has_records 1 before@victim.example held
ndrqd_policy send
ok 'SIGHUP is answered with a log line' ndrqd_reload
lmtp --rcpt after@victim.example >/dev/null
ok 'after it the new policy judges' wait_for 20 has_records 1 after@victim.example sent
ok 'what was held stays held' has_records 1 before@victim.example held
is 'it is the same process' "$(cat "$q.pid")" "$pid"

# ---- a second daemon

second=$tmp/second
mkdir "$second"
sed -e "s,$q/lmtp.sock,$second/lmtp.sock," -e "s/127\.0\.0\.1:$tcp/127.0.0.1:$((tcp + 1))/" \
	"$q/ndrq.conf" >"$second/ndrq.conf"
q=$second ndrqd_run
q=$second ndrqd_ended
ok 'a second ndrqd on the same store refuses to start' test "$(cat "$second.status")" != 0
like 'and says why' "$(cat "$second.log")" 'ndrq\.db|store|another'
ok 'the first one is not disturbed' lmtp --rcpt undisturbed@victim.example

# ---- SIGTERM

# Ten peers send without end; what was answered 250 must be there, what is there must not be doubled.
for i in {1..10}; do
	lmtp --rcpt "peer$i@victim.example" --tag "peer$i" --count 100000 --timeout 30 >"$tmp/peer$i" 2>&1 &
	peers="${peers-} $!"
done
many() {
	[ "$(cat "$tmp"/peer* | grep -c '^end 2')" -ge 200 ]
}
wait_for 30 many
ok 'SIGTERM ends it with status 0 while ten peers send' ndrqd_stop
wait $peers
answered=$(cat "$tmp"/peer* | grep -c '^end 2')
stored=$(count_lines records 'r.get("recipient", "").startswith("peer")')
diag "answered $answered, stored $stored"
is 'everything that was committed was answered, and the other way round' "$stored" "$answered"
is 'no peer was told 5yz' "$(cat "$tmp"/peer* | grep -c '^[a-z]* 5[0-9][0-9]')" 0

# ---- sockets

ndrqd_start
ndrqd_kill
ok 'a killed daemon leaves its socket behind' test -S "$q/lmtp.sock"
ok 'which the next one replaces' ndrqd_start
ok 'and answers on' lmtp --rcpt again@victim.example
ok 'ndrqd ends in good order' ndrqd_stop
ok 'and takes its socket with it' test ! -e "$q/lmtp.sock"

# Someone else's socket is not taken away, nor is a file.
echo precious >"$q/lmtp.sock"
ndrqd_run
ndrqd_ended
ok 'a file where the socket should be is an error' test "$(cat "$q.status")" != 0
is 'and is left alone' "$(cat "$q/lmtp.sock")" precious

plan
