#!/bin/bash
# What is sent on without diagnostics: it arrives as a report that names none of
# our servers, and the store keeps the whole.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay submit <<<"$(free_ports 2)"
ndrqd_new "127.0.0.1:$relay" "submit = { relay = \"127.0.0.1:$submit\"; };"
sed -i 's/^hostname = .*/hostname = "ndrq.example";/' "$q/ndrq.conf"
row() { # NAME KEYS…
	echo "{ name = \"$1\"; domain = \"$1.example\"; ${*:2} }"
}
ndrqd_policy hold \
	"$(row silent 'ndr = "send"; ndr_diagnostics = false;')" \
	"$(row short 'ndr = "send"; returned = "headers";')" \
	"$(row quiet 'ndr_diagnostics = false; returned = "none";')" \
	"$(row whole 'ndr = "send";')"
sink_start "$tmp/relay" "$relay" && sink_start "$tmp/submit" "$submit" || bail_out "no sink"
ndrqd_start || bail_out "ndrqd does not start"

samples=$top_srcdir/tests/data/notifications
# comes NAME FILE: the record's id is $id; where it arrives, $arrived
comes() {
	lmtp --rcpt "$1" "$2" >"$tmp/said" || cat "$tmp/said"
	id=$(with "$1")
}
# arrives SINK: what arrived for the record, without our trace line
arrives() {
	wait_for 20 sink_has "$1" 1 "id $id\\.[0-9a-f]+;" || return 1
	arrived=$tmp/arrived.eml
	tail -n +3 "$(sink_messages "$1" "id $id\\.[0-9a-f]+;")" >"$arrived"
}
# report CONDITION: of the arrived message m, its parts p, and the per-recipient groups g
report() {
	python3 - "$arrived" "$1" <<-'END'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
		p = list(m.iter_parts()) if m.is_multipart() else []
		broken = [d for part in m.walk() for d in part.defects]
		types = [part.get_content_type() for part in p]
		status = [part for part in p if part.get_content_type() == "message/delivery-status"]
		g = status[0].get_payload()[1:] if status else []
		sys.exit(0 if not broken and eval(sys.argv[2]) else "%s: %s %s" % (sys.argv[2], types, broken))
	END
}
names() {
	grep -aq "$@" "$arrived"
}
lacks() {
	! names "$@"
}
is_kept() {
	ndrq show --raw "$id" | cmp - "$1"
}

# ---- sent by policy

for file in postfix/05-remote-550-rcpt exim/hardbounce-remote-full opensmtpd/hardbounce-remote-full \
	sendmail/hardbounce-remote-full; do
	mta=${file%%/*}
	# the daemon takes CRLF only, as an MTA sends it
	sed 's/\r*$/\r/' "$samples/$file.eml" >"$tmp/$mta.eml"
	comes "$mta@silent.example" "$tmp/$mta.eml"
	ok "$mta: it is sent by the way of what is signed" arrives "$tmp/submit"
	ok "$mta: as a report" report \
		'm.get_content_type() == "multipart/report" and m.get_param("report-type") == "delivery-status"'
	ok "$mta: of who failed and how" report \
		'len(g) >= 1 and all(r["Action"] == "failed" and r["Status"][0] == "5" and "@" in r["Final-Recipient"] for r in g)'
	ok "$mta: without the host that reports" lacks 'mx\.local\.test'
	ok "$mta: and what servers said" lacks -E '^(Diagnostic-Code|Remote-MTA|X-[A-Za-z-]*|Received):'
	ok "$mta: the returned message goes along" report \
		'types[2] == ("text/rfc822-headers" if "'$mta'" == "opensmtpd" else "message/rfc822")'
	ok "$mta: the store keeps the whole" is_kept "$tmp/$mta.eml"
done
ok 'none went to the release relay' sink_has "$tmp/relay" 0 '^'
ok 'ndrq show says that something is left out' grep -q 'goes out  *without diagnostics$' <(ndrq show "$id")
is 'so does --json' "$(ndrq show --json "$id" | field no_diagnostics)" True

comes user@short.example "$tmp/exim.eml"
ok 'with the headers only, the rest is as it was' arrives "$tmp/submit"
ok 'the diagnostics too' names '^Diagnostic-Code: smtp; 550 5.1.1'
ok 'of the returned message there is the header' report 'types[2] == "text/rfc822-headers"'
ok 'and no body' lacks 'Body line one'

comes user@whole.example "$tmp/exim.eml"
ok 'the others go to the release relay' arrives "$tmp/relay"
is 'byte for byte' "$(cmp "$arrived" "$tmp/exim.eml" && echo same)" same

# ---- released by hand

comes user@quiet.example "$tmp/postfix.eml"
is 'a held one is held' "$(ndrq show --json "$id" | field state)" held
ndrq release "$id" >/dev/null
ok 'released, it goes without diagnostics too' arrives "$tmp/submit"
ok 'and without the returned message' report 'len(p) == 2 and "a@rej.example" in p[0].get_content()'
ok 'and is released' wait_for 10 state_is "$id" released

comes other@quiet.example "$tmp/postfix.eml"
ndrq release --to friend@elsewhere.example "$id" >/dev/null
ok 'to another address it goes' arrives "$tmp/submit"
is 'whole' "$(cmp "$arrived" "$tmp/postfix.eml" && echo same)" same

# ---- what cannot be

printf 'From: <MAILER-DAEMON@mx.local.test>\r\nSubject: failure notice\r\n\r\nSorry.\r\n' >"$tmp/mute.eml"
printf 'Subject: x\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nz\r\n--%s--\r\n' \
	b b b >"$tmp/only.eml"
ndrqd_policy hold "$(row silent 'ndr = "send"; unknown = "send"; ndr_diagnostics = false; returned = "none";')"
ok 'the policy is read again' ndrqd_reload
comes mute@silent.example "$tmp/mute.eml"
is 'a bounce that names nobody is held' "$(ndrq show --json "$id" | field rule)" cannot-strip
comes only@silent.example "$tmp/only.eml"
is 'so is one that is nothing but the returned message' "$(ndrq show --json "$id" | field rule)" cannot-strip
ndrq release "$id" >/dev/null
ok 'released, it fails' wait_for 20 state_is "$id" failed
ok 'and says why' grep -q 'it cannot be stripped; ndrq release --to' <(ndrq show "$id")

# ---- a start that fails while one waits

ndrqd_policy hold "$(row silent 'ndr = "send"; ndr_diagnostics = false;')"
ok 'the policy is read again' ndrqd_reload
sink_stop "$tmp/submit"
comes late@silent.example "$tmp/postfix.eml"
ok 'while the relay is gone it waits' wait_for 20 ndrqd_said "id=$id event=relay-unreachable"
ok 'ndrqd ends in good order' ndrqd_stop
# so nothing is judged again, and it is leased before the intakes start
sed -i 's/"enforce"/"observe"/' "$q/policy.conf"
rm -f "$q/lmtp.sock"
mkdir "$q/lmtp.sock"
ndrqd_run
ok 'with a folder for its socket it does not start' ndrqd_ended
is 'and ends as one that cannot' "$(cat "$q.status")" 78
rmdir "$q/lmtp.sock"
sink_start "$tmp/submit" "$submit" || bail_out "no sink"
ok 'then it starts' ndrqd_start
ok 'and sends it, shorter' arrives "$tmp/submit"
ok 'as it was to be' lacks 'mx\.local\.test'

ok 'ndrqd ends in good order' ndrqd_stop
plan
