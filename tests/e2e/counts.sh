#!/bin/bash
# Rules that count: a limit on what is sent holds however many come at once and
# whatever is delivered again; storms are one group; harvesters are marked, and
# only by what we know ourselves.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay <<<"$(free_ports 1)"
sink=$tmp/relay
sink_start "$sink" "$relay" || bail_out "the sink does not start"
ndrqd_new "127.0.0.1:$relay"

# policy MODE RULE…: everything is sent but for the rules
policy() {
	local mode=$1 rules

	shift
	printf -v rules '%s,\n' "$@"
	ndrqd_policy_is <<-END
		mode = "$mode";
		local_domains = [ "local.test", "mx.local.test" ];
		our_hosts = [ "mx.local.test" ];
		rules = ( ${rules%,*} );
		remote_domains = ( { name = "Default"; domain = "*"; ndr = "send"; } );
	END
}

# flood SESSIONS EACH TAG RCPT [RETURNED [OWN [REPORTED]]]: that many sessions at once, each with
# as many notifications; {} becomes the number of the notification. RETURNED stands on top of the
# returned header, OWN on top of the notification; REPORTED is who could not be reached.
flood() {
	python3 - "$top_srcdir/tests/lib" "$(ndrqd_address)" "$@" <<-'END'
		import sys, threading
		sys.path.insert(0, sys.argv[1])
		from lmtp import Client, bounce
		address, sessions, each, tag, rcpt = sys.argv[2:7]
		returned, own, reported = (sys.argv[7:] + ["", "", "nouser@local.test"][len(sys.argv) - 7:])[:3]
		sessions, each = int(sessions), int(each)
		ready = threading.Barrier(sessions)
		bad = []

		def message(i):
		    text = bounce(rcpt.replace("{}", str(i)), "%s.%d" % (tag, i)).decode()
		    text = text.replace("nouser@local.test", reported.replace("{}", str(i)))
		    head = "Content-Type: message/rfc822\r\n\r\n"
		    at = text.index(head) + len(head)
		    lines = (returned.replace("{}", str(i)) + "\r\n") if returned else ""
		    return ((own + "\r\n" if own else "") + text[:at] + lines + text[at:]).encode()

		def session(s):
		    client = Client(address)
		    ready.wait()
		    for i in range(s * each, (s + 1) * each):
		        replies = client.send(b"", [rcpt.replace("{}", str(i)).encode()], message(i))
		        if [r[0] for r in replies] != ["2"]:
		            bad.append(replies)
		    client.command("QUIT")

		threads = [threading.Thread(target=session, args=(s,)) for s in range(sessions)]
		for t in threads: t.start()
		for t in threads: t.join()
		sys.exit("not taken: %s" % bad[:3] if bad else 0)
	END
}
at_sink() { # ADDRESS, in any case
	cat "$sink"/*.json 2>/dev/null | grep -ic "RCPT TO:<$1>"
}
arrived() {
	[ "$(at_sink "$1")" = "$2" ]
}
counted() { # EXPRESSION
	count_lines records "$1"
}
to() {
	echo "r['recipient'].lower() == '$1'"
}

# ---- a limit

policy enforce '{ name = "Enough"; limit = "3/1d"; per = "address"; }'
ndrqd_start || bail_out "ndrqd does not start"

ok 'a thousand notifications to one address are taken over fifty sessions' \
	flood 50 20 limit 'Victim@Remote.example'
ok 'all that will be sent is' wait_for 60 outbox_is_empty
is 'exactly three arrive' "$(at_sink victim@remote.example)" 3
is 'the others are held' "$(counted "$(to victim@remote.example) and r['state'] == 'held' and r['rule'] == 'Enough'")" 997
ndrqd_kill # or what was sent would be a loop
ndrqd_start || bail_out "ndrqd does not start again"
ok 'delivered again they are taken again' flood 50 20 limit 'Victim@Remote.example'
is 'and recognised: no further record' "$(counted "$(to victim@remote.example)")" 1000
ok 'the same victim in other words is taken' flood 2 5 tagged 'prvs=1{}abcdef=VICTIM@remote.example'
ok 'but nothing of it is sent' outbox_is_empty
is 'for it is counted as one' "$(at_sink '.*victim@remote.example')" 3
ok 'someone else is taken' flood 1 2 other 'other@remote.example'
ok 'and is told' wait_for 30 arrived other@remote.example 2

ndrqd_kill
ndrqd_start || bail_out "ndrqd does not start again"
ok 'after a kill' flood 1 3 killed 'other@remote.example'
ok 'what was counted still counts' wait_for 30 outbox_is_empty
is 'so one more is told and two are held' "$(at_sink other@remote.example)" 3

# ---- a storm

policy enforce '{ name = "Storm"; storm = "10/1h"; per = "original"; }'
ndrqd_reload
ok 'bounces of one message to a hundred addresses are taken' \
	flood 10 10 storm 'reader{}@remote.example' 'Message-ID: <one@list.example>'
ok 'ten are sent' wait_for 30 outbox_is_empty
is 'and ninety held' "$(counted "r['rule'] == 'Storm' and r['state'] == 'held'")" 90
is 'all hundred are one group' "$(ndrq list --storm 1 --count)" 100
ok 'the log says so' ndrqd_said 'event=storm .*storm=1 shared="?original <one@list.example>"? rule=Storm'
like 'the tool says what they share' "$(ndrq stats --by storm)" 'Storm original <one@list.example> +100 '
like 'and so does each' "$(ndrq show "$(ndrq list --storm 1 --ids | tail -1)")" \
	'storm +1: original <one@list.example>, 100 records'

# ---- directory harvest

policy enforce '{ name = "Harvest"; harvest = "20/1h"; mark = "1d"; action = "delete"; }'
ndrqd_reload
border='Received: from x (x [203.0.113.7]) by mx.local.test (Postfix) with ESMTP id 1'
ok 'twenty unknown recipients, many times each, are nothing' \
	flood 2 10 few 'forged{}@remote.example' "$border" '' 'user{}@local.test'
ok 'a client that tries out more' \
	flood 4 10 many 'forged{}@remote.example' "$border" '' 'other{}@local.test'
ok 'is marked' test "$(ndrq stats --harvesters --format plain)" = 203.0.113.7
ok 'the log says so' ndrqd_said 'event=harvester .*client=203.0.113.7 rule=Harvest'
is 'and all that it sends then is deleted' "$(counted "r['rule'] == 'Harvest' and r['state'] == 'deleted'")" 40
ok 'whatever it sends' flood 1 1 marked 'a@remote.example' "$border" '' 'full@local.test'
is 'too' "$(counted "r['rule'] == 'Harvest' and r['state'] == 'deleted'")" 41
made_up='Received: from x (x [198.51.100.9]) by mx.local.test (Postfix) with ESMTP id 1'
ok 'a notification that came from outside is taken' \
	flood 4 10 outside 'forged{}@remote.example' "$made_up" \
	'Received: from evil.example (evil.example [203.0.113.99]) by mx.local.test with SMTP id 2' 'guess{}@local.test'
ok 'as one about a line that we did not write' \
	flood 4 10 foreign 'forged{}@remote.example' \
	'Received: from x (x [198.51.100.10]) by mx.evil.example with ESMTP id 1' '' 'guess{}@local.test'
is 'and marks nobody' "$(ndrq stats --harvesters --format postfix)" '203.0.113.7/32 REJECT too many unknown recipients'

# ---- observe

policy observe '{ name = "Watch"; limit = "3/1d"; per = "domain"; }'
ndrqd_reload
ok 'in observe mode ten are taken' flood 5 2 observe 'o{}@watched.example'
ok 'and all arrive' wait_for 30 arrived 'o[0-9]*@watched.example' 10
is 'with what would have become of them' "$(counted "r['rule'] == 'Watch' and r['verdict'] == 'hold'")" 7

ok 'ndrqd ends in good order' ndrqd_stop
plan
