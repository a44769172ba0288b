#!/bin/bash
# The whole path with a real Postfix: what it bounces is captured, what policy
# or a human lets out arrives, and nothing is lost or doubled on the way.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/mta.sh"
. "$top_srcdir/tests/lib/postfix.sh"

as_root "$0" # Postfix starts only as root
postfix_use

mta=postfix mta_name=Postfix
mta_places
alice=$server/mail/games/new
postfix_new "$server" "$smtp" "$release" "unix:$q/lmtp.sock" "$internet"
mta_ndrqd
mta_start

# arrived_unchanged ID MESSAGE-ID: what the sink has is the stored bytes behind trace lines
arrived_unchanged() {
	ndrq show --raw "$1" >"$tmp/stored.eml" &&
		only_added "$(sink_messages "$sink" "<$2@client\.test>")" "$tmp/stored.eml" \
			'(Received:[^\r\n]*\r\n([ \t][^\r\n]*\r\n)*)+'
}

it_captures_what_leaves
ok 'what was sent went through the release port' postfix_said 'postfix/ndrq-release/smtpd'
it_sends_what_is_released
ok 'it is what was stored, byte for byte' arrived_unchanged "$id" backscatter
it_keeps_a_release_that_is_put_off

# ---- what else is released

spam 'jürgen@münchen.example' utf8 --mail-options 'SMTPUTF8 BODY=8BITMIME'
ok 'an NDR to an internationalized address is held' \
	wait_for 30 records_are 1 'r["recipient"].startswith("jürgen@")'
id=$(records 'r["recipient"].startswith("jürgen@")')
ndrq release "$id" >/dev/null
ok 'and released it arrives' wait_for 30 sink_has "$sink" 1 '<utf8@client\.test>'
ok 'unchanged' arrived_unchanged "$id" utf8

head -c 9000000 /dev/urandom | base64 -w 76 | sed 's/$/\r/' >"$tmp/body"
{
	printf '%s\r\n' 'From: <big@victim.example>' 'Subject: large' 'Message-ID: <large@client.test>' ''
	cat "$tmp/body"
} >"$tmp/large.eml"
hand "$smtp" big@victim.example "$bounced" "$tmp/large.eml" --mail-options RET=FULL >/dev/null
ok 'an NDR of more than 10 MB is held' wait_for 60 has_records 1 big@victim.example
id=$(with big@victim.example)
ok 'whole' test "$(ndrq show --raw "$id" | wc -c)" -gt 10000000
ndrq release "$id" >/dev/null
ok 'and released it arrives' wait_for 60 sink_has "$sink" 1 '<large@client\.test>'
ok 'unchanged' arrived_unchanged "$id" large

# Postfix 3.7 takes LF . LF for the end of a message: what we hand it must have none.
printf 'From: MAILER-DAEMON@mx.local.test\r\nSubject: smuggler\r\n\r\nbefore\n.\nMAIL FROM:<>\nRCPT TO:<smuggled@victim.example>\nDATA\nSubject: smuggled\n\nafter\n.\nQUIT\n' \
	>"$tmp/smuggler.eml"
lmtp --rcpt smuggler@victim.example "$tmp/smuggler.eml" >/dev/null
id=$(with smuggler@victim.example)
ndrq release "$id" >/dev/null
ok 'a message with LF . LF MAIL FROM: inside arrives' \
	wait_for 30 sink_has "$sink" 1 '^Subject: smuggler'
queue_drains
ok 'as one message, with what came after the dot in it' \
	sink_has "$sink" 1 '^RCPT TO:<smuggled@victim\.example>'
is 'nothing is sent to the smuggled recipient' \
	"$(grep -l smuggled@victim.example "$sink"/*.json | wc -l)" 0

# ---- 500 bounces through a stop and a kill

ok 'ndrqd ends when asked to' ndrqd_stop
spam 'stopped{}@victim.example' stopped --count 50
spam 'stopped{}@mail.friend.example' stopped --count 50
ok 'bounces made while it is stopped wait with Postfix' \
	wait_for 30 postfix_deferred 'stopped1@victim\.example'
# From the log: the tool takes too long to ask to hit the middle.
stored() {
	echo $(($(grep -c 'event=stored' "$q.log") - before))
}
stored_at_least() {
	[ "$(stored)" -ge "$1" ]
}
last=$(records | sort -n | tail -n 1)
before=$(grep -c 'event=stored' "$q.log")
ndrqd_start
postqueue -f
spam 'killed{}@victim.example' killed --count 200 &
floods=$!
spam 'killed{}@mail.friend.example' killed --count 200 &
floods="$floods $!"
wait_for 60 stored_at_least 120
ok 'ndrqd is killed in the middle of 500 bounces' ndrqd_kill
in_store=$(stored)
diag "$in_store of 500 were in the store"
ok 'some were stored and some were not' test "$in_store" -gt 50 -a "$in_store" -lt 450
ok 'ndrqd starts again' ndrqd_start
wait $floods
ok "Postfix's queue drains" queue_drains 120
ok 'the outbox drains' wait_for 60 outbox_is_empty
queue_drains

ndrq list --json >"$tmp/records.json"
# The ids of those that arrived twice go to stdout.
find_places() {
	python3 - "$tmp/records.json" "$sink" "$last" <<-'END'
		import collections, glob, json, sys
		wanted = {"%s%d@%s" % (k, i, d) for d in ("victim.example", "mail.friend.example")
		          for k, n in (("stopped", 50), ("killed", 200)) for i in range(n)}
		records = collections.defaultdict(list)
		for r in map(json.loads, open(sys.argv[1])):
		    if r["id"] > int(sys.argv[3]):
		        records[r["recipient"]].append(r)
		arrived = collections.Counter()
		for name in glob.glob(sys.argv[2] + "/*.json"):
		    if name.endswith("stats.json"):
		        continue
		    message = json.load(open(name))
		    for rcpt in message["rcpt"]:
		        arrived[rcpt.split("<")[1].split(">")[0]] += message["accepted"]
		bad = 0
		for rcpt in sorted(wanted | set(records)):
		    friend = rcpt.endswith("friend.example")
		    states = [r["state"] for r in records[rcpt]]
		    if states != ["sent" if friend else "held"] or arrived[rcpt] not in ((1, 2) if friend else (0,)):
		        bad += 1
		        print(rcpt, "is", states, "and arrived", arrived[rcpt], "times", file=sys.stderr)
		    elif arrived[rcpt] == 2:
		        print(records[rcpt][0]["id"])
		print(bad, "of", len(wanted), "are wrong", file=sys.stderr)
		sys.exit(bad > 0 or len(wanted) != 500)
	END
}
in_one_place() {
	local twice id

	twice=$(find_places) || return 1
	for id in $twice; do
		ndrq show "$id" | grep -q 'outcome unknown' ||
			{ echo "record $id arrived twice and does not say why" && return 1; }
	done
	echo $twice | wc -w >"$tmp/twice"
}
ok 'every bounce is in exactly one place: held, or sent and at the sink once' in_one_place
diag "arrived twice, which the journal says: $(cat "$tmp/twice" 2>/dev/null)"

# ---- a relay that captures again

ndrqd_stop
spam again@victim.example again
spam paused@victim.example paused
sed -i "s/relay = \"[^\"]*\"/relay = \"127.0.0.1:$smtp\"/" "$q/ndrq.conf"
ndrqd_start
ok 'two more are held' queue_drains
id=$(with again@victim.example)
ndrq release "$id" >/dev/null
ok 'what a relay captures again is noticed as a loop' \
	wait_for 30 records_are 1 'r["rule"] == "loop"'
is 'and held' "$(records 'r["rule"] == "loop" and r["state"] == "held"' | wc -l)" 1
ok 'the relay is paused' wait_for 10 ndrqd_said 'event=[^ ]*pause'
ndrq release "$(with paused@victim.example)" >/dev/null
queue_drains
ok 'nothing more goes to a paused relay' has_records 1 paused@victim.example releasing
ok 'and nothing of the loop reached the sink' sink_has "$sink" 0 '<(again|paused)@client\.test>'

plan
