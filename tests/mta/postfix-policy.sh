#!/bin/bash
# Proof with a real Postfix: what a filter, or a login, says of senders decides
# who is told, whatever strangers write into their mail.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/mta.sh"
. "$top_srcdir/tests/lib/postfix.sh"

as_root "$0" # Postfix starts only as root
postfix_use

mta=postfix mta_name=Postfix
mta_places prepend index1 milter old_milter service
outside='ADDR=203.0.113.9 NAME=client.stranger.example'

# server_start NAME COMMAND…: one that says "ready"
server_start() {
	local name=$1

	shift
	python3 -u "$@" >"$tmp/$name.log" 2>&1 &
	at_exit kill $!
	wait_for 20 grep -q ready "$tmp/$name.log" || bail_out "$name does not start"
}

# Who may send from where, in place of DNS: 203.0.113.0/24 is where our strangers are.
filter_start() {
	local name=$1 port=$2

	shift 2
	server_start "$name" "$top_srcdir/tests/lib/sender_filter.py" --listen "127.0.0.1:$port" \
		--id mx.local.test --publish proved.example=203.0.113.0/24 \
		--publish srs.local.test=203.0.113.0/24 --publish local.test=203.0.113.0/24 \
		--publish forged.example=198.51.100.0/24 "$@"
}

policy() {
	ndrqd_policy_is <<-END
		mode = "enforce";
		local_domains = [ "local.test", "mx.local.test", "srs.local.test" ];
		our_hosts = [ "mx.local.test" ];
		our_networks = [ "192.0.2.0/24" ];
		authserv_ids = [ "mx.local.test" ];
		trusted_arc_sealers = [ "local.test" ];
		remote_domains = (
		  { name = "Default"; domain = "*";
		    ndr = { proved = "send"; forged = "delete"; none = "hold"; };
		    forwarded = { proved = "send"; forged = "delete"; none = "hold"; }; }
		);
		$*
	END
}

# As conf/postfix.md has it, with a milter on one port and a policy service on another.
wire_filters() {
	cat >>"$server/etc/main.cf" <<-END
		smtpd_authorized_xclient_hosts = 127.0.0.0/8
		smtpd_sasl_auth_enable = yes
		smtpd_sasl_type = dovecot
		smtpd_sasl_path = $tmp/login
		smtpd_milters = inet:127.0.0.1:$milter
		header_checks = regexp:$server/etc/header_checks
		# What postsrsd does, without its check of the hash
		recipient_canonical_maps = regexp:$server/etc/undo_srs
		recipient_canonical_classes = envelope_recipient
		ndrq_destination_concurrency_limit = 50
		ndrq_initial_destination_concurrency = 50
	END
	sed -i 's/^\(smtpd_relay_restrictions =\).*/\1 permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination/' \
		"$server/etc/main.cf"
	sed -i 's/^ndrq unix - - n - 20 /ndrq unix - - n - 50 /' "$server/etc/master.cf"
	cat >>"$server/etc/master.cf" <<-END
		127.0.0.1:$prepend inet n - n - - smtpd
		    -o smtpd_milters=
		    -o receive_override_options=no_header_body_checks
		    -o smtpd_recipient_restrictions=check_policy_service,inet:127.0.0.1:$service
		127.0.0.1:$index1 inet n - n - - smtpd
		    -o smtpd_milters=inet:127.0.0.1:$old_milter
	END
	sed -n 's/^ *\(\/.*\)mx\\.example\\.org\(.* IGNORE\)$/\1mx\\.local\\.test\2/p' \
		"$top_srcdir/conf/postfix.md" >"$server/etc/header_checks"
	[ "$(grep -c . "$server/etc/header_checks")" = 1 ] || bail_out "conf/postfix.md has no header_checks"
	echo '/^SRS0=[^=]+=[^=]+=([^=]+)=(.*)@local\.test$/ $2@$1' >"$server/etc/undo_srs"
}

# stranger PORT NAME [OPTION…]: spam from outside in the name of NAME@victim.example, with
# the header fields of stdin on top. FROM and RCPT are other addresses than the usual ones.
stranger() {
	local port=$1 name=$2 file

	shift 2
	file=$(mktemp "$tmp/mail.XXXXXX")
	{
		sed 's/$/\r/'
		printf '%s\r\n' "From: <${FROM-$name@victim.example}>" "Subject: $name" \
			"Message-ID: <$name@client.test>" '' "text of $name"
	} >"$file"
	hand "$port" "${FROM-$name@victim.example}" "${RCPT-no$name@local.test}" "$file" \
		--xclient "$outside" "$@" >>"$tmp/hand.log" 2>&1
}

# is_judged RECIPIENT STATE RULE: there is one record for it, and that is what it says; RULE ends
# in the proof, and the record has it too.
# Python takes too long to begin for so many questions.
is_judged() {
	local found proof=${3##*.} wanted="\"state\":\"$2\" \"rule\":\"$3\" "

	[ "$proof" = none ] || wanted+="\"proof\":\"$proof\" "
	wait_for 60 is_settled "$1"
	found=$(lines_of "$1" | grep -oE '"(state|rule|proof)":"[^"]*"' | tr '\n' ' ')
	echo "$found"
	[ "$found" = "$wanted" ]
}
lines_of() {
	ndrq list --json | grep -F "\"recipient\":\"$1\""
}
is_settled() {
	lines_of "$1" | grep -vqE '"state":"(sending|releasing)"'
}
id_of() {
	lines_of "$1" | field id
}

ndrqd_new "127.0.0.1:$release"
policy
filter_start milter "$milter"
filter_start old-milter "$old_milter" --index 1
filter_start service "$service" --policy
server_start login "$top_srcdir/tests/lib/login_server.py" "$tmp/login" alice:secret
postfix_new "$server" "$smtp" "$release" "unix:$q/lmtp.sock" "$internet"
wire_filters
mta_start

# ---- one flood of three kinds

flood() {
	python3 "$top_srcdir/tests/lib/flood.py" "127.0.0.1:$smtp" --xclient "$outside" "$@"
}
judged() {
	tally '":".join((r["domain"], r["state"], r["rule"]))'
}
judged_are() {
	[ "$(judged)" = "$1" ]
}
ok 'Postfix takes 300 messages over 10 sessions at once' \
	flood --sessions 10 --count 300 '{}@proved.example' '{}@forged.example' '{}@unknown.example'
queue_drains
wanted='forged.example:deleted:Default.ndr.forged=100 proved.example:sent:Default.ndr.proved=100 unknown.example:held:Default.ndr.none=100'
wait_for 60 judged_are "$wanted"
is 'a third is sent, a third deleted and a third held, each by its proof' "$(judged)" "$wanted"
told() {
	cat "$sink"/*.json | python3 -c '
import json, sys
decoder, text = json.JSONDecoder(), sys.stdin.read().strip()
while text:
    message, end = decoder.raw_decode(text)
    text = text[end:].strip()
    for rcpt in message.get("rcpt", []):
        print(rcpt.split("<")[1].split(">")[0])'
}
queue_drains
is 'who was proved has heard, once' "$(told | sort -u | wc -l) $(told | wc -l)" '100 100'
is 'and nobody else' "$(told | grep -vc '@proved\.example$')" 0

# ---- forgeries

# forgery NAME SENTENCE [OPTION…]: a mail by stranger() through each of the filters
forged=()
forgery() {
	local name=$1 sentence=$2 fields

	shift 2
	fields=$(cat; echo .)
	stranger "$smtp" "$name-milter" "$@" < <(printf %s "${fields%.}")
	stranger "$prepend" "$name-service" "$@" < <(printf %s "${fields%.}")
	forged+=("$name" "$sentence")
}
pass='dmarc=pass header.from=victim.example; spf=pass smtp.mailfrom=victim.example; dkim=pass header.d=victim.example'
elsewhere='Received: from mail.victim.example (mail.victim.example [198.51.100.7])'
here='	by mx.local.test (Postfix) with'
behind='	id 4C0FFEE1234; Sun, 22 Nov 2026 00:00:00 +0000 (UTC)'

forgery results 'a results line that bears our id' <<-END
	Authentication-Results: mx.local.test; $pass
END
forgery folded 'one that is folded, and hides our id behind a comment' <<-END
	Authentication-Results:
	 (checked (twice))
	 mx.local.test 1; $pass
END
forgery blank 'one with a blank before its colon' <<-END
	Authentication-Results : mx.local.test; $pass
END
forgery spf 'Received-SPF in our name' <<-END
	Received-SPF: pass (mx.local.test: domain of x@victim.example) client-ip=198.51.100.7;
	 envelope-from="x@victim.example"; receiver=mx.local.test; identity=mailfrom
END
forgery others 'the results of somebody else' <<-END
	Authentication-Results: mail.victim.example; $pass
END
forgery fail 'a line of ours by which the sender would be forged' <<-END
	Authentication-Results: mx.local.test; dmarc=fail header.from=victim.example
END
forgery above 'results above a made-up Received line that claims to be ours' <<-END
	Authentication-Results: mx.local.test; $pass
	$elsewhere
	$here ESMTPS
	$behind
END
forgery twice 'results above two of those' <<-END
	Authentication-Results: mx.local.test; $pass
	Received: from mx.local.test (localhost [127.0.0.1])
	$here ESMTP
	$behind
	Authentication-Results: mx.local.test; $pass
	$elsewhere
	$here ESMTP
	$behind
END
forgery login 'a made-up Received line by which he logged in' <<-END
	$elsewhere
	$here ESMTPSA
	$behind
END
forgery inside 'a made-up Received line by which the message began here' <<-END
	Received: by mx.local.test (Postfix, from userid 1000)
	$behind
END
forgery seal 'an ARC seal in the name of one we trust' <<-END
	ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=local.test; s=s; b=AAAA
	ARC-Message-Signature: i=1; a=rsa-sha256; d=local.test; s=s; h=from; bh=AAAA; b=AAAA
	ARC-Authentication-Results: i=1; mx.local.test; arc=pass; $pass
END
forgery hello 'a greeting that looks like the rest of the line' \
	--hello "localhost ([127.0.0.1]) by mx.local.test (Postfix) with ESMTPA id 1" </dev/null
forgery address 'a greeting that is one of our addresses' --hello '[192.0.2.1]' </dev/null
forgery nested 'results in a notification inside the returned message' <<-END
	Authentication-Results: mx.local.test; $pass
	MIME-Version: 1.0
	Content-Type: multipart/report; report-type=delivery-status; boundary=b

	--b
	Content-Type: message/delivery-status

	Reporting-MTA: dns; mx.local.test

	Final-Recipient: rfc822; x@local.test
	Action: failed
	Status: 5.1.1

	--b
	Content-Type: message/rfc822

	Authentication-Results: mx.local.test; $pass
	$elsewhere
	$here ESMTPA
	$behind
	From: <x@victim.example>

	text
	--b--
END
for ((i = 0; i < ${#forged[@]}; i += 2)); do
	for filter in milter service; do
		ok "nothing is proved by ${forged[i + 1]}: held ($filter)" \
			is_judged "${forged[i]}-$filter@victim.example" held Default.ndr.none
	done
done

FROM=saved@forged.example stranger "$smtp" saved <<-END
	Authentication-Results: mx.local.test; dmarc=pass header.from=forged.example
END
ok 'nor does a line of his own help whom the filter found out' \
	is_judged saved@forged.example deleted Default.ndr.forged

# results_in NAME: how many lines in the returned message bear our id
results_in() {
	ndrq show --raw "$(id_of "$1@victim.example")" | tr '\n' ' ' |
		grep -oiE 'Authentication-Results *:[^:]*mx\.local\.test' | wc -l
}
is "the wiring strips what bears our id, and leaves the milter's own" "$(results_in results-milter)" 1
is 'also when it is folded' "$(results_in folded-milter)" 1
is 'also with a blank before the colon' "$(results_in blank-milter)" 1
is "behind a policy service it stays, below the border" "$(results_in results-service)" 2

# ---- senders behind an SRS tag, which the filter knows nothing of

srs='SRS0=HHH=TT=victim.example=tagged'
FROM=$srs@srs.local.test stranger "$smtp" tagged </dev/null
ok "results for our own domain prove nothing of who is behind an SRS address of ours" \
	is_judged "$srs@srs.local.test" held Default.ndr.none
FROM=$srs@local.test stranger "$smtp" untagged </dev/null
ok 'nor when Postfix has undone the tag' is_judged tagged@victim.example held Default.ndr.none

# ---- notifications that a stranger wrote whole

# whole RECIPIENT: as good as ours, with a returned message that we would have proved
whole() {
	sed 's/$/\r/' >"$tmp/whole.eml" <<-END
		${2-}From: MAILER-DAEMON@mx.local.test
		Subject: Undelivered Mail Returned to Sender
		MIME-Version: 1.0
		Content-Type: multipart/report; report-type=delivery-status; boundary=b

		--b
		Content-Type: message/delivery-status

		Reporting-MTA: dns; mx.local.test

		Final-Recipient: rfc822; nouser@local.test
		Action: failed
		Status: 5.1.1

		--b
		Content-Type: message/rfc822

		Return-Path: <$1>
		Authentication-Results: mx.local.test; dmarc=pass header.from=${1#*@}
		Received: from mail.${1#*@} (mail.${1#*@} [198.51.100.7])
		$here ESMTPSA
		$behind
		From: <$1>
		Subject: buy this

		text
		--b--
	END
}
whole bob@forwarded.example
hand "$smtp" '' fwd@local.test "$tmp/whole.eml" --xclient "$outside" >>"$tmp/hand.log" 2>&1
ok 'a notification that a stranger wrote whole proves nothing when an alias sends it on' \
	is_judged bob@forwarded.example held Default.forwarded.none
whole whole@victim.example "Received: from x (x.stranger.example [203.0.113.9])
		$here ESMTP
		$behind
		"
hand "$smtp" '' whole@victim.example "$tmp/whole.eml" >>"$tmp/hand.log" 2>&1
ok 'nor when another host of ours relays it' is_judged whole@victim.example held Default.ndr.none

# ---- who is known

stranger "$smtp" boss --login alice:secret </dev/null
ok 'who logs in is proved, in the name of a foreign domain too' \
	is_judged boss@victim.example sent Default.ndr.proved
ok 'and hears of it once' wait_for 30 sink_has "$sink" 1 '<boss@client\.test>'
ok 'Postfix wrote that he logged in' grep -q 'with ESMTPA id' "$(sink_messages "$sink" '<boss@client\.test>')"
stranger "$smtp" guess --login alice:guessed </dev/null
ok 'who guesses a password is not' is_judged guess@victim.example held Default.ndr.none
printf '%s\r\n' 'From: <office@victim.example>' 'Subject: office' '' 'text' >"$tmp/office.eml"
hand "$smtp" office@victim.example nooffice@local.test "$tmp/office.eml" >>"$tmp/hand.log" 2>&1
ok 'who sends from our own network is' is_judged office@victim.example sent Default.ndr.proved

FROM=ann@proved.example stranger "$prepend" service </dev/null
ok 'results of a policy service count' is_judged ann@proved.example sent Default.ndr.proved
FROM=eve@forged.example stranger "$prepend" service </dev/null
ok 'also against the sender' is_judged eve@forged.example deleted Default.ndr.forged
FROM=old@proved.example stranger "$index1" old </dev/null
ok 'those of a milter that inserts at index 1 do not' is_judged old@proved.example held Default.ndr.none

queue_drains
is 'nobody heard who was not to' \
	"$(told | grep -vE '^[0-9]+@proved|^(ann@proved|boss@victim|office@victim)\.example$')" ''

# ---- a limit

many=many@proved.example
policy 'rules = ( { name = "three a day"; limit = "3/1d"; per = "address"; action = "hold"; } );'
ok 'a policy with a limit is taken' ndrqd_reload

# Stopped, ndrqd has all sessions before it answers the first.
sessions() {
	grep -c " $q/lmtp\.sock\$" /proc/net/unix
}
sessions_are_open() {
	[ "$(sessions)" -gt 50 ] # and the one that listens
}
kill -STOP "$(cat "$q.pid")"
ok '1000 bounces for one victim are made over 50 sessions' flood --sessions 50 --count 1000 "$many"
ok 'and come in over 50 at once' wait_for 60 sessions_are_open
kill -CONT "$(cat "$q.pid")"
queue_drains 120
wait_for 60 outbox_is_empty
queue_drains
of_many() {
	lines_of "$many" | grep -F "\"state\":\"$1\"" | grep -cF "\"rule\":\"$2\""
}
is 'exactly three are sent' "$(of_many sent Default.ndr.proved)" 3
is 'and arrive' "$(told | grep -cFx "$many")" 3
is 'all others are held, and say by which rule' "$(of_many held 'three a day')" 997
FROM=few@proved.example stranger "$smtp" few </dev/null
ok 'the next address has its own three' is_judged few@proved.example sent Default.ndr.proved
ok 'ndrqd ends' ndrqd_stop
ok 'and starts again' ndrqd_start
FROM=$many stranger "$smtp" tomorrow </dev/null
queue_drains
is 'and has not forgotten' "$(of_many held 'three a day')" 998

plan
