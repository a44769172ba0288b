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

ok 'ndrqd ends in good order' ndrqd_stop

plan
