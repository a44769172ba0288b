#!/bin/bash
# A list of domains that another program writes: ndrqd takes it without being told.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"

need python3
ndrqd_new "127.0.0.1:9" # nothing need leave
printf 'domains_file = "domains";\n' >>"$q/policy.conf"
printf 'gone.example ndr=delete\n' >"$q/domains"
touch -d '1 hour ago' "$q/domains"

# judged DOMAIN: what is done with a notification for it now
judged() {
	lmtp --tag "$(date +%s%N)" --rcpt "user@$1" >/dev/null
	ndrq --json list --domain "$1" --limit 1 | sed -n 's/.*"state":"\([a-z]*\)".*/\1/p'
}
# taken_since LINES, refused_since LINES: what the log says of the list
taken_since() {
	ndrqd_said_since "$1" 'event=reloaded'
}
refused_since() {
	ndrqd_said_since "$1" "event=reload-failed .*$2"
}
lines() {
	wc -l <"$q.log"
}

ndrqd_start || bail_out "ndrqd does not start"
is 'the list is in force' "$(judged gone.example) $(judged new.example)" 'deleted held'

before=$(lines)
printf 'new.example ndr=delete\n' >"$q/domains.new"
mv "$q/domains.new" "$q/domains"
ok 'a new list in its place is taken without a signal' wait_for 20 taken_since "$before"
is 'and is in force' "$(judged gone.example) $(judged new.example)" 'held deleted'

before=$(lines)
printf 'gone.example ndr=delete\nnew.exam' >"$q/domains"
ok 'one that is half written is not' wait_for 20 refused_since "$before" 'domains:2: .*line end'
is 'and the old one stays' "$(judged gone.example) $(judged new.example)" 'held deleted'
before=$(lines)
printf 'ple ndr=delete\n' >>"$q/domains"
ok 'until it is whole' wait_for 20 taken_since "$before"
is 'then it is in force' "$(judged gone.example) $(judged new.example)" 'deleted deleted'

before=$(lines)
rm "$q/domains"
ok 'one that is gone is said to be' wait_for 20 refused_since "$before" 'domains_file'
is 'and the old one stays' "$(judged gone.example)" deleted

before=$(lines)
printf '# none\n' >"$q/domains"
ok 'one that is there again is taken' wait_for 20 taken_since "$before"
before=$(lines)
ndrq policy allow new.example >"$tmp/out"
is 'a change by the tool is taken' "$(tail -n 1 "$tmp/out" | cut -d: -f1)" 'ndrqd uses it'
sleep 5
is 'and once' "$(tail -n +$((before + 1)) "$q.log" | grep -c event=reloaded)" 1

sed -i '/^domains_file/d' "$q/policy.conf"
ok 'a policy without a list' ndrqd_reload
before=$(lines)
printf 'gone.example ndr=delete\n' >"$q/domains"
sleep 5
not_ok() { ! "$@"; }
ok 'is not read again because of one' not_ok taken_since "$before"
ok 'ndrqd ends in good order' ndrqd_stop
plan
