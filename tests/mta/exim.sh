#!/bin/bash
# The whole path with a real Exim, wired with the lines of conf/exim.md: what it
# bounces is captured, what policy or a human lets out arrives, and nothing is
# lost or doubled on the way.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"
. "$top_srcdir/tests/lib/mta.sh"
. "$top_srcdir/tests/lib/unpack.sh"
. "$top_srcdir/tests/lib/exim.sh"

need python3
as_root "$0" # accounts are changed
exim_use

read -r smtp release internet <<<"$(free_ports 3)"
sink=$tmp/internet
exim=$tmp/exim

# waits N: so many are in Exim's queue
waits() {
	[ "$(exim -bpc)" = "$1" ]
}
queue_drains() {
	wait_for "${1-60}" exim_flush_is_empty
}

ndrqd_new "127.0.0.1:$release"
ndrqd_policy hold '{ name = "Friends"; domain = "*.friend.example"; ndr = "send"; }'
sink_start "$sink" "$internet" || bail_out "the sink does not start"
ndrqd_start || bail_out "ndrqd does not start"
exim_new "$exim" "$smtp" "$release" "$q/lmtp.sock" "$internet"
exim_start || bail_out "Exim does not start"

# ---- what is captured, and what is not

like 'a bounce to a stranger is routed to ndrqd' \
	"$(exim -f '<>' -bt someone@victim.example 2>&1)" 'router = ndr_capture, transport = ndr_store'
like 'other mail is not' \
	"$(exim -f alice@local.test -bt someone@victim.example 2>&1)" 'router = smarthost'
like 'nor does sender verification go there' \
	"$(exim -bvs someone@victim.example 2>&1)" 'verified'

mail forged@victim.example nouser@local.test backscatter >/dev/null
ok 'spam from a forged sender to an unknown user gives one held record' \
	wait_for 30 has_records 1 forged@victim.example
queue_drains
ok 'nothing of it is at the remote sink' sink_has "$sink" 0 .
id=$(with forged@victim.example)
shown=$(ndrq show --json "$id")
is 'the record says it is an NDR' "$(field class <<<"$shown")" failed
is 'the record says which rule held it' "$(field rule <<<"$shown")" Default.ndr

mail alice@local.test nouser@local.test mistyped >/dev/null
ok 'the NDR of a local sender is delivered locally' \
	wait_for 30 grep -qi 'Message-ID: <mistyped@client.test>' "$exim/mail/alice"
queue_drains
is 'ndrqd never saw it' "$(count_lines records)" 1

mail boss@mail.friend.example nouser@local.test allowed >/dev/null
ok "an allowlisted domain's NDR arrives at the sink by the release port" \
	wait_for 30 sink_has "$sink" 1 '<allowed@client\.test>'
ok 'it is recorded as sent' wait_for 10 has_records 1 boss@mail.friend.example sent
queue_drains
is 'it is not captured again' "$(count_lines records)" 2

mail alice@local.test someone@victim.example ordinary >/dev/null
ok 'mail that has a sender goes out as ever' \
	wait_for 30 sink_has "$sink" 1 '<ordinary@client\.test>'

mail fwd@local.test nouser@local.test forwarded >/dev/null
ok 'an NDR for a local user who forwards off-site is passed on' \
	wait_for 30 sink_has "$sink" 1 '<forwarded@client\.test>'
ok 'and its rule says why' \
	wait_for 10 records_are 1 'r["recipient"] == "bob@forwarded.example" and r["rule"].endswith("forwarded")'
mail SRS0=HHH=TT=victim.example=tagged@local.test nouser@local.test tagged >/dev/null
ok 'one for who is behind an SRS address is not: it is held' wait_for 30 has_records 1 tagged@victim.example

# ---- release

ok 'ndrq release says it will' ndrq release --reason 'a customer asked' "$id"
ok 'the released NDR arrives' wait_for 30 sink_has "$sink" 1 '<backscatter@client\.test>'
ok 'its record ends as released' wait_for 10 state_is "$id" released
queue_drains
ok 'exactly one copy arrived' sink_has "$sink" 1 '<backscatter@client\.test>'
is 'and it was not captured again' "$(count_lines with forged@victim.example)" 1

sink_say "$sink" 'mail 451 4.3.0 later'
mail later@victim.example nouser@local.test later >/dev/null
wait_for 30 has_records 1 later@victim.example
ndrq release "$(with later@victim.example)" >/dev/null
ok 'a release that the next server puts off stays with Exim' wait_for 30 state_is "$(with later@victim.example)" released
ok 'and is put off' wait_for 30 exim_said '== later@victim\.example R=smarthost .*451 4\.3\.0 later'
sink_say "$sink"
ok 'then it goes out' queue_drains
ok 'once' sink_has "$sink" 1 '<later@client\.test>'
is 'and is not captured again' "$(count_lines with later@victim.example)" 1

# ---- ndrqd is down, in two ways

ok 'ndrqd ends' ndrqd_stop
for i in 1 2 3 4 5; do
	mail "down$i@victim.example" nouser@local.test "down$i" >/dev/null
	mail "down$i@mail.friend.example" nouser@local.test "friend$i" >/dev/null
done
ok 'bounces made meanwhile wait with Exim' \
	wait_for 30 exim_said '== down5@mail\.friend\.example.*T=ndr_store defer'
ok 'all of them' wait_for 30 waits 10
ok 'ndrqd starts' ndrqd_start
ok 'and they come' queue_drains
is 'five are held' "$(count_lines records 'r["recipient"].startswith("down") and r["state"] == "held"')" 5
ok 'five are sent' wait_for 30 sink_has "$sink" 5 '<friend[0-9]@client\.test>'
queue_drains
ok 'and nobody else heard' sink_has "$sink" 0 '<down[0-9]@client\.test>'

plan
