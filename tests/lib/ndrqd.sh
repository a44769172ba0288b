# ndrqd.sh: ndrqd and ndrq on a throw-away store. Source it after tap.sh.
#
# An instance is a folder with ndrq.conf, policy.conf, the store and the socket
# lmtp.sock; beside it (its disk may be full) stand its .log, .pid and, when it
# has ended, .status. $q names the instance that the functions below use, so a
# test with two of them sets q in front: q=$tmp/other ndrqd_start.
q=$tmp/q

# ndrqd_new RELAY [LINE…]: the folder with its two files; lines go to ndrq.conf.
ndrqd_new() {
	local relay=$1

	shift
	mkdir -p "$q"
	chmod 755 "$q"
	ndrqd_policy hold
	{
		cat <<-END
			store = "$q/ndrq.db";
			policy = "$q/policy.conf";
			hostname = "mx.local.test";
			log = "stderr";
			lmtp = { listen = [ ${LISTEN:-"\"unix:$q/lmtp.sock\""} ]; ${LMTP-} };
			release = { relay = "$relay"; ${RELEASE-} };
		END
		printf '%s\n' "$@"
	} >"$q/ndrq.conf"
	at_exit ndrqd_reap "$q"
}

# ndrqd_policy_is: what stands on stdin, from one moment to the next.
ndrqd_policy_is() {
	cat >"$q/policy.conf.new" && mv "$q/policy.conf.new" "$q/policy.conf"
}

# ndrqd_policy ACTION [ROW…]: what happens to an NDR by default, and to others.
ndrqd_policy() {
	local action=$1 row rows=

	shift
	for row; do rows="$rows, $row"; done
	ndrqd_policy_is <<-END
		mode = "enforce";
		local_domains = [ "local.test", "mx.local.test" ];
		remote_domains = (
		  { name = "Default"; domain = "*"; ndr = "$action"; }$rows
		);
	END
}

# What clients connect to: the first of the listen addresses.
ndrqd_address() {
	sed -n 's/^lmtp = .*listen = \[ "\([^"]*\)".*/\1/p' "$q/ndrq.conf"
}

ndrqd_alive() {
	[ -s "$q.pid" ] && kill -0 "$(cat "$q.pid")" 2>/dev/null
}
ndrqd_gone() {
	! ndrqd_alive
}

ndrqd_ready() {
	ndrqd_gone || lmtp --timeout 5 --ping
}

# ndrqd_run: starts it, whatever becomes of it. Its exit status goes to $q.status.
ndrqd_run() {
	rm -f "$q.status" "$q.pid"
	(
		# The parent waits for the pid file; the status is written when it ends.
		"${NDRQD:-$top_builddir/ndrqd}" -c "$q/ndrq.conf" -f "$@" >>"$q.log" 2>&1 &
		echo $! >"$q.pid.new"
		mv "$q.pid.new" "$q.pid"
		wait $!
		echo $? >"$q.status"
	) >"$q.out" 2>&1 </dev/null &
	wait_for 10 test -s "$q.pid"
}

# ndrqd_start: and waits until its socket answers.
ndrqd_start() {
	ndrqd_run "$@" && wait_for 20 ndrqd_ready && ndrqd_alive
}

# ndrqd_stop: SIGTERM, as an administrator would; fails when it does not end with 0.
ndrqd_stop() {
	kill -TERM "$(cat "$q.pid")" && ndrqd_ended || return 1
	[ "$(cat "$q.status")" = 0 ] || { echo "its status: $(cat "$q.status")" && return 1; }
}
ndrqd_kill() {
	kill -KILL "$(cat "$q.pid")" && ndrqd_ended
}
ndrqd_ended() {
	wait_for "${1:-30}" test -s "$q.status"
}
ndrqd_reap() {
	local q=$1

	ndrqd_gone || { kill -TERM "$(cat "$q.pid")" && ndrqd_ended 10 || ndrqd_kill; }
}

# ndrqd_reload: SIGHUP, and the log says what became of it.
ndrqd_reload() {
	local before

	before=$(wc -l <"$q.log")
	kill -HUP "$(cat "$q.pid")" &&
		wait_for 20 ndrqd_said_since "$before" 'event=[^ ]*reload'
}
ndrqd_said_since() {
	tail -n +$(($1 + 1)) "$q.log" | grep -Eq -- "$2"
}
ndrqd_said() {
	grep -Eq -- "$1" "$q.log"
}

# kB of /proc/PID/status
ndrqd_memory() {
	awk -v key="$1:" '$1 == key { print $2 }' "/proc/$(cat "$q.pid")/status"
}

ndrq() {
	"${NDRQ:-$top_builddir/ndrq}" -c "$q/ndrq.conf" "$@"
}

lmtp() {
	python3 "$top_srcdir/tests/lib/lmtp.py" "$(ndrqd_address)" "$@"
}

# records [EXPRESSION [OPTION…]]: the ids of the records r for which this is true in
# Python, such as r["state"] == "held"; options are those of ndrq list.
records() {
	local expression=${1:-True}

	shift $(($# > 0))
	ndrq list --json "$@" | python3 -c '
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    if eval(sys.argv[1]):
        print(r["id"])' "$expression"
}
records_are() {
	[ "$(count_lines records "${@:2}")" = "$1" ]
}
# with RECIPIENT: ids of its records
with() {
	records "r.get('recipient') == '$1'"
}
# has_records N RECIPIENT [STATE]
has_records() {
	records_are "$1" "r.get('recipient') == '$2' and r['state'] == '${3:-held}'"
}
with_message_id() {
	records "r.get('message_id', '').strip('<>') == '$1'"
}
# Nothing is on its way out.
outbox_is_empty() {
	records_are 0 'r["state"] in ("sending", "releasing")'
}
# tally EXPRESSION [OPTION…]: "VALUE=N …", how many records have which value of it;
# those where it is None do not count
tally() {
	local expression=$1

	shift
	ndrq list --json --limit 0 "$@" | python3 -c '
import collections, json, sys
values = (eval(sys.argv[1], {"r": json.loads(line)}) for line in sys.stdin)
n = collections.Counter(v for v in values if v is not None)
print(*(f"{v}={n[v]}" for v in sorted(n)))' "$expression"
}
state_is() {
	[ -n "$1" ] && [ "$(ndrq show --json "$1" | field state)" = "$2" ]
}

# field NAME: of the JSON object on stdin
field() {
	python3 -c '
import json, sys
v = json.loads(sys.stdin.readline()).get(sys.argv[1])
print("" if v is None else v)' "$1"
}
