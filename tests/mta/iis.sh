#!/bin/bash
# The folders of IIS and Exchange, made by the test, with every oddity known:
# what is ours is taken, everything else lies there byte for byte as before;
# kills lose and double nothing; all of it by inotify, and by polling alone.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3 sqlite3
read -r relay <<<"$(free_ports 1)"
sink=$tmp/relay
sink_start "$sink" "$relay" || bail_out "the sink does not start"

mailroot() {
	python3 "$top_srcdir/tests/lib/mailroot.py" "$@"
}

# instance NAME INOTIFY: folders and a daemon of its own, not started
instance() {
	root=$tmp/$1
	q=$tmp/q-$1
	badmail=$root/Badmail drop=$root/Drop replay=$root/Replay out=$root/Out
	mkdir -p "$badmail" "$drop" "$replay" "$out" "$root/Pickup" "$root/small/Pickup"
	RELEASE='retry_min = "1s"; retry_max = "2s";' ndrqd_new "127.0.0.1:$relay" "
		directory = { rescan = \"200ms\"; settle = \"300ms\"; orphan_timeout = \"2s\"; inotify = $2; };
		directories = (
		  { kind = \"iis-badmail\"; path = \"$badmail\"; release = { pickup = \"$out\"; }; },
		  { kind = \"iis-drop\"; path = \"$drop\"; release = { pickup = \"$out\"; }; },
		  { kind = \"exchange-replay\"; path = \"$replay\"; },
		  { kind = \"exchange-badmail\"; path = \"$replay\"; },
		  { kind = \"pickup\"; path = \"$root/Pickup\"; },
		  { kind = \"pickup\"; path = \"$root/small/Pickup\"; }
		);"
}

with_id() {
	with_message_id "$1@gate.example.org"
}
stored() {
	[ "$(with_id "$1" | wc -l)" = "${2-1}" ]
}
gone() {
	local path

	for path; do
		[ ! -e "$path" ] && [ ! -e "$(dirname "$path")/.ndrq/$(basename "$path")" ] || return 1
	done
}
taken() {
	stored "$1" && gone "$badmail/$1".{bad,bdr,bdp}
}
shown() {
	ndrq show --json "$1" | field "$2"
}
told() { # EVENT NAME REASON: once
	is "of $2: $3" "$(grep -c "event=$1 .*name=[^=]*$2.* reason=\"\?$3" "$q.log")" 1
}

# ---- everything odd

# call WORD…: one line of a batch
call() {
	local IFS=$'\t'

	printf '%s\n' "$*"
}
# What lies there before the start: what is to be taken, and what is to stay.
make_ours() {
	{
		call triplet "$badmail" upper v1@victim.example BAD BDR BDP
		call triplet "$badmail" mixed v2@victim.example bad Bdr BDP
		call triplet "$badmail" $'not\xff\xfeutf8' v3@victim.example
		call triplet "$badmail" "it's a \"name\" = with blanks" v4@victim.example
		call triplet "$badmail" "$(printf 'x%.0s' {1..251})" v5@victim.example
		call triplet "$badmail" alone v6@victim.example bad
		call triplet "$badmail" reason v7@victim.example bdr bdp
		call triplet "$badmail" utf16 v8@victim.example
		call triplet "$badmail" rubbish v9@victim.example
		call triplet "$badmail" empty v10@victim.example
		call file "$badmail/lines.bad" bounce.bad lines other@victim.example \
			'x-sender: <>' 'x-receiver: <v11@victim.example>'
		call file "$drop/ndr.eml" bounce.bad drop v20@victim.example \
			'x-sender: <>' 'x-receiver: <v20@victim.example>' 'x-receiver: v21@victim.example'
		call file "$replay/ndr.EML" bounce.bad replay v22@victim.example \
			'X-Sender: <> BODY=7bit RET=HDRS ENVID=abc' \
			'X-Receiver: <v22@victim.example> NOTIFY=NEVER ORcpt=rfc822;v22@victim.example' \
			'X-CreatedBy: MSExchange15' 'X-EndOfInjectedXHeaders: 1'
		call file "$replay/ndr20261110.bad" bounce.bad exbad v23@victim.example \
			'X-Sender: <>' 'X-Receiver: <v23@victim.example>'
	} | mailroot batch
	iconv -f ASCII -t UTF-16 <"$top_srcdir/tests/data/badmail/bounce.bdr" >"$badmail/utf16.bdr"
	head -c 3000 /dev/urandom >"$badmail/rubbish.bad"
	: >"$badmail/empty.bad"
}
make_strangers() {
	echo secret >"$root/secret"
	ln -s ../secret "$badmail/link.bad"
	mkfifo "$badmail/fifo.bad"
	mkdir "$badmail/folder.bad"
	echo inside >"$badmail/folder.bad/inside.bad"
	: >"$badmail/nothing.bad"
	echo 'no message at all' >"$badmail/nomessage.bad"
	echo x | tee "$badmail/desktop.ini" "$badmail/.hidden.bad" >"$badmail/bad"
	: >"$drop/just-made.eml"
	ln -s ../secret "$drop/link.eml"
	{
		call file "$badmail/lunch.bad" mail.bad lunch x
		call triplet "$badmail" twins t@victim.example bad BAD
		call file "$drop/lunch.eml" mail.bad lunch x \
			'x-sender: alice@example.org' 'x-receiver: bob@remote.example'
		call file "$drop/arrived.eml" bounce.bad arrived alice@local.test \
			'x-sender: <>' 'x-receiver: alice@local.test' 'x-receiver: v@victim.example'
		call file "$drop/nolines.eml" bounce.bad nolines v@victim.example
		call file "$drop/ndr.tmp" bounce.bad tmp v@victim.example \
			'x-sender: <>' 'x-receiver: <v@victim.example>'
		call file "$replay/other.txt" bounce.bad other v@victim.example \
			'X-Sender: <>' 'X-Receiver: <v@victim.example>'
		call file "$replay/lunch.eml" mail.bad lunch x \
			'X-Sender: <alice@example.org>' 'X-Receiver: <bob@remote.example>'
	} | mailroot batch
}
odd_are_taken() {
	records_are 15 True && gone "$badmail"/{upper.BAD,mixed.bad,alone.bad,reason.bdr,utf16.bad,rubbish.bad,empty.bad,lines.bad} \
		"$drop/ndr.eml" "$replay"/{ndr.EML,ndr20261110.bad}
}

test_oddities() {
	make_strangers
	was=$(mailroot list "$root")
	make_ours
	ndrqd_start || bail_out 'ndrqd does not start'
	ok 'everything that is ours is taken, and only that' wait_for 20 odd_are_taken ||
		diag "$(ls -la "$badmail" "$badmail/.ndrq" "$drop" "$replay")" "$(ndrq list)"
	wait_for 10 grep -q 'name=nothing.bad' "$q.log"
	is 'everything else lies there byte for byte' "$(mailroot list "$root")" "$was"
	is 'nothing is left in .ndrq' "$(find "$root" -path '*/.ndrq/*' -type f ! -name .clock)" ''
}

# of NAME FIELD…: of the record with that Message-ID
of() {
	python3 - "$tmp/all.json" "$@" <<-'END'
		import json, sys
		for line in open(sys.argv[1]):
		    r = json.loads(line)
		    if (r.get("message_id") or "").strip("<>") == sys.argv[2] + "@gate.example.org":
		        print(*(r.get(f) for f in sys.argv[3:]))
	END
}
test_records() {
	local id

	for id in $(records); do ndrq show --json "$id"; done >"$tmp/all.json"
	is 'a triplet is one record, with recipient and error code' \
		"$(of upper recipient error_code intake)" 'v1@victim.example 0xC00402C7 iis-badmail'
	is 'in any case' "$(of mixed recipient error_code)" 'v2@victim.example 0xC00402C7'
	is 'a .bdr in UTF-16 is read' "$(of utf16 error_code)" 0xC00402C7
	is 'a .bad alone is taken after a while, without a code' "$(of alone recipient error_code)" \
		'v6@victim.example None'
	is 'the lines on top of a .bad are its envelope' "$(of lines recipient)" v11@victim.example
	is 'what is no message, but said to be a notification, is held as unknown' \
		"$(records "r['class'] == 'unknown' and r['intake'] == 'iis-badmail'" | wc -l)" 3
	is 'the two receivers of a file in Drop are two records' "$(of drop recipient | sort | xargs)" \
		'v20@victim.example v21@victim.example'
	is 'its lines are no part of the message' \
		"$(ndrq show --raw "$(of drop id | sed -n 1p)" | sed -n '1s/\r//p')" \
		'From: postmaster@gate.example.org'
	is 'the parameters of Replay are kept' "$(of replay notify orcpt)" 'NEVER rfc822;v22@victim.example'
	is 'a .bad in Replay is taken by the other row' "$(of exbad intake)" exchange-badmail

	told file-left link.bad 'link.bad: not a regular file'
	told file-left fifo.bad 'fifo.bad: not a regular file'
	told file-left folder.bad 'folder.bad: not a regular file'
	told file-left link.eml 'not a regular file'
	told file-left nothing.bad 'it is empty'
	told file-left lunch.bad 'ordinary mail'
	told file-left nomessage.bad 'ordinary mail'
	told file-left nolines.eml 'no x-sender or x-receiver line'
	is 'of two files that differ by case one line speaks' "$(grep -c 'differ by case' "$q.log")" 1
}
test_second_run() {
	ok 'it ends in good order' ndrqd_stop
	: >"$q.log"
	ndrqd_start
	sleep 1
	is 'a second run finds nothing to do' "$(grep -Ec 'event=(stored|redelivered|refused|file-refused)' "$q.log")" 0
	is 'and everything else still lies there' "$(mailroot list "$root")" "$was"
}

# ---- what is being written

test_writing() {
	mailroot drip "$badmail/slow.bad" bounce.bad slow s1@victim.example 2 &
	mailroot triplet "$badmail" slow s1@victim.example bdr bdp
	sleep 1
	ok 'a file that grows is left alone' test -e "$badmail/slow.bad" -a -e "$badmail/slow.bdr"
	ok 'and taken when it does not any more' wait_for 10 taken slow
	is 'whole' "$(ndrq show --raw "$(with_id slow)" | tail -1 | tr -d '\r')" \
		'--9B095B5ADSN=_01CA9AE238EA8D2400001AE0gate.example.org--'

	mailroot triplet "$root" held s2@victim.example
	mailroot hold "$root/held.bad" 1.5 &
	wait_for 5 test -e "$root/held.bad.held"
	mv "$root"/held.{bad,bdr,bdp} "$badmail"
	ok 'a file that is locked waits, which is said' wait_for 5 ndrqd_said 'event=file-waits .*name=held.bad .*in use'
	is 'once' "$(grep -c 'name=held.bad' "$q.log")" 1
	ok 'and is taken when it is free' wait_for 10 taken held

	mailroot triplet "$badmail" late s3@victim.example bad bdp
	sleep 0.8
	ok 'a triplet waits for its .bdr' test -e "$badmail/late.bad"
	mailroot triplet "$badmail" late s3@victim.example bdr
	ok 'and is taken with it' wait_for 10 taken late
	is 'as one' "$(shown "$(with_id late)" error_code)" 0xC00402C7
}

# A mount on a file is as busy as one that a Windows program has open.
test_busy() {
	mailroot triplet "$badmail" busy b1@victim.example bdr bdp
	cp "$badmail/busy.bdr" "$root/busy"
	if ! mount --bind "$root/busy" "$badmail/busy.bdr" 2>/dev/null; then
		rm "$badmail"/busy.*
		skip 'a file that cannot be moved waits, which is said' 'no right to mount'
		return
	fi
	at_exit umount -l "$badmail/busy.bdr"
	mailroot triplet "$badmail" busy b1@victim.example bad
	mailroot triplets "$badmail" free 1 100
	ok 'a file that cannot be moved waits, which is said' \
		wait_for 10 ndrqd_said 'event=file-waits .*name=busy.bad .*cannot be moved: .*busy'
	ok 'its triplet stays whole' test -e "$badmail/busy.bad" -a -e "$badmail/busy.bdp"
	ok 'others are taken meanwhile' wait_for 10 none_left free
	is 'it was said once' "$(grep -c 'name=busy.bad' "$q.log")" 1
	umount "$badmail/busy.bdr"
	ok 'and it is taken when it can be' wait_for 10 taken busy
}

# ---- the folder goes away

test_folder() {
	local was

	mv "$badmail" "$root/unmounted"
	ok 'a folder that vanishes is said' wait_for 10 ndrqd_said "event=folder-unreadable path=$badmail "
	sleep 0.5
	is 'once' "$(grep -c "event=folder-unreadable path=$badmail " "$q.log")" 1
	mailroot triplet "$root/unmounted" back f1@victim.example
	mv "$root/unmounted" "$badmail"
	ok 'when it returns what lies there is taken' wait_for 10 taken back

	if ! mount -t tmpfs -o size=64k none "$drop" 2>/dev/null; then
		skip 'a folder that is read-only is left alone' 'no right to mount'
		return
	fi
	at_exit umount -l "$drop"
	mailroot file "$drop/ro.eml" bounce.bad ro f2@victim.example 'x-sender: <>' 'x-receiver: <f2@victim.example>'
	mount -o remount,ro "$drop"
	was=$(mailroot list "$drop")
	ok 'a folder that is read-only is said' wait_for 10 ndrqd_said "event=folder-unreadable path=$drop .*[Rr]ead-only"
	is 'and left alone' "$(mailroot list "$drop")" "$was"
	mount -o remount,rw "$drop"
	ok 'what lies there is taken when it can be written' wait_for 10 stored ro
	umount "$drop"
}

# A disk that fills: what was refused cannot be put into Badmail, so it stays.
test_full_disk() {
	local small=$root/small

	if ! mount -t tmpfs -o size=64k none "$small" 2>/dev/null; then
		skip 'what cannot be put into Badmail stays' 'no right to mount'
		return
	fi
	at_exit umount -l "$small"
	sink_say "$sink" 'dot 554 5.7.1 spam'
	mkdir "$small/full"
	printf 'x-sender: app@example.org\r\nx-receiver: x@remote.example\r\n\r\nbody\r\n' >"$small/full/spam.eml"
	head -c 100000 /dev/zero >"$small/filler" 2>/dev/null
	mv "$small/full" "$small/Pickup"
	ok 'what cannot be put into Badmail, for a full disk, is said' \
		wait_for 10 ndrqd_said 'event=mail-not-settled .*name=spam.eml .*No space'
	ok 'and stays' test -s "$small/Pickup/.ndrq/spam.eml"
	rm "$small/filler"
	ok 'when there is room it goes there' wait_for 10 test -s "$small/Badmail/spam.eml.bad"
	like 'with the reason' "$(cat "$small/Badmail/spam.eml.txt")" '^Refused: 554 5.7.1 spam'
	is 'the relay was asked once' "$(grep -c 'event=mail-refused .*name=spam.eml' "$q.log")" 1
	sink_say "$sink"
	umount -l "$small"
}

# ---- what we released comes back

test_release() {
	local id file expected

	id=$(with_id drop | sed -n 1p)
	ok 'what came from Drop is released' ndrq release "$id"
	ok 'into Pickup' wait_for 10 state_is "$id" released
	file=$(find "$out" -name '*.eml')
	is 'as one file' "$(wc -l <<<"$file")" 1
	# its trace line apart, byte for byte
	expected=$(printf 'x-sender: <>\r\nx-receiver: %s\r\n' "$(shown "$id" recipient)" | cat - \
		<(ndrq show --raw "$id") | sha256sum)
	is 'which is byte-right' "$(sed -e '/^Received: by mx.local.test (ndrq) id /,/^\t/d' "$file" | sha256sum)" "$expected"
	cp "$file" "$root/again"
	mv "$file" "$badmail/returned.bad"
	ok 'when it comes back as Badmail it is known' wait_for 10 records_are 1 "r.get('rule') == 'loop'"
	is 'and its record says whose it is' "$(shown "$(records "r.get('rule') == 'loop'")" loop_of)" "$id"
	is 'no relay is paused for that' "$(grep -c event=relay-paused "$q.log")" 0
	mv "$root/again" "$drop/again.eml"
	ok 'and in Drop, where that is a redelivery' wait_for 10 gone "$drop/again.eml"
	is 'of the same record' "$(records "r.get('rule') == 'loop'" | wc -l)" 1
}

# ---- kill -9

once_each() {
	ndrq list --json >"$tmp/records.json"
	python3 - "$tmp/records.json" "$1" "$2" <<-'END'
		import collections, json, sys
		seen = collections.Counter(json.loads(l).get("recipient") for l in open(sys.argv[1]))
		wrong = [i for i in range(1, int(sys.argv[3]) + 1)
		         if seen["%s-%d@victim.example" % (sys.argv[2], i)] != 1]
		print("not once:", wrong)
		sys.exit(bool(wrong))
	END
}
none_left() {
	[ -z "$(find "$badmail" -name "$1-*" -print -quit)" ]
}
some_taken() {
	[ "$(find "$badmail" -maxdepth 1 -name 'killed-*.bad' | wc -l)" -lt "$1" ]
}
test_kills() {
	local left

	mailroot triplets "$badmail" killed 1 1000
	for left in 900 600 300; do
		wait_for 20 some_taken "$left"
		ndrqd_kill
		ndrqd_start
	done
	ok 'all of 1000 triplets are taken through three kills' wait_for 60 none_left killed
	ok 'and each is one record' once_each killed 1000
	is 'each with the code of its .bdr' "$(sqlite3 "$q/ndrq.db" \
		"SELECT count(*) FROM message WHERE error_code = '0xC00402C7'
		 AND message_id LIKE '<killed-%'")" 1000
	is 'and both its other files' "$(sqlite3 "$q/ndrq.db" \
		"SELECT count(*) FROM sidecar JOIN message ON message.id = sidecar.message
		 WHERE message_id LIKE '<killed-%'")" 2000
}

# ---- mail that applications write

test_pickup() {
	local pickup=$root/Pickup ndr

	printf 'From: App <app@example.org>\r\nTo: a@remote.example\r\nBcc: hidden@remote.example\r\nMessage-ID: <app1@example.org>\r\n\r\n.dot\r\nbody\r\n' >"$pickup/app.eml"
	ok 'a mail is sent' wait_for 10 sink_has "$sink" 1 '^Message-ID: <app1@example.org>'
	ok 'its file goes' wait_for 10 gone "$pickup/app.eml"
	file=$(sink_messages "$sink" '<app1@example.org>')
	is 'to all, without Bcc, by its sender' \
		"$(python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d["mail"].split()[1], *d["rcpt"])' "${file%.eml}.json")$(grep -ci '^bcc' "$file")" \
		'FROM:<app@example.org> RCPT TO:<a@remote.example> RCPT TO:<hidden@remote.example>0'
	is 'with its body as it is' "$(tail -2 "$file" | tr -d '\r' | tr '\n' ' ')" '.dot body '
	is 'and is no record' "$(records "'app1@' in r.get('message_id', '')" | wc -l)" 0

	sink_say "$sink" 'rcpt:no* 550 5.1.1 no such user
rcpt:later* 451 4.2.0 later'
	printf 'x-sender: app@example.org\r\nx-receiver: yes@remote.example\r\nx-receiver: nobody@remote.example\r\nx-receiver: later@remote.example\r\nFrom: app@example.org\r\nMessage-ID: <app2@example.org>\r\n\r\nbody\r\n' >"$pickup/some.eml"
	ok 'one of three is refused: it goes to Badmail' wait_for 10 test -e "$badmail/some.eml.bad"
	like 'with the reason' "$(cat "$badmail/some.eml.txt")" 'Recipient: nobody@remote.example.*'
	like 'in the words of the relay' "$(cat "$badmail/some.eml.txt")" '^Refused: 550 5.1.1 no such user'
	is 'and for him alone' "$(grep -a x-receiver "$badmail/some.eml.bad" | tr -d '\r')" 'x-receiver: <nobody@remote.example>'
	is 'one who is put off waits' "$(grep -a x-receiver "$pickup/.ndrq/some.eml" | tr -d '\r')" 'x-receiver: <later@remote.example>'
	sink_say "$sink"
	ok 'and gets it' wait_for 10 sink_has "$sink" 2 '^Message-ID: <app2@example.org>'
	ok 'then the file goes' wait_for 10 gone "$pickup/some.eml"
	is 'each got it once' "$(grep -ho 'TO:<[a-z]*@remote' "$sink"/*.json | sort | uniq -c | awk '$1 > 1' | grep -E 'yes|later' | wc -l)" 0

	sink_say "$sink" 'dot 554 5.7.1 spam'
	printf 'x-sender: app@example.org\r\nx-receiver: x@remote.example\r\nMessage-ID: <app3@example.org>\r\n\r\nbody\r\n' >"$root/spam.eml"
	was=$(sha256sum <"$root/spam.eml")
	mv "$root/spam.eml" "$pickup"
	ok 'one that is refused whole goes to Badmail' wait_for 10 test -e "$badmail/spam.eml.bad"
	is 'byte for byte' "$(sha256sum <"$badmail/spam.eml.bad")" "$was"
	like 'with the reason' "$(cat "$badmail/spam.eml.txt")" '^Refused: 554 5.7.1 spam'
	sink_say "$sink"
	printf 'From: app@example.org\r\n\r\nto nobody\r\n' >"$pickup/nobody.eml"
	ok 'so does one that names no recipient' wait_for 10 test -e "$badmail/nobody.eml.bad"
	like 'with that reason' "$(cat "$badmail/nobody.eml.txt")" '^Reason: it names no recipient'

	mailroot file "$pickup/ndr.eml" bounce.bad pickup v30@victim.example 'x-sender: <>' 'x-receiver: <v30@victim.example>'
	ok 'a notification among them is judged by policy' wait_for 10 stored pickup
	is 'and held' "$(shown "$(with_id pickup)" state)" held

	sink_stop "$sink"
	printf 'From: app@example.org\r\nTo: a@remote.example\r\nMessage-ID: <app4@example.org>\r\n\r\nbody\r\n' >"$pickup/down.eml"
	ok 'with the relay down a mail waits' wait_for 10 ndrqd_said 'event=mail-waits .*name=down.eml'
	ndrqd_kill
	ok 'claimed' test -e "$pickup/.ndrq/down.eml"
	ndrqd_start
	sink_start "$sink" "$relay"
	ok 'and is sent when both are back' wait_for 20 sink_has "$sink" 1 '^Message-ID: <app4@example.org>'
	ok 'then its file goes too' wait_for 10 gone "$pickup/down.eml"
}

# A kill may send a mail twice, and never loses one.
arrived() { # N: so many of them at least
	[ "$(grep -hao '^Message-ID: <burst[0-9]*@' "$sink"/*.eml 2>/dev/null | sort -u | wc -l)" -ge "$1" ]
}
no_burst() {
	[ -z "$(find "$root/Pickup" -name 'burst*' -print -quit)" ]
}
test_pickup_kills() {
	local pickup=$root/Pickup i

	mkdir "$root/burst"
	for i in {1..60}; do
		printf 'x-sender: app@example.org\r\nx-receiver: x@remote.example\r\nMessage-ID: <burst%s@example.org>\r\n\r\nbody\r\n' "$i" \
			>"$root/burst/burst$i.eml"
	done
	mv "$root"/burst/* "$pickup"
	for i in 1 20 40; do
		wait_for 10 arrived "$i"
		ndrqd_kill
		ndrqd_start
	done
	ok 'of 60 mails and three kills each mail arrives' wait_for 20 arrived 60
	ok 'and no file stays' wait_for 10 no_burst
	is 'nor a record' "$(records "'burst' in (r.get('message_id') or '')" | wc -l)" 0
}

# Who may not read a file waits until he may; root always may.
test_no_permission() {
	if [ "$(id -u)" = 0 ]; then
		skip 'a file that may not be read waits, which is said' 'root may read all'
		return
	fi
	mailroot triplet "$root" secret p1@victim.example
	chmod 0 "$root/secret.bdr"
	mv "$root"/secret.{bad,bdr,bdp} "$badmail"
	ok 'a file that may not be read waits, which is said' \
		wait_for 10 ndrqd_said 'event=file-waits .*name=secret.bad .*Permission denied'
	is 'once' "$(grep -c 'name=secret.bad' "$q.log")" 1
	chmod 600 "$badmail/secret.bdr"
	ok 'and is taken when it may be' wait_for 10 taken secret
}

instance told true
test_oddities
test_records
test_second_run
test_writing
test_busy
test_no_permission
test_folder
test_full_disk
test_release
test_pickup
test_pickup_kills
test_kills
ok 'ndrqd ends in good order' ndrqd_stop

diag 'by polling alone'
instance polled false
test_oddities
test_second_run
test_kills
ok 'ndrqd ends in good order' ndrqd_stop

plan
