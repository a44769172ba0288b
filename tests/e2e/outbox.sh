#!/bin/bash
# The way out: a relay that is down, puts off, refuses, or hangs up at the one
# moment when nobody knows; and a daemon that is killed then.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay <<<"$(free_ports 1)"
sink=$tmp/relay

RELEASE='retry_min = "1s"; retry_max = "2s";' ndrqd_new "127.0.0.1:$relay"
ndrqd_start || bail_out "ndrqd does not start"

# held NAME: one held record, NAME@victim.example; its id is $id
held() {
	lmtp --rcpt "$1@victim.example" --tag "$1" ${2+"$2"} >/dev/null
	id=$(with "$1@victim.example")
}
# tried N: the relay was tried that often
tried() {
	local attempts

	attempts=$(ndrq show --json "$id" | field attempts)
	[ "${attempts:-0}" -ge "$1" ]
}
shows() {
	ndrq show "$id" | grep -q -- "$1"
}
arrived() {
	sink_has "$sink" "$1" "^Message-ID: <$2\.0@mx\.local\.test>"
}

# ---- no contact

held down
ok 'ndrq release works with the relay down' ndrq release "$id"
ok 'it is tried again and again' wait_for 30 tried 2
is 'and stays under way' "$(ndrq show --json "$id" | field state)" releasing
sink_start "$sink" "$relay" || bail_out "the sink does not start"
ok 'when the relay is up it arrives' wait_for 30 arrived 1 down
ok 'and is recorded' wait_for 10 state_is "$id" released

# ---- 4yz

held later
sink_say "$sink" 'dot 451 4.7.1 come back later'
ndrq release "$id" >/dev/null
ok 'a relay that says 4yz is tried again' wait_for 30 tried 2
ok 'its words are shown' shows '451 4.7.1 come back later'
sink_say "$sink"
ok 'when it takes the message, that is that' wait_for 30 state_is "$id" released
ok 'it arrived once' arrived 1 later

# ---- 5yz

held never
sink_say "$sink" 'rcpt 550 5.7.1 not from you'
ndrq release "$id" >/dev/null
ok 'a relay that says 5yz ends it as failed' wait_for 30 state_is "$id" failed
ok "ndrq show has the relay's words" shows '550 5.7.1 not from you'
sink_say "$sink"
ok 'a failed one can be released again' ndrq release "$id"
ok 'and then arrives' wait_for 30 state_is "$id" released

# ---- contact lost behind the dot

held unclear
sink_say "$sink" 'dot close'
ndrq release "$id" >/dev/null
ok 'a relay that hangs up behind the dot leaves the outcome unknown' wait_for 30 shows 'outcome unknown'
sink_say "$sink"
ok 'so it is sent again' wait_for 30 state_is "$id" released
ok 'and arrives' arrived 1 unclear

# ---- killed between the dot and its answer

held killed
sink_stop "$sink"
# The 354 is said, and then nothing for ten minutes.
sink_start "$sink.slow" "$relay" --delay-dot 600
ndrq release "$id" >/dev/null
ok 'the message is under way' wait_for 30 grep -q '> 354' "$sink.slow/sink.log"
ndrqd_kill
sink_stop "$sink.slow"
sink=$sink.again
sink_start "$sink" "$relay" || bail_out "the sink does not start"
ndrqd_start
ok 'a daemon killed then records the outcome as unknown' wait_for 30 shows 'outcome unknown'
ok 'and sends it again' wait_for 30 state_is "$id" released
ok 'it arrived' arrived 1 killed

# ---- killed many times

lmtp --rcpt 'many{}@victim.example' --tag many --count 60 >/dev/null
records 'r["recipient"].startswith("many")' >"$tmp/ids"
is 'sixty are held' "$(wc -l <"$tmp/ids")" 60
ndrq release - <"$tmp/ids" >/dev/null
for _ in 1 2 3; do
	sleep "0.0$((RANDOM % 9))"
	ndrqd_kill
	ndrqd_start
done
ok 'sixty releases through three kills all end as released' \
	wait_for 60 records_are 60 'r["recipient"].startswith("many") and r["state"] == "released"'
once_or_unclear() {
	local id n

	ndrq list --json >"$tmp/records.json"
	cat "$sink"/*.json | sed -n 's/.*RCPT TO:<\(many[0-9]*@[^>]*\)>.*/\1/p' | sort | uniq -c >"$tmp/arrived"
	[ "$(wc -l <"$tmp/arrived")" = 60 ] || return 1
	while read -r n rcpt; do
		[ "$n" != 1 ] || continue
		id=$(with "$rcpt")
		[ "$n" = 2 ] && shows 'outcome unknown' || {
			echo "$rcpt arrived $n times"
			return 1
		}
	done <"$tmp/arrived"
}
ok 'each arrived once, or twice where the journal says why' once_or_unclear

# ---- the bytes

printf 'Received: from a by b\r\nSubject: bytes\r\nMessage-ID: <bytes.0@mx.local.test>\r\n\r\n.dot\r\n..two\r\ntab\t \r\n\xff\xfe high\r\n' \
	>"$tmp/bytes.eml"
held bytes "$tmp/bytes.eml"
ndrq release "$id" >/dev/null
ok 'a message with dots and bytes above 127 arrives' wait_for 30 arrived 1 bytes
# One line of ours; it is how a loop is noticed.
more='[^\r\n]*(\r\n[ \t][^\r\n]*)*'
ok 'what arrives is our Received line and then the stored bytes' \
	only_added "$(sink_messages "$sink" '<bytes\.0@mx')" "$tmp/bytes.eml" \
	"Received: $more\(ndrq\)${more}id $id$more\r\n"

ok 'ndrqd ends in good order' ndrqd_stop
plan
