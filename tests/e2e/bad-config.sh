#!/bin/bash
# A configuration that is wrong, also one that makes libconfig call exit(2):
# at the start an error with a message, at a reload everything stays as it was.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay <<<"$(free_ports 1)"
sink_start "$tmp/relay" "$relay" || bail_out "the sink does not start"
friend='{ name = "Friends"; domain = "friend.example"; ndr = "send"; }'
mkdir "$tmp/folder"

ndrqd_new "127.0.0.1:$relay"
ndrqd_policy hold "$friend"
cp "$q/ndrq.conf" "$tmp/good.conf"
cp "$q/policy.conf" "$tmp/good-policy.conf"

# refuses SENTENCE PATTERN: the start ends with 78, and the last log line says why
refuses() {
	: >"$q.log"
	ndrqd_run
	ndrqd_ended
	is "$1: it does not start, with status 78" "$(cat "$q.status")" 78
	like "$1: it says where and why" "$(cat "$q.log")" "$2"
	cp "$tmp/good.conf" "$q/ndrq.conf"
	cp "$tmp/good-policy.conf" "$q/policy.conf"
}

printf '@include "%s"\n' "$tmp/folder" >>"$q/ndrq.conf"
refuses 'ndrq.conf that includes a folder' 'ndrq\.conf'
printf '@include "%s"\n' "$tmp/folder" >>"$q/policy.conf"
refuses 'a policy that includes a folder' 'policy\.conf'
printf 'mode = "enforce"\n{{{' >"$q/policy.conf"
refuses 'a policy that does not parse' 'policy\.conf:[0-9]+'
sed -i 's/ndr = "hold"/ndr = "burn"/' "$q/policy.conf"
refuses 'a policy with an action that there is not' 'policy\.conf:[0-9]+'
printf 'typo = 1;\n' >>"$q/ndrq.conf"
refuses 'an unknown key' 'ndrq\.conf:[0-9]+'
sed -i 's/relay = "[^"]*"/relay = "192.0.2.1:25"/' "$q/ndrq.conf"
refuses 'a relay that is not on this host' 'ndrq\.conf'
rm "$q/policy.conf"
refuses 'a policy that is not there' 'policy\.conf'
mkdir "$q/policy.conf.d" && rm "$q/policy.conf" && mv "$q/policy.conf.d" "$q/policy.conf"
: >"$q.log"
ndrqd_run
ndrqd_ended
is 'a policy that is a folder: it does not start' "$(cat "$q.status")" 78
rmdir "$q/policy.conf"
cp "$tmp/good-policy.conf" "$q/policy.conf"

# ---- at a reload

ndrqd_start || bail_out "ndrqd does not start"
pid=$(cat "$q.pid")

# keeps_old SENTENCE PATTERN: after SIGHUP the old policy still judges
n=0
keeps_old() {
	local sentence=$1 before

	n=$((n + 1))
	before=$(wc -l <"$q.log")
	kill -HUP "$pid"
	ok "$sentence: the log says why it is not taken" wait_for 20 ndrqd_said_since "$before" "$2"
	# Put right for ndrq, which reads it too; the daemon does not look again by itself.
	cp "$tmp/good.conf" "$q/ndrq.conf"
	cp "$tmp/good-policy.conf" "$q/policy.conf"
	lmtp --tag "friend-$n" --rcpt "$n@friend.example" >/dev/null
	lmtp --tag "other-$n" --rcpt "$n@other.example" >/dev/null
	ok "$sentence: who was sent to is sent to" \
		wait_for 20 has_records 1 "$n@friend.example" sent
	ok "$sentence: who was held is held" \
		has_records 1 "$n@other.example" held
	ok "$sentence: it is the same process" test "$(cat "$q.pid")" = "$pid" -a ! -e "$q.status"
}
printf '@include "%s"\n' "$tmp/folder" >>"$q/policy.conf"
keeps_old 'a policy that includes a folder' 'policy\.conf'
printf '@include "%s"\n' "$tmp/folder" >>"$q/ndrq.conf"
keeps_old 'ndrq.conf that includes a folder' 'ndrq\.conf'
sed -e 's/ndr = "send"/ndr = "hold"/' -e 's/domain = "\*"/domian = "*"/' -i "$q/policy.conf"
keeps_old 'a policy that is half right' 'policy\.conf:[0-9]+'
printf 'local_domains = [ "local.test" ];\n# what else' >"$q/policy.conf"
keeps_old 'a policy that is half written' 'policy\.conf:2: .*whole'
rm "$q/policy.conf"
keeps_old 'a policy that is gone' 'policy\.conf'

ok 'ndrqd ends in good order' ndrqd_stop
plan
