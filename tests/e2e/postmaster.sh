#!/bin/bash
# What the postmaster is told: copies, their limit, and one digest a day,
# however often the daemon is killed.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3 sqlite3
export TZ=UTC
read -r relay submit <<<"$(free_ports 2)"
out=$tmp/relay
signed=$tmp/submit

# policy LINE…: the postmaster's keys, and a row of each sort
policy() {
	{
		printf '%s\n' 'mode = "enforce";' 'local_domains = [ "local.test", "mx.local.test" ];' \
			'postmaster = "postmaster@local.test";' "$@"
		cat <<-'END'
			remote_domains = (
			  { name = "Default"; domain = "*"; },
			  { name = "Each"; domain = "each.example"; copy = "each"; },
			  { name = "Sent"; domain = "sent.example"; ndr = "send"; copy = "each"; },
			  { name = "Away"; domain = "away.example"; ndr = "delete"; copy = "each"; },
			  { name = "Late"; domain = "late.example"; copy = "digest"; }
			);
		END
	} | ndrqd_policy_is
}
# bounce ADDRESS TAG [FILE]
bounce() {
	lmtp --rcpt "$1" --tag "$2" ${3+"$3"} >/dev/null
}
# own CLASS [EXPRESSION]: the records of what ndrq wrote itself
own() {
	records "${2-}" --class "$1"
}
own_are() {
	records_are "$1" "${3-}" --class "$2"
}
arrived() {
	sink_has "$signed" "$1" "$2"
}
mail() {
	sink_messages "$signed" "$1" | tail -n 1
}
# has MAIL CODE: python, in which m is the parsed mail and envelope what was said
has() {
	python3 - "$1" "$2" <<-'END'
		import email, email.policy, json, sys
		path = sys.argv[1]
		raw = open(path, "rb").read()
		m = email.message_from_bytes(raw, policy=email.policy.default)
		envelope = json.load(open(path[:-3] + "json"))
		assert not m.defects, m.defects
		assert m["From"] == "ndrq <ndrq@mx.local.test>", m["From"]
		assert m["Auto-Submitted"] == "auto-generated"
		assert m["Date"].datetime and m["Message-ID"].endswith("@mx.local.test>")
		assert envelope["mail"].startswith("MAIL FROM:<>"), envelope
		exec(sys.argv[2])
	END
}

RELEASE='loop_pause = "500ms";' ndrqd_new "127.0.0.1:$relay" "submit = { relay = \"127.0.0.1:$submit\"; };"
policy 'copy_limit = "4/1h";'
sink_start "$out" "$relay" || bail_out "the sink does not start"
sink_start "$signed" "$submit" || bail_out "the other sink does not start"
ndrqd_start || bail_out "ndrqd does not start"

# ---- copies

bounce ann@each.example held
id=$(with ann@each.example)
ok 'of what is held a copy goes out by the submit relay' wait_for 20 arrived 1 "^Subject: NDR $id held: 5.1.1, ann@each.example"
ok 'the copy is for the postmaster' has "$(mail "NDR $id held")" \
	'assert envelope["rcpt"] == ["RCPT TO:<postmaster@local.test>"], envelope
assert m["To"] == "postmaster@local.test"'
ok 'the notification is in it as it came' has "$(mail "NDR $id held")" '
parts = list(m.iter_parts())
assert [p.get_content_type() for p in parts] == ["text/plain", "message/rfc822"], parts
assert parts[1].get_filename() == "notification-'"$id"'.eml"
inner = parts[1].get_content()
assert inner["Message-ID"] == "<held.0@mx.local.test>" and inner.get_content_type() == "multipart/report"
text = parts[0].get_content()
assert "was held, by the rule Each.ndr" in text and "ndrq release '"$id"'" in text, text'
copy=$(own copy)
is 'the copy is a record that names the other' "$(ndrq show --json "$copy" | field copy_of)" "$id"
ok 'and is sent' wait_for 10 state_is "$copy" sent
is 'it is not listed as a notification' "$(records "r['class'] == 'copy'")" ''
bounce bob@sent.example sent
ok 'of what is sent there is a copy too' wait_for 20 arrived 1 '^Subject: NDR [0-9]* sent: 5.1.1, bob@sent.example'
ok 'and what is sent leaves by the other relay' wait_for 20 sink_has "$out" 1 '^Message-ID: <sent\.0@'
bounce carl@away.example away
ok 'and of what is deleted' wait_for 20 arrived 1 '^Subject: NDR [0-9]* deleted: 5.1.1, carl@away.example'
bounce ann@each.example held
bounce eve@other.example other
bounce dora@late.example late
bounce user@local.test local
ok 'of redeliveries, local recipients and rows without copies there is none' own_are 3 copy

printf 'From: MAILER-DAEMON\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <raw.0@mx.local.test>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nK\xe4se \xff\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.local.test\r\n\r\nFinal-Recipient: rfc822; x@local.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n' >"$tmp/raw.eml"
bounce raw@each.example raw "$tmp/raw.eml"
ok 'a notification with 8-bit bytes arrives in its copy' wait_for 20 arrived 1 '^Subject: NDR [0-9]* held: 5.1.1, raw@'
ok 'byte for byte' python3 - "$(mail 'NDR [0-9]* held: 5.1.1, raw@')" "$tmp/raw.eml" <<-'END'
	import json, sys
	sent, raw = (open(f, "rb").read() for f in sys.argv[1:])
	assert b"\r\n\r\n" + raw in sent
	assert b"BODY=8BITMIME" in json.load(open(sys.argv[1][:-3] + "json"))["mail"].encode()
END

# ---- the limit

bounce late1@each.example late1
bounce late2@each.example late2
ok 'beyond copy_limit there is none' own_are 4 copy
ok 'the log says so' ndrqd_said "id=$(with late1@each.example) event=copy-left-out"
ok 'and the journal' sh -c "'$top_builddir/ndrq' -c '$q/ndrq.conf' show $(with late1@each.example) | grep 'no copy: copy_limit'"
is 'ndrq digest counts them' "$(ndrq digest --json | python3 -c 'import json, sys
c = json.load(sys.stdin)["copies"]
print(c["sent"], c["left_out"])')" '4 2'

# ---- a copy that comes back

policy 'copy_limit = "1000/1h";'
ndrqd_reload
bounce loop@each.example loop
ok 'another limit has room again' wait_for 20 arrived 1 '^Subject: NDR [0-9]* held: 5.1.1, loop@'
lmtp --rcpt back@each.example "$(mail 'held: 5.1.1, loop@')" >/dev/null
ok 'a copy that comes back is held as a loop' state_is "$(records "r['rule'] == 'loop'")" held
ok 'and has no copy' own_are 5 copy

# ---- copy_status

policy 'copy_limit = "1000/1h";' 'copy_status = [ "5.4.*" ];'
ndrqd_reload
bounce status@each.example status
ok 'a status that is not named has no copy' own_are 5 copy
sed 's/^Status: 5.1.1/Status: 5.4.6/; s/raw\.0@/named.0@/' "$tmp/raw.eml" >"$tmp/named.eml"
bounce named@each.example named "$tmp/named.eml"
ok 'one that is named has' wait_for 20 own_are 6 copy 'r["state"] == "sent"'

# ---- the digest

# The relay is down: what is made waits, and can be counted.
sink_stop "$signed"
signed=$signed.later
# A time that has passed today, or else yesterday.
policy 'digest = { at = "'"$(date -d '-2 minutes' +%H:%M)"'"; to = "boss@local.test"; };'
ndrqd_reload
ok 'a digest whose time has passed is made' wait_for 20 own_are 1 digest
for _ in 1 2 3 4 5; do
	ndrqd_kill
	ndrqd_run
	sleep "0.$((RANDOM % 40))"
done
ndrqd_kill
ndrqd_start
sleep 0.5
bounce after@other.example after
ok 'it is made once, through six kills' own_are 1 digest
sink_start "$signed" "$submit" || bail_out "the sink does not start"
# A start does not wait for a relay that was down.
ndrqd_stop
ndrqd_start
ok 'it is sent' wait_for 90 state_is "$(own digest)" sent
digest=$(mail '^Subject: ndrq: ')
ok 'and arrived' test -s "$digest"
ok 'once' arrived 1 '^Subject: ndrq: '
ok 'it is a valid message with text and HTML' has "$digest" '
assert envelope["rcpt"] == ["RCPT TO:<boss@local.test>"], envelope
assert m.get_content_type() == "multipart/alternative"
parts = list(m.iter_parts())
assert [p.get_content_type() for p in parts] == ["text/plain", "text/html"]
text, html = (p.get_content() for p in parts)
assert max(map(len, text.splitlines())) <= 80
assert "notifications came." in text and "5.1.1 bad destination mailbox address" in text
assert html.startswith("<!DOCTYPE html>") and html.rstrip().endswith("</html>")
assert max(map(len, raw.split(b"\r\n"))) <= 998'
ok 'its numbers are those of the store' has "$digest" '
import sqlite3
text = list(m.iter_parts())[0].get_content().replace("\r\n", "\n")
n = sqlite3.connect("'"$q"'/ndrq.db").execute("SELECT count(*) FROM record JOIN message"
    " ON message.id = message WHERE class NOT IN (?, ?) AND record.id <= (SELECT last_id FROM digest)",
    ("copy", "digest")).fetchone()[0]
assert "\n%d notifications came.\n" % n in text, (n, text)
assert "Copies      6 sent, 2 not made (copy_limit)" in text, text'

# Killed while it is being made, over and over, on a store that has had none.
tried=0
for n in 1 2 3 4 5 6; do
	ndrqd_stop >/dev/null
	sqlite3 "$q/ndrq.db" 'DELETE FROM digest'
	before=$(count_lines own digest)
	ndrqd_run
	sleep "0.0$((RANDOM % 10))"
	ndrqd_kill
	# in the store, or made at the next start: one more in either case
	ndrqd_start
	wait_for 20 own_are $((before + 1)) digest && sleep 0.2 && own_are $((before + 1)) digest || break
	tried=$n
done
is 'a daemon killed while it makes one loses none and doubles none' "$tried" 6

# ---- a busy day

ndrqd_stop >/dev/null
python3 "$top_srcdir/tests/cli/fill_store.py" "$q/ndrq.db" 10000 settled
sqlite3 "$q/ndrq.db" 'DELETE FROM digest'
before=$(count_lines own digest)
ndrqd_start
ok 'a digest of ten thousand is made too' wait_for 30 own_are $((before + 1)) digest
subject=$(ndrq show --json "$(own digest | head -n 1)" | field subject)
ok 'and sent' wait_for 30 arrived 1 "^Subject: $subject"
ok 'it is a valid message, right to the number' has "$(mail "^Subject: $subject")" '
import re, sqlite3
text, html = (p.get_content().replace("\r\n", "\n") for p in m.iter_parts())
db = sqlite3.connect("'"$q"'/ndrq.db")
of = dict(db.execute("SELECT state, count(*) FROM record JOIN message ON message.id = message"
    " WHERE class NOT IN (?, ?) GROUP BY state", ("copy", "digest")))
total = "{:,} notifications came".format(sum(of.values()))
assert total in text and total.replace(" ", "</span> ", 1) in html, (total, text[:300])
row = re.search("^all +(.*)$", text, re.M).group(1).replace(",", "").split()
states = "held deleted sending sent released failed".split()
assert list(map(int, row)) == [sum(of.values())] + [of.get(s, 0) for s in states], (row, of)
width = __import__("unicodedata")
wide = lambda c: 0 if width.combining(c) else 2 if width.east_asian_width(c) in "WF" else 1
assert max(sum(map(wide, line)) for line in text.split("\n")) <= 80
assert max(map(len, raw.split(b"\r\n"))) <= 998 and max(raw) < 128'

# ---- nothing to tell

ndrqd_stop >/dev/null
sqlite3 "$q/ndrq.db" \
	'UPDATE digest SET until_at = until_at - 86400000, last_id = (SELECT max(id) FROM record)'
before=$(count_lines own digest)
ndrqd_start
ok 'when nothing came there is none' wait_for 20 ndrqd_said event=digest-not-needed
ok 'nor is there a mail' own_are "$before" digest

ok 'ndrqd ends in good order' ndrqd_stop
plan
