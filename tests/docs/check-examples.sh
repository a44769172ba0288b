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

# conf/iis.md: each line of ndrq, on a folder of triplets that are old enough
cat >"$tmp/ndrq.conf" <<END
store = "$tmp/store/ndrq.db"; policy = "$tmp/policy.conf";
lmtp = { listen = [ "unix:$tmp/lmtp" ]; }; release = { relay = "127.0.0.1:25252"; };
END
mkdir "$tmp/store"
"$top_builddir/tests/cli/make_store" "$tmp/store/ndrq.db"
sweeps() {
	grep -o 'ndrq sweep badmail .*' conf/iis.md | grep -v '`' |
		sed "s,/mnt/,$tmp/mnt/,; s,/srv/,$tmp/srv/,; s,/var/log/,$tmp/log/,"
}
folders=("$tmp/mnt/mailroot/Badmail" "$tmp/mnt/mailroot/vsi 1/BadMail" "$tmp/mnt/mailroot/vsi 2/BadMail"
	"$tmp/mnt/c/Inetpub/mailroot/Badmail")
mkdir -p "${folders[@]}" "$tmp/srv/badmail" "$tmp/log"
count=0
ndrq() {
	"$top_builddir/ndrq" -c "$tmp/ndrq.conf" "$@"
}
while read -r line; do
	count=$((count + 1))
	for folder in "${folders[@]}"; do
		python3 tests/lib/badmail.py "$folder" 2 --prefix "n$count."
	done
	ok "conf/iis.md: ${line//$tmp/} works" eval "$line"
done < <(sweeps)
ok 'conf/iis.md has many such lines' test "$count" -ge 9
is 'they took what they say' \
	"$(ls "$tmp/srv/badmail/vsi1" | wc -l) $(grep -c event=deleted "$tmp/log/badmail.log")" "$((6 * $(sweeps | sed '/archive/q' | wc -l))) $((2 * 1))"
is 'the release in conf/iis.md is right' "$(
	sed "s,127.0.0.1:25252,x," "$tmp/ndrq.conf" | sed 's,release = .*,,' >"$tmp/pickup.conf"
	block conf/iis.md 'release = .*pickup' | sed "s,/mnt/,$tmp/mnt/," >>"$tmp/pickup.conf"
	mkdir -p "$tmp/mnt/mailroot/Pickup"
	"$top_builddir/ndrqd" -c "$tmp/pickup.conf" -t 2>&1
	echo $?
)" 0
for kind in iis-badmail pickup; do
	is "the watched folders of kind $kind in conf/iis.md are right" "$(
		sed 's,127.0.0.1:25252,127.0.0.1:25253,' "$tmp/ndrq.conf" >"$tmp/watched.conf"
		block conf/iis.md "kind = \"$kind\"" >>"$tmp/watched.conf"
		"$top_builddir/ndrqd" -c "$tmp/watched.conf" -t 2>&1
		echo $?
	)" 0
done

if command -v systemd-analyze >/dev/null; then
	block conf/iis.md 'Type=oneshot' | sed 's,^ExecStart=.*,ExecStart=/bin/true,; s,^Requires.*,,; s,^User=.*,,' >"$tmp/ndrq-sweep.service"
	block conf/iis.md OnCalendar >"$tmp/ndrq-sweep.timer"
	is 'the timer in conf/iis.md is right' "$(systemd-analyze verify "$tmp/ndrq-sweep.timer" 2>&1)" ''
	sed 's,^ExecStart=.*,ExecStart=/bin/true,; /^Documentation=/d' "$top_builddir/conf/ndrqd.service" >"$tmp/ndrqd.service"
	is 'the unit is right' "$(systemd-analyze verify "$tmp/ndrqd.service" 2>&1)" ''
else
	skip 'the timer in conf/iis.md is right' 'no systemd-analyze'
	skip 'the unit is right' 'no systemd-analyze'
fi

plan
