#!/bin/bash
# What ndrq writes itself, with a real Postfix: the submit port of
# conf/postfix.md delivers to a local postmaster, sends to others past the
# capture, and gives nothing back to ndrqd.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"
. "$top_srcdir/tests/lib/unpack.sh"
. "$top_srcdir/tests/lib/postfix.sh"

need python3
as_root "$0" # Postfix starts only as root
postfix_use

read -r smtp release submit internet <<<"$(free_ports 4)"
sink=$tmp/internet
postfix=$tmp/postfix
mailbox=$postfix/mail/man # postmaster's alias

# policy POSTMASTER
policy() {
	cat >"$q/policy.conf.new" <<-END
		local_domains = [ "local.test", "mx.local.test" ];
		postmaster = "$1";
		digest = { at = "00:00"; };
		remote_domains = (
		  { name = "Default"; domain = "*"; copy = "each"; },
		  { name = "Short"; domain = "short.example"; ndr = "send"; returned = "headers"; }
		);
	END
	mv "$q/policy.conf.new" "$q/policy.conf"
}
# spam SENDER SUBJECT: to a user who does not exist, so Postfix bounces it
spam() {
	printf '%s\r\n' "From: <$1>" 'To: <nouser@local.test>' "Subject: $2" \
		"Message-ID: <$2@client.test>" '' "text of $2" >"$tmp/$2.eml"
	python3 "$top_srcdir/tests/lib/lmtp.py" --smtp "127.0.0.1:$smtp" \
		--from "$1" --rcpt nouser@local.test "$tmp/$2.eml" >/dev/null
}
# The lines of conf/postfix.md, with the test's port.
submit_port() {
	sed -n '/^    127.0.0.1:10045/,/^$/s/^    //p' "$top_srcdir/conf/postfix.md" |
		sed "s/10045/$submit/"
}

ndrqd_new "127.0.0.1:$release" "submit = { relay = \"127.0.0.1:$submit\"; };"
policy postmaster@local.test
sink_start "$sink" "$internet" || bail_out "the sink does not start"
ndrqd_start || bail_out "ndrqd does not start"
postfix_new "$postfix" "$smtp" "$release" "unix:$q/lmtp.sock" "$internet"
submit_port >>"$postfix/etc/master.cf"
ok 'conf/postfix.md has a submit port' grep -q "127.0.0.1:$submit inet" "$postfix/etc/master.cf"
postfix_start || bail_out "Postfix does not start"

spam forged@victim.example first
ok "a copy is in the local postmaster's mailbox" \
	wait_for 30 grep -rq '^Subject: NDR .* held: 5.1.1, forged@victim.example' "$mailbox/new"
ok 'with the notification in it' grep -rq 'Message-ID: <first@client.test>' "$mailbox/new"

spam ann@short.example short
ok 'what was made shorter leaves for another domain' \
	wait_for 30 sink_has "$sink" 1 '^Subject: Undelivered Mail Returned to Sender'
ok 'and the copy of the row that has none does not' sink_has "$sink" 0 '^Subject: NDR'

policy postmaster@remote.example
ndrqd_reload
spam forged@victim.example second
ok 'a postmaster elsewhere has copies too' wait_for 30 sink_has "$sink" 1 '^Subject: NDR .* held'

ndrqd_stop
python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DELETE FROM digest")
db.commit()' "$q/ndrq.db"
policy postmaster@local.test
ndrqd_start
ok 'and the digest arrives' wait_for 30 grep -rq '^Subject: ndrq: 2 held, 1 sent' "$mailbox/new"
ok 'nothing came back to ndrqd' sh -c "! grep -qE 'event=(loop|relay-paused)' '$q.log'"
wait_for 60 postfix_flush_is_empty
is 'and nothing is left in the queue of either' "$(count_lines records "r['state'] == 'sending'")" 0
ok 'ndrqd ends in good order' ndrqd_stop
plan
