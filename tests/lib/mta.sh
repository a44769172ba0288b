# mta.sh: a throw-away mail server with ndrqd beside it, and what is true of
# each that is wired as conf/ says. Source it after tap.sh, and before the file
# of the server.
#
# A test names its server in $mta, by which the functions of tests/lib/$mta.sh
# begin, and in sentences by $mta_name:
#
#	${mta}_start			and wait until it answers
#	${mta}_flush_is_empty		try all that waits in its queue: is it empty?
#	${mta}_waiting N		so many wait there
#	${mta}_deferred RCPT [WORDS]	its log says so of a delivery, and why
#
# $bounced is a recipient whose mail it bounces; $alice, a file or a folder, is
# where mail for alice@local.test lands. Mail for fwd@local.test goes on to
# bob@forwarded.example, and for the SRS address below to who is in it.
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"
. "$top_srcdir/tests/lib/unpack.sh"

bounced=nouser@local.test
srs_sender=SRS0=HHH=TT=victim.example=tagged@local.test

# mta_places [PORT…]: its folder $server, and what it talks to: ports $smtp, $release,
# $internet, where $sink is, and others of these names
mta_places() {
	need python3
	read -r smtp release internet "$@" <<<"$(free_ports $((3 + $#)))"
	server=$tmp/$mta
	sink=$tmp/internet
}

# mta_ndrqd: ndrqd as most tests want it
mta_ndrqd() {
	ndrqd_new "127.0.0.1:$release"
	ndrqd_policy hold '{ name = "Friends"; domain = "*.friend.example"; ndr = "send"; }'
}

# mta_start [OPTION…]: all of them; options are the sink's
mta_start() {
	sink_start "$sink" "$internet" "$@" || bail_out "the sink does not start"
	ndrqd_start || bail_out "ndrqd does not start"
	"${mta}_start" || bail_out "$mta_name does not start"
}

# hand PORT SENDER RECIPIENT FILE [OPTION…]: a client hands a message to it
hand() {
	local port=$1 sender=$2 recipient=$3 file=$4

	shift 4
	python3 "$top_srcdir/tests/lib/lmtp.py" --smtp "127.0.0.1:$port" \
		--from "$sender" --rcpt "$recipient" "$@" "$file"
}

# mail SENDER RECIPIENT SUBJECT [OPTION…]: what a spammer, or a user, hands to it
mail() {
	local sender=$1 recipient=$2 subject=$3 file

	shift 3
	file=$(mktemp "$tmp/mail.XXXXXX")
	printf '%s\r\n' "From: <$sender>" "To: <$recipient>" "Subject: $subject" \
		"Message-ID: <$subject@client.test>" '' "text of $subject" >"$file"
	hand "$smtp" "$sender" "$recipient" "$file" "$@"
}

# spam SENDER SUBJECT [OPTION…]: what it bounces to SENDER
spam() {
	local sender=$1 subject=$2

	shift 2
	mail "$sender" "$bounced" "$subject" "$@" >/dev/null
}

# The other half of the promise: everything the server had is gone from its queue.
queue_drains() {
	wait_for "${1-90}" "${mta}_flush_is_empty"
}

alice_has() {
	grep -rqis -- "$1" "$alice"
}
nothing_came_back() {
	! ndrqd_said 'event=(loop|relay-paused)'
}

# ---- what is true of each

# $id is then one that is held, of the message "backscatter"
it_captures_what_leaves() {
	local shown

	spam forged@victim.example backscatter
	ok 'spam in a forged name that cannot be delivered gives one held record' \
		wait_for 30 has_records 1 forged@victim.example
	queue_drains
	ok 'nothing of it is at the remote sink' sink_has "$sink" 0 .
	id=$(with forged@victim.example)
	shown=$(ndrq show --json "$id")
	is 'the record says it is an NDR' "$(field class <<<"$shown")" failed
	is 'the record says which rule held it' "$(field rule <<<"$shown")" Default.ndr

	spam alice@local.test mistyped
	ok 'the NDR of a local sender is delivered locally' \
		wait_for 30 alice_has 'Message-ID: <mistyped@client.test>'
	queue_drains
	is 'ndrqd never saw it' "$(count_lines records)" 1

	spam boss@mail.friend.example allowed
	ok "an allowlisted domain's NDR arrives at the sink by the release port" \
		wait_for 30 sink_has "$sink" 1 '<allowed@client\.test>'
	ok 'it is recorded as sent' wait_for 10 has_records 1 boss@mail.friend.example sent
	queue_drains
	is 'it is not captured again' "$(count_lines records)" 2

	mail alice@local.test someone@victim.example ordinary >/dev/null
	ok 'mail that has a sender goes out as ever' \
		wait_for 30 sink_has "$sink" 1 '<ordinary@client\.test>'

	spam fwd@local.test forwarded
	ok 'an NDR for a local user who forwards off-site is passed on' \
		wait_for 30 sink_has "$sink" 1 '<forwarded@client\.test>'
	ok 'and its rule says why' \
		wait_for 10 records_are 1 'r["recipient"] == "bob@forwarded.example" and r["rule"].endswith("forwarded")'
	spam "$srs_sender" tagged
	ok 'one for who is behind an SRS address is not: it is held' wait_for 30 has_records 1 tagged@victim.example

	mail '' relayed@victim.example relayed >/dev/null
	ok 'what another host of ours sends out with a null sender is captured too' \
		wait_for 30 has_records 1 relayed@victim.example
}

# Of $id.
it_sends_what_is_released() {
	ok 'ndrq release says it will' ndrq release --reason 'a customer asked' "$id"
	ok 'the released NDR arrives' wait_for 30 sink_has "$sink" 1 '<backscatter@client\.test>'
	ok 'its record ends as released' wait_for 10 state_is "$id" released
	queue_drains
	ok 'exactly one copy arrived' sink_has "$sink" 1 '<backscatter@client\.test>'
	is 'with no Delivered-To, by which the next server would see a loop' \
		"$(grep -c '^Delivered-To:' "$(sink_messages "$sink" '<backscatter@client\.test>')")" 0
	is 'and it was not captured again' "$(count_lines with forged@victim.example)" 1
}

it_keeps_a_release_that_is_put_off() {
	local later

	spam later@victim.example later
	wait_for 30 has_records 1 later@victim.example
	later=$(with later@victim.example)
	sink_say "$sink" 'mail 451 4.3.0 later'
	ndrq release "$later" >/dev/null
	ok "a release that the next server puts off stays with $mta_name" wait_for 30 state_is "$later" released
	ok 'and is put off' wait_for 30 "${mta}_deferred" 'later@victim\.example' '451 4\.3\.0 later'
	sink_say "$sink"
	ok 'then it goes out' queue_drains
	ok 'once' sink_has "$sink" 1 '<later@client\.test>'
	is 'and is not captured again' "$(count_lines with later@victim.example)" 1
}

it_keeps_bounces_while_ndrqd_is_down() {
	local i

	ok 'ndrqd ends' ndrqd_stop
	for i in 1 2 3 4 5; do
		spam "down$i@victim.example" "down$i"
		spam "down$i@mail.friend.example" "friend$i"
	done
	mail '' down6@victim.example down6 >/dev/null
	ok "bounces made meanwhile wait with $mta_name" \
		wait_for 30 "${mta}_deferred" 'down5@mail\.friend\.example'
	ok 'all of them' wait_for 30 "${mta}_waiting" 11
	ok 'ndrqd starts' ndrqd_start
	ok 'and they come' queue_drains
	is 'six are held' "$(count_lines records 'r["recipient"].startswith("down") and r["state"] == "held"')" 6
	ok 'five are sent' wait_for 30 sink_has "$sink" 5 '<friend[0-9]@client\.test>'
	queue_drains
	ok 'and nobody else heard' sink_has "$sink" 0 '<down[0-9]@client\.test>'
}

# postmaster_is ADDRESS: and gets a copy of each NDR
postmaster_is() {
	ndrqd_policy hold
	sed -i 's/domain = "\*";/& copy = "each";/' "$q/policy.conf"
	echo "postmaster = \"$1\";" >>"$q/policy.conf"
	ndrqd_reload
}
# What ndrqd writes itself, by the release port.
it_delivers_copies() {
	postmaster_is alice@local.test
	spam forged@victim.example copied
	ok 'a copy for a local postmaster is in his mailbox' \
		wait_for 30 alice_has '^Subject: NDR .* held: .*forged@victim.example'
	postmaster_is postmaster@elsewhere.example
	spam forged@victim.example copied2
	ok 'and one for a postmaster elsewhere arrives there' wait_for 30 sink_has "$sink" 1 '^Subject: NDR .* held'
	queue_drains
	ok 'none comes back to ndrqd' nothing_came_back
}
