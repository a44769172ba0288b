#!/bin/bash
# ndrq policy replay: what it says another policy would do is what that one does.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"

need python3
read -r relay <<<"$(free_ports 1)"
ndrqd_new "127.0.0.1:$relay"
ndrqd_start || bail_out "ndrqd does not start"

# feed TAG: the same flood each time, but for the tag
feed() {
	lmtp --rcpt a@fabrikam.example --tag "$1-a" --count 30 >/dev/null
	lmtp --rcpt b@contoso.example --tag "$1-b" --count 20 >/dev/null
	lmtp --rcpt c@other.example --tag "$1-c" --count 10 >/dev/null
	lmtp --rcpt us@local.test --tag "$1-d" --count 5 >/dev/null
}
# replay …: its lines of JSON in $out, its status in $status
replay() {
	status=0
	ndrq policy replay --json --limit 0 "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
}
# line EXPRESSION RESULT: RESULT of each line d for which this is true in Python
line() {
	python3 -c '
import json, sys
for text in open(sys.argv[1]):
    d = json.loads(text)
    if eval(sys.argv[2]):
        print(eval(sys.argv[3]))' "$tmp/out" "$1" "$2"
}
# verdicts [LAST]: what was decided, by domain; of those behind record LAST
verdicts() {
	tally "r['domain'] + ':' + r['verdict'] if r['id'] > ${1-0} else None"
}

feed first
cat >"$tmp/new.conf" <<'END'
local_domains = [ "local.test", "mx.local.test" ];
rules = ( { name = "quiet"; domain = "contoso.example"; action = "delete"; } );
remote_domains = ( { name = "Default"; domain = "*"; ndr = "hold"; },
                   { name = "Fabrikam"; domain = "fabrikam.example"; ndr = "send"; } );
END
before=$(verdicts; ndrq stats --json)

# ---- the same policy

replay "$q/policy.conf"
is 'the policy that judged is replayed' "$status" 0
is 'and all is the same' "$(line True '(d["by"], d.get("judged"), d.get("changed"))')" \
	"('all', 65, 0)
('verdict', None, None)
('verdict', None, None)"

# ---- another

replay "$tmp/new.conf"
is 'another policy is replayed' "$status" 0
is 'how many would change' "$(line 'd["by"] == "all"' 'd["judged"], d["changed"]')" '(65, 50)'
is 'from what to what' "$(line 'd["by"] == "verdict"' 'd["then"], d["now"], d["count"]')" \
	"('send', 'send', 5)
('hold', 'send', 30)
('hold', 'hold', 10)
('hold', 'delete', 20)"
is 'by domain' "$(line 'd["by"] == "domain"' 'd["domain"], d["then"], d["now"], d["count"]')" \
	"('fabrikam.example', 'hold', 'send', 30)
('contoso.example', 'hold', 'delete', 20)"
is 'by rule' "$(line 'd["by"] == "rule"' 'd["rule_then"], d["rule_now"], d["count"]')" \
	"('Default.ndr', 'Fabrikam.ndr', 30)
('Default.ndr', 'quiet', 20)"
is 'with the newest ids as examples' "$(line 'd.get("domain") == "contoso.example"' 'd["examples"]')" \
	'[50, 49, 48]'
is 'of the new text' "$(line 'd["by"] == "all"' 'd["policy_revision"]')" \
	"$(sha256sum <"$tmp/new.conf" | cut -d ' ' -f 1)"

replay --domain fabrikam.example --state held --examples 1 "$tmp/new.conf"
is 'only what the query asks for' \
	"$(line 'd["by"] == "domain"' 'd["domain"], d["count"], d["examples"]')" \
	"('fabrikam.example', 30, [30])"
is 'nothing was changed by that' "$(verdicts; ndrq stats --json)" "$before"

# ---- what it says is what is done

ndrqd_policy_is <"$tmp/new.conf"
ok 'the new policy is loaded' ndrqd_reload
last=$(ndrq list --ids --limit 1)
feed second
is 'the same flood is decided as foretold' \
	"$(verdicts "$last")" \
	'contoso.example:delete=20 fabrikam.example:send=30 local.test:send=5 other.example:hold=10'

# ---- for people

out=$(ndrq policy replay --limit 1 "$tmp/new.conf")
like 'a table for people' "$out" '^hold send +30 fabrikam.example 30 29 28$'
like 'that says what it leaves out' "$out" '^and 20 records in 1 more rows: --limit 0 shows all$'
ok 'a progress bar is for a terminal only' \
	test "$(ndrq policy replay "$tmp/new.conf" 2>&1 >/dev/null | wc -c)" = 0

# ---- wrong calls

replay
is 'without a file it is a wrong call' "$status" 64
replay "$tmp/none"
is 'a file that is not there' "$status" 66
echo 'nonsense = 1;' >"$tmp/bad.conf"
replay "$tmp/bad.conf"
is 'a policy with an error' "$status" 78
like 'with its line' "$(cat "$tmp/err")" 'bad\.conf:1: nonsense'
replay --state nowhere "$tmp/new.conf"
is 'a state that there is not' "$status" 64

ok 'ndrqd ends in good order' ndrqd_stop
plan
