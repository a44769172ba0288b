# tap.sh: what every shell test begins with. Source it from bash:
#
#	. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
#
# It gives a temporary folder $tmp that goes when the test ends, the results
# as TAP on stdout, and a way to wait for something without guessing how long
# it takes. `make check` sets top_srcdir and top_builddir; by hand they are
# this tree and ./build in it.
set -u

tap_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${top_srcdir:=$(cd "$tap_lib/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
export top_srcdir top_builddir PYTHONDONTWRITEBYTECODE=1

tap_count=0
tap_failed=0
tap_at_exit=()

tmp=$(mktemp -d "${TMPDIR:-/tmp}/ndrq-test.XXXXXX") || exit 99
chmod 755 "$tmp"

# at_exit COMMAND…: runs when the test ends, however it ends; last one first.
at_exit() {
	tap_at_exit+=("$(printf '%q ' "$@")")
}

tap_cleanup() {
	local rc=$? i

	trap - EXIT
	for ((i = ${#tap_at_exit[@]} - 1; i >= 0; i--)); do
		eval "${tap_at_exit[i]}" >/dev/null 2>&1
	done
	if [ -n "${KEEP-}" ]; then
		echo "# kept: $tmp"
	else
		rm -rf "$tmp"
	fi
	exit "$rc"
}
trap tap_cleanup EXIT
trap 'exit 99' HUP INT TERM

diag() {
	printf '%s\n' "$@" | sed 's/^/# /'
}

# The ends of all logs, so that a failure in CI can be read.
diag_logs() {
	local log

	find "$tmp" -name '*.log' -size +0 2>/dev/null | while read -r log; do
		diag "--- ${log#"$tmp"/}"
		tail -n "${1:-15}" "$log" | cut -c1-300 | tr -cd '[:print:]\n\t' | sed 's/^/#   /'
	done
}

tap_result() {
	local word=$1 sentence=$2

	tap_count=$((tap_count + 1))
	# A number sign would begin a TAP directive.
	echo "$word $tap_count - ${sentence//#/}"
}

tap_fail() {
	tap_result 'not ok' "$1"
	tap_failed=$((tap_failed + 1))
	# The first failure is mostly the cause of the rest.
	[ "$tap_failed" -gt 1 ] || diag_logs
}

# ok SENTENCE COMMAND…: the sentence is true when the command succeeds.
ok() {
	local sentence=$1

	shift
	# In this shell, so that what it sets stays set; to a file, which a daemon may keep open.
	if "$@" >"$tmp/output" 2>&1 </dev/null; then
		tap_result ok "$sentence"
		return 0
	fi
	tap_fail "$sentence"
	diag "failed: $*"
	tail -n 20 "$tmp/output" | cut -c1-500 | sed 's/^/# /'
	return 1
}

# is SENTENCE GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		tap_result ok "$1"
		return 0
	fi
	tap_fail "$1"
	diag "got:    ${2:0:500}" "wanted: ${3:0:500}"
	return 1
}

# like SENTENCE TEXT PATTERN: an extended regular expression somewhere in it
like() {
	if grep -Eq -- "$3" <<<"$2"; then
		tap_result ok "$1"
		return 0
	fi
	tap_fail "$1"
	diag "got:    ${2:0:500}" "wanted: $3"
	return 1
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

bail_out() {
	diag_logs
	echo "Bail out! $*"
	exit 99
}

# plan: the last line. A test that ends before it has no plan, and fails.
plan() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}

# wait_for SECONDS COMMAND…: succeeds as soon as the command does.
wait_for() {
	local end=$(($(date +%s%N) / 1000000 + ${1%.*} * 1000))

	shift
	until "$@" >/dev/null 2>&1; do
		[ $(($(date +%s%N) / 1000000)) -lt "$end" ] || return 1
		sleep 0.05
	done
}

need() {
	local program

	for program; do
		command -v "$program" >/dev/null || bail_out "$program is not installed"
	done
}

# free_ports N: N ports of 127.0.0.1 where nobody listens, below those that
# the kernel hands out to clients.
free_ports() {
	python3 - "$1" <<-'END'
		import random, socket, sys
		found = []
		while len(found) < int(sys.argv[1]):
		    port = random.randrange(20000, 32000)
		    with socket.socket() as s:
		        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		        try:
		            s.bind(("127.0.0.1", port))
		        except OSError:
		            continue
		    if port not in found:
		        found.append(port)
		print(*found)
	END
}

port_answers() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# count_lines COMMAND…: how many lines it prints
count_lines() {
	"$@" 2>/dev/null | wc -l
}

# as_root SCRIPT: runs the script again by sudo(8), and gives what it leaves in
# the build tree back to its owner. Without root and sudo it cannot run: a
# failure, so that nobody takes it for done.
as_root() {
	local mine rc

	[ "$(id -u)" != 0 ] || return 0
	sudo -n true 2>/dev/null || bail_out "needs root, or sudo without a password"
	mine=$(id -u):$(id -g)
	sudo -n env top_srcdir="$top_srcdir" top_builddir="$top_builddir" TMPDIR="${TMPDIR:-/tmp}" \
		bash "$1"
	rc=$?
	sudo -n chown -R "$mine" "$top_builddir/tests/mta"
	exit "$rc"
}
