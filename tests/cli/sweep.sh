#!/bin/bash
# sweep.sh: ndrq sweep badmail takes what it should, whole, and only that.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
folder=$dir/Badmail

# fresh: an empty folder and store
fresh() {
	rm -rf "$folder" "$dir/archive" "$dir/log"
	mkdir "$folder"
}
# A machine may be slow: what must be young is of the future.
badmail() { python3 "$top_srcdir/tests/lib/badmail.py" "$folder" "$@"; }
here() { ls "$folder" | sort | tr '\n' ' '; }
how_many() { ls "$1" | wc -l; }
records() { tool --json list --limit 0 | wc -l; }
newest() { tool list --ids --limit 1; }
copies() { tool list --class copy --ids --limit 0 | wc -l; }
# aged SECONDS FILE…
aged() {
	age=$1
	shift
	touch -h -d "@$(($(date +%s) - age))" "$@"
}
total() { tail -n 1 "$dir/out" | json "d['$1']"; }

# ---- deleting: needs no store and no configuration

fresh
badmail 3
ndrq -c "$dir/none.conf" sweep badmail "$folder" --delete
exits 0 "--delete exits 0, without a configuration"
ok "it says how many" says "deleted: 3 triplets (9 files,"
is "and the folder is empty" "$(here)" ""
ndrq sweep badmail "$folder" --delete
exits 0 "an empty folder is no error"
ok "there it is nothing" says "deleted: 0 triplets"

fresh
badmail 2 --prefix old
badmail 2 --prefix new --age 600 --lower
aged 600 "$folder/old000001.BDR"
echo readme >"$folder/readme.txt"
aged 9999999 "$folder/readme.txt"
ndrq sweep badmail "$folder" --delete --older-than 14d --dry-run
ok "--dry-run says what would go" says "would be deleted old000000.BAD +2"
ok "and why" says "by --older-than"
is "and deletes nothing" "$(how_many "$folder")" 13
ndrq sweep badmail "$folder" --delete --older-than 14d --verbose
ok "--verbose has a line for each" says "deleted old000000.BAD +2"
is "the newest file of a triplet counts; other files stay" "$(here)" \
	"new000000.bad new000000.bdp new000000.bdr new000001.bad new000001.bdp new000001.bdr old000001.BAD old000001.BDP old000001.BDR readme.txt "

fresh
for n in 0 1 2 3 4 5 6 7 8 9; do badmail 1 --prefix "n$n-" --age $((1000 + n * 100)); done
size=$(du -bc "$folder"/* | tail -1 | cut -f1)
ndrq sweep badmail "$folder" --delete --max-size "$((size / 2 + 10))"
ok "--max-size takes as many as must go" says "by --max-size: 5"
is "the oldest" "$(ls "$folder"/*.BAD | sed 's/.*\///; s/-.*//' | tr '\n' ' ')" "n0 n1 n2 n3 n4 "
ndrq sweep badmail "$folder" --delete --max-size "$((size / 2 + 10))"
ok "then it is small enough" says "deleted: 0 triplets"
ndrq sweep badmail "$folder" --delete --max-size 1G --older-than 20m
ok "either reason is enough" says "by --older-than: 3"

# ---- archive

fresh
badmail 3
ndrq sweep badmail "$folder" --archive "$dir/archive" --log "$dir/log" --json
exits 0 "--archive exits 0 and makes the folder"
is "the files lie in the archive" "$(how_many "$dir/archive")" 9
ok "under their names" [ -f "$dir/archive/t000002.BDP" ]
ok "--json prints objects" json_lines
is "the last has the totals" "$(total taken) $(total files) $(total did)" "3 9 archived"
is "the log has a line for each and one for all" "$(wc -l <"$dir/log")" 4
ok "in a stable form" grep -Eq "^20[0-9T:-]+Z event=archived folder=$folder name=t000000.BAD files=3 size=[0-9]+ age=17280[0-9]+ why=all$" "$dir/log"
ok "with the totals last" grep -Eq "event=swept folder=$folder taken=3 files=9 size=[0-9]+ spared=0 young=0 in_use=0 left=0 interrupted=0$" "$dir/log"
badmail 1
echo other >"$folder/t000000.BAD"
aged 999 "$folder/t000000.BAD"
ndrq sweep badmail "$folder" --archive "$dir/archive" --log "$dir/log" --verbose
ok "a name that is taken is not written over" grep -q Cheap "$dir/archive/t000000.BAD"
is "the triplet gets another, whole" "$(cd "$dir/archive" && ls t000000.*)" \
	"$(printf '%s\n' t000000.1.BAD t000000.1.BDP t000000.1.BDR t000000.BAD t000000.BDP t000000.BDR)"
ok "and says so" says "as t000000.1.BAD"
is "the log is added to" "$(wc -l <"$dir/log")" 6
ndrq sweep badmail "$folder" --archive "$folder"
exits 64 "the folder itself is no archive"
ndrq sweep badmail "$folder" --archive "$dir/log"
exits 73 "nor is a file"

other=$(mktemp -d /dev/shm/ndrq-sweep.XXXXXX 2>/dev/null)
if [ -n "$other" ] && [ "$(stat -c %d "$other")" != "$(stat -c %d "$dir")" ]; then
	fresh
	badmail 4
	cp -p "$folder/t000000.BAD" "$folder/t000001.BAD" "$folder/t000001.BDR" "$other"
	echo other >"$other/t000002.BDR"
	cp -pr "$folder" "$dir/before"
	ndrq sweep badmail "$folder" --archive "$other"
	exits 0 "an archive on another volume is copied to"
	is "and the folder is empty" "$(here)" ""
	is "every byte is there; what a killed run had copied is there once" \
		"$(cd "$other" && ls | tr '\n' ' ')" \
		"t000000.BAD t000000.BDP t000000.BDR t000001.BAD t000001.BDP t000001.BDR t000002.1.BAD t000002.1.BDP t000002.1.BDR t000002.BDR t000003.BAD t000003.BDP t000003.BDR "
	mv "$other/t000002.1.BAD" "$other/t000002.BAD"
	mv "$other/t000002.1.BDP" "$other/t000002.BDP"
	mv "$other/t000002.1.BDR" "$other/t000002.BDR"
	ok "the same" diff -r "$dir/before" "$other"
	is "with its time" "$(stat -c %Y "$other/t000003.BDR")" "$(stat -c %Y "$dir/before/t000003.BDR")"
	rm -rf "$dir/before"
else
	for name in copied empty byte same time; do skip "another volume: $name" "no second volume"; done
fi
rm -rf "$other"

# ---- into the store

fresh
store
before=$(records)
badmail 300
cp "$folder/t000007.BAD" "$dir/message"
cp "$folder/t000007.BDR" "$dir/reason"
cp "$folder/t000007.BDP" "$dir/properties"
ndrq sweep badmail "$folder" --json
exits 0 "into the store exits 0"
is "there is an object for each" "$(wc -l <"$dir/out")" 301
is "it has the record, its state and the code" \
	"$(grep t000007 "$dir/out" | json "d['state'], d['class'], d['error_code'], d['files'], d['why']")" \
	"held failed 0xC00402C7 3 all"
id=$(grep t000007 "$dir/out" | json "d['id']")
is "the folder is empty" "$(here)" ""
is "the store has them" "$(($(records) - before))" 300
ndrq show "$id" --raw
ok "byte for byte" cmp "$dir/out" "$dir/message"
ndrq show "$id" --sidecar bdr
exits 0 "show --sidecar bdr prints the reason"
ok "byte for byte" cmp "$dir/out" "$dir/reason"
ndrq show "$id" --sidecar bdp
ok "and --sidecar bdp the properties" cmp "$dir/out" "$dir/properties"
ndrq show "$id" --sidecar exe
exits 1 "a file that was not there is not there"
ndrq show "$id"
ok "show has the code and what it means" says "0xC00402C7: a delivery status notification that could not be delivered itself"
ok "and the words of the reason" says "This message is a delivery status notification that cannot be delivered."
ok "it came by iis-badmail" says "iis-badmail"
ndrq --json show "$id"
is "as JSON too" "$(json "d['error_code'], d['sidecars']" <"$dir/out")" "0xC00402C7 ['bdp', 'bdr']"
ndrq stats --by error-code
ok "stats --by error-code counts it, and says what it means" says "0xC00402C7     300"
ok "in words" says "could not be delivered itself"
ndrq stats --by error-code --json
is "as JSON" "$(json "d.get('key'), d['count'], d.get('meaning')" <"$dir/out" | head -1)" \
	"0xC00402C7 300 a delivery status notification that could not be delivered itself"
ndrq explain 0xc00402c7
ok "explain knows it" says "could not be delivered itself"
ndrq explain 0x80040546
exits 0 "and one that is not known is no error"
ok "but said to be so" says "not known"

# a folder that ndrqd would watch
mkdir -p "$dir/Pickup"
echo "directories = ( { kind = \"iis-badmail\"; path = \"$dir/./Badmail\"; release = { pickup = \"$dir/Pickup\"; }; } );" >>"$dir/ndrq.conf"
badmail 1 --prefix p
ndrq sweep badmail "$folder"
is "what is released leaves by the way of its folder" \
	"$(tool --json show "$(newest)" | json "d['route']")" "pickup $dir/Pickup"
sed -i '$d' "$dir/ndrq.conf"

# policy would send it: badmail stays
echo 'local_domains = [ "example.org", "forged.example" ];' >"$dir/policy.conf"
badmail 1 --prefix s
ndrq sweep badmail "$folder" -v
ok "what policy would send is held" says "held"
ndrq --json show "$(newest)"
is "by the rule badmail" "$(json "d['state'], d['rule'], d['verdict']" <"$dir/out")" "held badmail send"
echo 'local_domains = [ "example.org" ]; remote_domains = ( { name = "Default"; domain = "*"; ndr = "delete"; } );' >"$dir/policy.conf"
badmail 1 --prefix d
ndrq sweep badmail "$folder" -v
is "what policy deletes is deleted" "$(state_of "$(newest)")" deleted
echo 'local_domains = [ "example.org" ]; postmaster = "p@example.org"; remote_domains = ( { name = "Default"; domain = "*"; copy = "each"; } );' >"$dir/policy.conf"
badmail 1 --prefix c
ndrq sweep badmail "$folder" -v
is "no copies are made for the postmaster" "$(state_of "$(newest)") $(copies)" "held 0"
echo 'local_domains = [ "example.org" ];' >"$dir/policy.conf"

# ---- oddities

fresh
store
before=$(records)
here=$PWD
cd "$folder" || exit 99
badmail 1 --prefix whole
badmail 1 --prefix noreason && rm noreason000000.BDR noreason000000.BDP
badmail 1 --prefix orphan && rm orphan000000.BAD
badmail 1 --prefix empty && : >empty000000.BAD && : >empty000000.BDR && : >empty000000.BDP
badmail 1 --prefix letter && printf 'From: a@x.example\r\nTo: b@y.example\r\nSubject: Hi\r\n\r\nHello\r\n' >letter000000.BAD
echo 'The following error was encountered: no such host.' >letter000000.BDR
badmail 1 --prefix twin && cp twin000000.BAD twin000000.bad
badmail 1 --prefix envelope && { printf 'x-sender: <>\r\nx-receiver: a@x.example\r\nx-receiver: b@y.example\r\n' && cat whole000000.BAD; } >e && mv e envelope000000.BAD
badmail 1 --prefix noletter && printf 'x-sender: <>\r\nx-receiver: a@x.example\r\n' >noletter000000.BAD
badmail 1 --prefix young --age -3600
badmail 1 --prefix wide && iconv -t UTF-16 wide000000.BDR >wide && mv wide wide000000.BDR
badmail 1 --prefix "a \"b' " --lower
badmail 1 --prefix "$(printf '\344\377')" 2>/dev/null || python3 - <<'END'
import os
for x in (b".BAD", b".BDR", b".BDP"):
    os.link(b"whole000000" + x, b"\xe4\xff" + x)
END
long=$(printf '%0251d' 0)
badmail 1 --prefix long && for x in BAD BDR BDP; do mv long000000.$x "$long.$x"; done
badmail 1 --prefix link && rm link000000.BAD && ln -s "$dir/message" link000000.BAD
mkdir folder.bad
mkfifo fifo.bad
echo "not a message" >nomessage.bad
: >x.bad.tmp
aged 9999 e*.B?? noletter*.B?? letter000000.B?? twin000000.bad wide000000.BDR fifo.bad folder.bad nomessage.bad x.bad.tmp
aged 9999 "$folder/link000000.BAD"
badmail 1 --prefix half --age 6 && rm half000000.BDP # late: its minute runs
cd "$here" || exit 99
ndrq sweep badmail "$folder"
exits 1 "what is left alone is in the exit status"
is "what is whole or partial, wide, long, quoted or no UTF-8 was taken; the rest is where it was" \
	"$(here)" \
	"empty000000.BAD empty000000.BDP empty000000.BDR fifo.bad folder.bad half000000.BAD half000000.BDR letter000000.BAD letter000000.BDP letter000000.BDR link000000.BAD link000000.BDP link000000.BDR noletter000000.BAD noletter000000.BDP noletter000000.BDR nomessage.bad twin000000.BAD twin000000.BDP twin000000.BDR twin000000.bad x.bad.tmp young000000.BAD young000000.BDP young000000.BDR "
is "each with one line" "$(sort "$dir/err" | sed "s,.*/Badmail/,," )" "$(cat <<'END'
empty000000.BAD: it is empty; --archive and --delete take it
fifo.bad: not a regular file: left alone
folder.bad: not a regular file: left alone
letter000000.BAD: ordinary mail, no notification; --archive and --delete take it
link000000.BAD: not a regular file: left alone
noletter000000.BAD: its envelope is too long, or all there is; --archive takes it
nomessage.bad: ordinary mail, no notification; --archive and --delete take it
twin000000.BAD: twin000000.bad: two files differ by case only: left alone
END
)"
ok "the totals count them" says "left alone: 8"
ok "and those that are still being written" says "too young, perhaps still being written: 2"
is "the store has one record a message, and two of the envelope with two" "$(($(records) - before))" 8
is "they are who stands in it" "$(tool --json list | json "d.get('recipient', '')" | grep -c '^[ab]@[xy].example$')" 2
is "UTF-16 has its code" "$(tool --json stats --by error-code | json "d['count'] if 'key' in d else ''" | tr -d '\n')" 7
ok "nothing was followed" [ -s "$dir/message" ]
aged 6 "$folder"/half*
ndrq sweep badmail "$folder" --delete
is "--delete leaves links, folders, pipes and twins" "$(here)" \
	"fifo.bad folder.bad half000000.BAD half000000.BDR link000000.BAD link000000.BDP link000000.BDR twin000000.BAD twin000000.BDP twin000000.BDR twin000000.bad x.bad.tmp young000000.BAD young000000.BDP young000000.BDR "
ok "the FIFO did not block it" [ -p "$folder/fifo.bad" ]

# in use: a file that may not be read
fresh
store
badmail 2
chmod -R a+rwX "$dir/store" "$folder"
chmod 0 "$folder/t000000.BDR"
unprivileged sweep badmail "$folder"
exits 1 "a file in use exits 1"
ok "it is said" complains "t000000.BAD: in use: Permission denied"
is "its triplet stays whole, the other is taken" "$(here)" "t000000.BAD t000000.BDP t000000.BDR "
ok "it is counted" says "in use: 1"

# ---- interrupt, rerun, kill -9

# A log that nobody reads holds the run up in the middle of its work.
held_up() { # ARGUMENTS: $run is at work, one line is read
	mkfifo "$dir/pipe"
	"$top_builddir/ndrq" -c "$dir/ndrq.conf" sweep badmail "$folder" --log "$dir/pipe" "$@" \
		>"$dir/out" 2>"$dir/err" &
	run=$!
	exec 3<"$dir/pipe"
	read -r _ <&3
}
let_go() {
	cat <&3 >/dev/null
	exec 3<&-
	rm "$dir/pipe"
	rc=0
	wait "$run" 2>/dev/null || rc=$?
}
fresh
store
badmail 2000
before=$(records)
held_up
kill -TERM "$run"
let_go
exits 75 "a run that is interrupted says so in its exit status"
ok "it prints its totals" says "stored: "
ok "and that there is more" says "interrupted: run it again for the rest"
taken=$(($(records) - before))
ok "it stopped in the middle" [ "$taken" -gt 0 -a "$taken" -lt 2000 ]
is "what it took is gone, the rest is there, whole" "$(how_many "$folder")" "$(((2000 - taken) * 3))"
ndrq sweep badmail "$folder"
exits 0 "the next run takes the rest"
is "and the folder is empty" "$(here)" ""
is "nothing lost, nothing doubled" "$(($(records) - before))" 2000

fresh
store
badmail 1000
before=$(records)
held_up
# the pipe holds the lines of the first batch of 256 and not those of the second
for _ in $(seq 300); do
	taken=$(($(records) - before))
	[ "$taken" -le 256 ] || break
	sleep 0.1
done
kill -9 "$run"
let_go
left=$(ls "$folder" | grep -c BAD)
taken=$(($(records) - before))
ok "killed between COMMIT and removal: some are in both" [ $((left + taken)) -gt 1000 ]
ndrq sweep badmail "$folder"
exits 0 "the next run goes on"
ok "it recognises them" says "in the store already: $((left + taken - 1000))"
is "and removes them" "$(here)" ""
is "nothing lost, nothing doubled" "$(($(records) - before))" 1000

# Anywhere: killed at moments of chance.
for how in --delete "--archive $dir/archive" ""; do
	fresh
	store
	badmail 400
	before=$(records)
	for pause in 0 0.005 0.01 0.02 0.03; do
		# shellcheck disable=SC2086
		"$top_builddir/ndrq" -c "$dir/ndrq.conf" sweep badmail "$folder" $how >/dev/null 2>&1 &
		sleep "$pause"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
	done
	# shellcheck disable=SC2086
	ndrq sweep badmail "$folder" $how
	# a triplet that a kill split is partial, and would wait a little longer
	find "$folder" -type f -exec touch -d '1 day ago' {} +
	# shellcheck disable=SC2086
	ndrq sweep badmail "$folder" $how
	case $how in
	--delete) is "killed anywhere, --delete ends with an empty folder" "$(here)" "" ;;
	--archive*)
		is "killed anywhere, each file is in the archive once" "$(how_many "$dir/archive")" 1200
		is "and only there" "$(here)" ""
		;;
	*) is "killed anywhere, each message is in the store once" "$(($(records) - before))" 400 ;;
	esac
done

# ---- two at once, no room, no folder

fresh
store
badmail 1000
held_up
ndrq sweep badmail "$folder" --delete
exits 75 "a second run in the same folder waits for another day"
ok "and says why" complains "another sweep is at work in it"
let_go
exits 0 "the first one ends"

fresh
badmail 1
flock --shared "$folder" sh -c ": >'$dir/held'; exec sleep 1" &
until [ -e "$dir/held" ]; do
	sleep 0.05
done
ndrq sweep badmail "$folder" --delete
exits 0 "one that finds ndrqd at work waits for a while"
is "and does its own" "$(here)" ""

fresh
badmail 1 --prefix ahead --age -90000
ndrq sweep badmail "$folder" --delete
exits 0 "what is dated more than a day ahead is not young for ever"
is "it is taken" "$(here)" ""

badmail 3
sed -i '$a limits = { max_size = "64K"; };' "$dir/ndrq.conf"
ndrq sweep badmail "$folder"
exits 75 "a store without room exits 75"
is "and the files stay" "$(how_many "$folder")" 9
sed -i '$d' "$dir/ndrq.conf"
sed -i '$a limits = { size = "1K"; };' "$dir/ndrq.conf"
ndrq sweep badmail "$folder"
ok "a message that the store would cut stays" complains "it is larger than limits.size"
is "all of it" "$(how_many "$folder")" 9
sed -i '$d' "$dir/ndrq.conf"

ndrq sweep badmail "$dir/nowhere" --delete
exits 66 "a folder that is not there exits 66"
ndrq sweep badmail "$dir/ndrq.conf" --delete
exits 66 "a file is no folder"
ndrq sweep badmail "$folder" --delete --archive "$dir/archive"
exits 64 "--delete and --archive exclude each other"
ndrq sweep badmail "$folder" --max-size 2X
exits 64 "a size that is none is a usage error"
ndrq sweep badmail "$folder" --older-than soon
exits 64 "so is an age that is none"
ndrq sweep badmail
exits 64 "and no folder"
ndrq sweep goodmail "$folder"
exits 64 "and another kind"
ndrq sweep badmail "$folder" --delete --log "$dir/no/log"
exits 73 "a log that cannot be written exits 73, before anything is done"
is "nothing was" "$(how_many "$folder")" 9
ndrq sweep badmail "$folder" --delete --log /dev/full
exits 74 "a log that fills up is in the exit status"
is "but the work is done" "$(here)" ""

if have_terminal; then
	fresh
	badmail 200
	on_terminal sweep badmail "$folder" --dry-run --delete
	exits 0 "on a terminal"
	script -qec "'$top_builddir/ndrq' sweep badmail '$folder' --delete" /dev/null >"$dir/out" 2>&1 </dev/null
	ok "there is a bar" says "swept [#"
	ok "of all" says "96%"
else
	for name in terminal bar all; do skip "terminal: $name" "no pseudo-terminal here"; done
fi
plan
