#!/bin/bash
# Directory intake: notifications in a Maildir's new/ are taken, ordinary mail
# is left exactly where and as it lies, and a crash in between loses nothing.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay <<<"$(free_ports 1)"
sink=$tmp/relay
sink_start "$sink" "$relay" || bail_out "the sink does not start"
export box=$tmp/Maildir
mkdir -p "$box"/{new,cur,tmp}

ndrqd_new "127.0.0.1:$relay" "directories = ( { kind = \"maildir\"; path = \"$box\"; } );"

# deliver NAME HEADERS RECIPIENT [COUNT]: as a local delivery agent does, by rename;
# {} becomes a number
deliver() {
	python3 - "$top_srcdir/tests/lib" "${box_folder:-new}" "$@" <<-'END'
		import os, sys
		sys.path.insert(0, sys.argv[1])
		from lmtp import bounce
		folder, name, header, rcpt = sys.argv[2:6]
		first, last = (int(n) for n in (sys.argv + ["0-0"])[6].split("-"))
		for i in map(str, range(first, last + 1)):
		    this = name.replace("{}", i)
		    head = header.replace("\\n", "\n").replace("{}", i)
		    text = bounce(rcpt.replace("{}", i), this).decode().replace("\r\n", "\n")
		    with open(os.path.join(os.environ["box"], "tmp", this), "w") as f:
		        f.write(head + text)
		    os.rename(f.name, os.path.join(os.environ["box"], folder, this))
	END
}
taken() {
	[ ! -e "$box/new/$1" ] && [ "$(count_lines with_id "$1")" = 1 ]
}
with_id() {
	with_message_id "$1@mx.local.test"
}

deliver before 'Return-Path: <>\nX-Original-To: v1@victim.example\n' v1@victim.example
ndrqd_start || bail_out "ndrqd does not start"
ok 'a bounce that lay there before the start is taken' wait_for 30 taken before
shown=$(ndrq show --json "$(with_id before)")
is 'its recipient is that of X-Original-To' "$(field recipient <<<"$shown")" v1@victim.example
is 'its intake is the Maildir' "$(field intake <<<"$shown")" maildir
is 'it is held' "$(field state <<<"$shown")" held

deliver delivered-to 'Return-Path: <>\nDelivered-To: v2@victim.example\n' other@remote.example
ok 'a bounce that arrives later is taken' wait_for 30 taken delivered-to
is 'without X-Original-To its recipient is that of Delivered-To' \
	"$(ndrq show --json "$(with_id delivered-to)" | field recipient)" v2@victim.example
deliver only-to 'Return-Path: <>\n' v3@victim.example
ok 'one with nothing but a single To is taken' wait_for 30 taken only-to
is 'and To is its recipient' "$(ndrq show --json "$(with_id only-to)" | field recipient)" v3@victim.example
ok 'nothing is left in .ndrq/' test -z "$(find "$box" -path '*/.ndrq/*' -type f)"

# ---- ordinary mail

printf 'Return-Path: <user@remote.example>\nFrom: user@remote.example\nTo: alice@local.test\nSubject: lunch\nMessage-ID: <lunch@remote.example>\n\nAt one?\n' \
	>"$box/tmp/lunch"
was="$(stat -c '%i %Y %s %a' "$box/tmp/lunch") $(sha256sum <"$box/tmp/lunch")"
mv "$box/tmp/lunch" "$box/new/lunch"
deliver after-lunch 'Return-Path: <>\nX-Original-To: v4@victim.example\n' v4@victim.example
ok 'a bounce behind ordinary mail is taken' wait_for 30 taken after-lunch
is 'the ordinary mail is left where and as it lies' \
	"$(stat -c '%i %Y %s %a' "$box/new/lunch") $(sha256sum <"$box/new/lunch")" "$was"
is 'and is no record' "$(records '"lunch@remote" in r.get("message_id", "")' | wc -l)" 0

# ---- no recipient

deliver nobody 'Return-Path: <>\n' 'a@x.example, b@y.example'
ok 'a bounce whose recipient cannot be told is taken' wait_for 30 taken nobody
id=$(with_id nobody)
is 'and held' "$(ndrq show --json "$id" | field state)" held
out=$(ndrq release "$id" 2>&1)
rc=$?
ok 'release refuses it' test "$rc" != 0
like 'and says that it needs --to' "$out" '--to'
ndrq show --raw "$id" >"$tmp/stored"
ok 'release --to takes it' ndrq release "$id" --to someone@remote.example
ok 'and it arrives' wait_for 30 sink_has "$sink" 1 'nobody@mx\.local\.test'
ok 'at the recipient that was given' grep -rq someone@remote.example "$sink" --include='*.json'

# ---- reload

ndrqd_reload
deliver reloaded 'Return-Path: <>\nX-Original-To: reloaded@victim.example\n' reloaded@victim.example
ok 'after a reload the folder is read as before' wait_for 30 taken reloaded
ok 'and ndrqd still runs' kill -0 "$(cat "$q.pid")"

# ---- kill -9

for numbers in 1-25 26-50 51-75 76-100; do
	deliver 'killed-{}' 'Return-Path: <>\nX-Original-To: k{}@victim.example\n' 'k{}@victim.example' "$numbers"
	ndrqd_kill
	ndrqd_start
done
all_taken() {
	[ -z "$(find "$box" -name 'killed-*' -type f)" ]
}
ok 'all of 100 files are taken through four kills' wait_for 60 all_taken
ndrq list --json >"$tmp/records.json"
once_each() {
	python3 - "$tmp/records.json" <<-'END'
		import collections, json, sys
		seen = collections.Counter(json.loads(l).get("recipient") for l in open(sys.argv[1]))
		wrong = [i for i in range(1, 101) if seen["k%d@victim.example" % i] != 1]
		print("not once:", wrong)
		sys.exit(bool(wrong))
	END
}
ok 'and each is one record' once_each
is 'the ordinary mail still lies there' \
	"$(stat -c '%i %Y %s %a' "$box/new/lunch") $(sha256sum <"$box/new/lunch")" "$was"

# A claim that a crash left behind: it is ours, and is read again at the start.
ndrqd_stop
box_folder=.ndrq deliver claimed 'Return-Path: <>\nX-Original-To: c@victim.example\n' c@victim.example
ndrqd_start
ok 'a file that a crash left in .ndrq/ is taken at the start' wait_for 30 taken claimed
ok 'and removed' wait_for 10 test ! -e "$box/.ndrq/claimed"
ok 'ndrqd ends in good order' ndrqd_stop

plan
