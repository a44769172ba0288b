#!/bin/bash
# counts.sh: what the counts of rules found is shown, to people and to programs.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
store

ndrq stats --harvesters --format plain
exits 0 "without harvesters stats exits 0"
ok "and says nothing" silent out
ndrq stats --by storm
exits 0 "without storms stats exits 0"
ok "and says nothing either" silent out

store 10 counted

ndrq stats --harvesters --format plain
exits 0 "stats --harvesters exits 0"
is "plain is an address a line, each once, only those that are marked now" \
	"$(tr '\n' ' ' <"$dir/out")" "192.0.2.1 2001:db8::9 "
ndrq stats --harvesters --format postfix
printf '%s\n' '192.0.2.1/32 REJECT too many unknown recipients' \
	'2001:db8::9/128 REJECT too many unknown recipients' >"$dir/wanted"
ok "postfix is a CIDR table" cmp "$dir/wanted" "$dir/out"
if command -v postmap >/dev/null; then
	cp "$dir/out" "$dir/harvesters"
	for address in 192.0.2.1 2001:db8::9; do
		ok "Postfix finds $address in it" sh -c \
			"postmap -q $address 'cidr:$dir/harvesters' | grep -q ^REJECT"
	done
	ok "Postfix does not find another" no postmap -q 192.0.2.2 "cidr:$dir/harvesters"
else
	skip "Postfix finds them in it" "no postmap"
fi
ndrq stats --harvesters --format json
ok "json is an object a line" json_lines
is "json has each rule's" "$(json "d['client'], d['rule'], d['notifications']" <"$dir/out" | tr '\n' ' ')" \
	"192.0.2.1 Another 10 192.0.2.1 Harvest 10 2001:db8::9 Harvest 10 "
ndrq stats --harvesters --json
is "--json is the same" "$(json "d['until'][10:11]" <"$dir/out" | sort -u)" T
ndrq stats --harvesters
ok "people get a table" sh -c "sed -n 1p '$dir/out' | grep -q '^CLIENT  *RULE  *UNKNOWN'"
ok "with a line a rule" lines 4

ndrq stats --by storm
exits 0 "stats --by storm exits 0"
ok "a storm is a line" lines 2
ok "it says what its records share" says 'address many\x1b[31m@many.example'
ok "and how many they are" grep -Eq '^ *1 Storm .* 10 ' "$dir/out"
ok "without control characters" clean
ndrq stats --by storm --json
is "in JSON too" "$(json "d['storm'], d['rule'], d['records'], ascii(d['shared'])" <"$dir/out")" \
	"1 Storm 10 'address many\\x1b[31m@many.example'"
ndrq list --storm 1 --count
is "list --storm finds its records" "$(cat "$dir/out")" 10
ndrq list --storm 1 --state held --domain many.example --ids --limit 2
is "and takes other filters too" "$(tr '\n' ' ' <"$dir/out")" "21 20 "
ndrq list --storm 1 --message-id 4711@remote.example --count
is "and --message-id" "$(cat "$dir/out")" 10
ndrq list --storm 2 --count
is "no other storm has any" "$(cat "$dir/out")" 0
ndrq show 15
ok "show names the storm" says '1: address many\x1b[31m@many.example, 10 records from'
ok "show has no control character" clean
ndrq show --json 15
is "and so does JSON" "$(json "d['storm']" <"$dir/out")" 1
ndrq show 4
ok "show says nothing of a storm that is none" no says storm

ndrq list --storm yesterday
exits 64 "a storm that is no number is a usage error"
ndrq list --storm 0
exits 64 "and so is 0"
ndrq stats --harvesters --format xml
exits 64 "an unknown format is a usage error"
ok "answered with those there are" complains "postfix"
ndrq stats --format plain
exits 64 "a format without --harvesters is a usage error"
plan
