# cli.sh: what the tests of ndrq(1) share. Sourced; prints TAP.
#
# store [MORE]      a fresh store in $dir (make_store.c says what is in it)
# ndrq …            the real tool on it; output in $dir/out and $dir/err
# exits N NAME      the last ndrq exited with N and NAME is what that shows
# ok NAME COMMAND…  the command succeeds
# on_terminal …     ndrq with its output on a terminal of 80 columns, in $dir/out
# finish            the plan
set -u
export LC_ALL=C TZ=UTC COLUMNS=80
unset SUDO_USER
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
tests=0
rc=0

cat >"$dir/ndrq.conf" <<END
store = "$dir/store/ndrq.db";
policy = "$dir/policy.conf";
lmtp = { listen = [ "unix:$dir/lmtp" ]; };
release = { relay = "127.0.0.1:10044"; };
END
echo 'local_domains = [ "example.org" ];' >"$dir/policy.conf"

store() {
	rm -rf "$dir/store"
	mkdir "$dir/store"
	"$top_builddir/tests/cli/make_store" "$dir/store/ndrq.db" "$@" || {
		echo "Bail out! no store"
		exit 99
	}
}

ndrq() {
	rc=0
	"$top_builddir/ndrq" -c "$dir/ndrq.conf" "$@" >"$dir/out" 2>"$dir/err" || rc=$?
}

# script(1) gives a terminal; its argument is one shell command.
on_terminal() {
	rc=0
	command="stty cols 80 2>/dev/null; exec '$top_builddir/ndrq' -c '$dir/ndrq.conf'"
	for word in "$@"; do command="$command '$word'"; done
	LC_ALL=${LOCALE-C} script -qec "$command" /dev/null >"$dir/out" 2>"$dir/err" </dev/null ||
		rc=$?
}

have_terminal() {
	[ "$(script -qec 'test -t 1 && echo yes' /dev/null </dev/null 2>/dev/null | tr -d '\r')" = yes ]
}

result() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
		return
	fi
	echo "not ok $tests - $2"
	echo "# exit status $rc"
	sed 's/^/# out: /' "$dir/out" | cat -v
	sed 's/^/# err: /' "$dir/err" | cat -v
}

ok() {
	name=$1
	shift
	"$@" >/dev/null 2>&1
	result $? "$name"
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

exits() {
	[ "$rc" = "$1" ]
	result $? "$2"
}

says() { grep -qF -- "$1" "$dir/out"; }
complains() { grep -qF -- "$1" "$dir/err"; }
silent() { [ ! -s "$dir/$1" ]; }
lines() { [ "$(wc -l <"$dir/out")" = "$1" ]; }
no() { ! "$@"; }
state_of() { "$top_builddir/ndrq" -c "$dir/ndrq.conf" --json show "$1" | json "d['state']"; }
is() { [ "$1" = "$2" ]; }

# json EXPRESSION: of the object d on standard input; what it prints.
json() { python3 -c "import json,sys
for line in sys.stdin:
    d = json.loads(line)
    print($1)"; }

# Is there output, and is every line of it a JSON object?
json_lines() {
	python3 -c 'import json,sys
lines = list(open(sys.argv[1], "rb"))
assert lines and all(type(json.loads(line)) is dict for line in lines)' "$dir/out"
}

# There is output, with no control character but line ends (a terminal gets CR LF).
clean() {
	python3 -c 'import sys
t = open(sys.argv[1], "rb").read().decode("utf-8").replace("\r\n", "\n")
bad = [c for c in t if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160
       or 0x202a <= ord(c) <= 0x202e or 0x2066 <= ord(c) <= 0x2069]
sys.exit(not t or len(bad) > 0)' "$dir/out"
}

finish() { echo "1..$tests"; }
