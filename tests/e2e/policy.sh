#!/bin/bash
# A policy that changes while ndrqd runs: by the tool, which says what ndrqd made of it.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/sink.sh"

need python3
read -r relay <<<"$(free_ports 1)"
sink=$tmp/relay

# tool …: ndrq, its status in $status, what it says in $out
tool() {
	status=0
	out=$(ndrq "$@" 2>&1) || status=$?
}
# in_force: the revision that ndrqd's last line about it names
in_force() {
	sed -n 's/.*event=\(ready\|reloaded\) .*policy=\([0-9a-f]*\).*/\2/p' "$q.log" | tail -n 1
}

RELEASE='retry_min = "1s"; retry_max = "2s";' ndrqd_new "127.0.0.1:$relay"

# ---- nobody there

tool policy allow other.example
is 'without ndrqd a change is made' "$status" 0
like 'and the tool says who will use it' "$out" '^no ndrqd is running; it uses it when it starts$'

# ---- the tool's change is in force when it says so

ndrqd_start || bail_out "ndrqd does not start"
tool policy allow victim.example
is 'a change is made while ndrqd runs' "$status" 0
like 'the tool names the revision in force' "$out" "^ndrqd uses it: policy $(in_force)\$"
before=$(in_force)
tool policy allow victim.example
is 'the same again is no change' "$(head -n 1 <<<"$out")" 'nothing to change'
like 'but says what is in force' "$out" "^ndrqd uses it: policy $before\$"
tool policy deny --dry-run victim.example
is 'a dry run changes nothing' "$(in_force)" "$before"

# ---- ndrqd cannot take it

cp "$q/ndrq.conf" "$tmp/good.conf"
echo 'nonsense = 1;' >>"$q/ndrq.conf"
ndrq() {
	"${NDRQ:-$top_builddir/ndrq}" -c "$tmp/good.conf" "$@"
}
tool policy deny victim.example
is 'when ndrqd keeps its old policy the status says so' "$status" 1
like 'and the tool' "$out" '^ndrq: ndrqd keeps its old policy:$'
like 'and why, with the line' "$out" 'ndrq\.conf:[0-9]+: .*nonsense'
is 'the old one is in force' "$(in_force)" "$before"
cp "$tmp/good.conf" "$q/ndrq.conf"

# ---- another file than ndrqd's

sed "s,$q/policy.conf,$tmp/policy.conf," "$q/ndrq.conf" >"$tmp/good.conf"
cp "$q/policy.conf" "$tmp/policy.conf"
tool policy set victim.example ndr=delete
is 'a policy that is not the one ndrqd reads is told from it' "$status" 1
like 'by its revision' "$out" "another policy than $tmp/policy.conf"
cp "$q/ndrq.conf" "$tmp/good.conf"

# ---- what waits is judged again

unset -f ndrq
. "$top_srcdir/tests/lib/ndrqd.sh"
# states DOMAIN: how many records are in which state
states() {
	tally 'r["state"]' --domain "$1"
}
states_are() {
	[ "$(states "$1")" = "$2" ]
}
log_lines() {
	grep -c "event=$1 " "$q.log"
}

tool policy allow '*.wait.example'
for domain in keep drop; do
	lmtp --rcpt "a@$domain.wait.example" --tag "$domain" --count 100 >/dev/null
done
is 'with the relay down they wait' "$(states keep.wait.example) $(states drop.wait.example)" \
	'sending=100 sending=100'
lmtp --rcpt human@drop.wait.example --tag human >/dev/null
ndrqd_policy hold
ok 'a policy that holds them is loaded' ndrqd_reload
ok 'those that wait are held' wait_for 20 states_are drop.wait.example held=101
ok 'all of them' wait_for 20 states_are keep.wait.example held=100
is 'there is a line for each' "$(log_lines rejudged)" 201
like 'and one for all' "$(grep event=rejudge-ended "$q.log")" 'records=201 held=201 deleted=0 shortened=0 '

human=$(ndrq list --ids --domain drop.wait.example --limit 1)
like 'ndrq show says who held it and by which policy' "$(ndrq show "$human")" \
	"policy: Default\.ndr; policy $(in_force); before: \*\.wait\.example\.ndr"
ok "a human's release" ndrq release $(ndrq list --ids --domain keep.wait.example) --reason 'they may go'
tool policy set '*.wait.example' ndr=delete
is 'a stricter policy again' "$status" 0
is 'leaves what a human has released' "$(states keep.wait.example)" releasing=100
tool policy allow '*.wait.example'
is 'a looser one' "$status" 0
is 'changes nothing' "$(states drop.wait.example)" held=101
is 'and there is no line for it' "$(log_lines rejudge-ended)" 1

# ---- what waits may be stripped

tool policy set '*.wait.example' ndr=send
lmtp --rcpt a@less.wait.example --tag less --count 40 >/dev/null
tool policy set '*.wait.example' ndr_diagnostics=false returned=none
is 'a policy that lets less go out' "$status" 0
shortened() {
	grep event=rejudge-ended "$q.log" | tail -n 1 | grep -q ' shortened=40 '
}
ok 'shortens what waits' wait_for 20 shortened
is 'which goes on waiting' "$(states less.wait.example)" sending=40
tool policy set '*.wait.example' ndr_diagnostics=true returned=full
is 'and a policy that lets more go out' "$status" 0
ok 'gives nothing back' test "$(ndrq show --json "$(ndrq list --ids --limit 1)" | field route)" = submit

# ---- with a kill in between, and at a start

tool policy set '*.wait.example' ndr=send
for domain in kept gone; do
	lmtp --rcpt "a@$domain.wait.example" --tag "$domain" --count 300 >/dev/null
done
is 'more of them wait' "$(states kept.wait.example) $(states gone.wait.example)" \
	'sending=300 sending=300'
ndrqd_policy hold '{ name = "Kept"; domain = "kept.wait.example"; ndr = "send"; }' \
	'{ name = "Gone"; domain = "gone.wait.example"; ndr = "delete"; }' \
	'{ name = "Less"; domain = "less.wait.example"; ndr = "send"; }'
kill -HUP "$(cat "$q.pid")"
wait_for 20 grep -q 'rule=Gone.ndr' "$q.log"
ndrqd_kill
ok 'none is lost by a kill' \
	test "$(ndrq list --count --domain gone.wait.example)" = 300
sink_start "$sink" "$relay" || bail_out "the sink does not start"
ok 'it starts again' ndrqd_start
ok 'and what was left is judged before anything leaves' \
	wait_for 30 states_are gone.wait.example deleted=300
ok 'what the policy lets pass is sent' wait_for 60 states_are kept.wait.example sent=300
is 'nothing else is' "$(sink_messages "$sink" '^Message-ID: <gone\.' | wc -l)" 0
ok 'what was shortened is sent so' wait_for 60 states_are less.wait.example sent=40
sink_messages "$sink" '^To: .*a@less\.wait\.example' >"$tmp/less"
is 'all of it, with nothing of the returned message' \
	"$(wc -l <"$tmp/less") $(xargs grep -l original-less <"$tmp/less" | wc -l)" '40 0'
ok 'and what a human released' wait_for 60 states_are keep.wait.example released=100

ok 'ndrqd ends in good order' ndrqd_stop

plan
