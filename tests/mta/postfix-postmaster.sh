#!/bin/bash
# What ndrq writes itself, with a real Postfix: the submit port of
# conf/postfix.md delivers to a local postmaster, sends to others past the
# capture, and gives nothing back to ndrqd.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/mta.sh"
. "$top_srcdir/tests/lib/postfix.sh"

need sqlite3
as_root "$0" # Postfix starts only as root
postfix_use

mta=postfix mta_name=Postfix
mta_places submit
mailbox=$server/mail/man # postmaster's alias

# policy POSTMASTER
policy() {
	ndrqd_policy_is <<-END
		local_domains = [ "local.test", "mx.local.test" ];
		postmaster = "$1";
		digest = { at = "00:00"; };
		remote_domains = (
		  { name = "Default"; domain = "*"; copy = "each"; },
		  { name = "Short"; domain = "short.example"; ndr = "send"; returned = "headers"; }
		);
	END
}
# The lines of conf/postfix.md, with the test's port.
submit_port() {
	sed -n '/^    127.0.0.1:10045/,/^$/s/^    //p' "$top_srcdir/conf/postfix.md" |
		sed "s/10045/$submit/"
}

postfix_new "$server" "$smtp" "$release" "unix:$q/lmtp.sock" "$internet"
submit_port >>"$server/etc/master.cf"
ok 'conf/postfix.md has a submit port' grep -q "127.0.0.1:$submit inet" "$server/etc/master.cf"
ndrqd_new "127.0.0.1:$release" "submit = { relay = \"127.0.0.1:$submit\"; };"
policy postmaster@local.test
mta_start

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
sqlite3 "$q/ndrq.db" 'DELETE FROM digest'
policy postmaster@local.test
ndrqd_start
ok 'and the digest arrives' wait_for 30 grep -rq '^Subject: ndrq: 2 held, 1 sent' "$mailbox/new"
ok 'nothing came back to ndrqd' nothing_came_back
queue_drains
is 'and nothing is left in the queue of either' "$(count_lines records "r['state'] == 'sending'")" 0
ok 'ndrqd ends in good order' ndrqd_stop
plan
