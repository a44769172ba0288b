#!/bin/bash
# What a newcomer copies works: the settings as they ship, the policy in
# README.md, the lines for Postfix, the unit.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"

cd "$top_srcdir" || exit 99
is 'the settings as they ship are right' "$("$top_builddir/ndrqd" -c conf/ndrq.conf -t 2>&1; echo $?)" 0

# The indented block of FILE that has PATTERN, without its indent.
block() {
	awk -v pattern="$2" '
		/^    / { text = text substr($0, 5) "\n"; next }
		/^$/ && text != "" { text = text "\n"; next }
		{ if (text ~ pattern) printf "%s", text; text = "" }
		END { if (text ~ pattern) printf "%s", text }' "$1"
}
block README.md 'local_domains = ' | sed '/^ndrq policy check/,$d' >"$tmp/policy.conf"
ok 'README.md has a policy' grep -q Fabrikam "$tmp/policy.conf"
is 'and it is right' "$("$top_builddir/ndrq" policy check "$tmp/policy.conf" 2>&1; echo $?)" 0
like 'the partner in it is told' \
	"$("$top_builddir/ndrq" policy test "$tmp/policy.conf" --rcpt ann@mx.fabrikam.example)" '^send rule=Fabrikam.ndr'

# README.md has comments between the lines, conf/postfix.md a table below them.
lines() {
	{ block "$1" sender_dependent_default_transport_maps; block "$1" 'ndrq unix'; } | grep -Ev '^(#|$)' | sort
}
ok 'README.md wires Postfix' grep -q bounce_queue_lifetime <(lines README.md)
is 'as conf/postfix.md does' "$(lines README.md)" "$(lines conf/postfix.md)"
is 'and as the test with a real Postfix does' \
	"$(lines README.md | sed -n 's/^ *\(-o [a-z_]*=\|[a-z_]* =\).*/\1/p' | sed 's/-o //; s/ *=$//' |
		while read -r name; do grep -q "$name" tests/lib/postfix.sh || echo "$name"; done)" ''

if command -v systemd-analyze >/dev/null; then
	sed 's,^ExecStart=.*,ExecStart=/bin/true,; /^Documentation=/d' "$top_builddir/conf/ndrqd.service" >"$tmp/ndrqd.service"
	is 'the unit is right' "$(systemd-analyze verify "$tmp/ndrqd.service" 2>&1)" ''
else
	skip 'the unit is right' 'no systemd-analyze'
fi

plan
