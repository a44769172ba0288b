# cli.sh: what the tests of ndrq(1) share. Source it after tap.sh.
#
# store [MORE]      a fresh store in $dir (make_store.c says what is in it)
# tool …            the real tool on it
# ndrq …            the same; output in $dir/out and $dir/err, exit status in $rc
# exits N NAME      the last ndrq exited with N and NAME is what that shows
# on_terminal …     ndrq with its output on a terminal of 80 columns, in $dir/out
# unprivileged …    ndrq, as a user whom a file's mode keeps out
export LC_ALL=C TZ=UTC COLUMNS=80
unset SUDO_USER
need python3
dir=$tmp
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
	"$top_builddir/tests/cli/make_store" "$dir/store/ndrq.db" "$@" || bail_out "no store"
}

tool() {
	"$top_builddir/ndrq" -c "$dir/ndrq.conf" "$@"
}
ndrq() {
	rc=0
	tool "$@" >"$dir/out" 2>"$dir/err" || rc=$?
}
unprivileged() {
	if [ "$(id -u)" != 0 ]; then
		ndrq "$@"
		return
	fi
	cp "$top_builddir/ndrq" "$dir/ndrq" # the build tree may be closed to others
	rc=0
	setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/ndrq" -c "$dir/ndrq.conf" "$@" \
		>"$dir/out" 2>"$dir/err" || rc=$?
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

# What ndrq said last: tap.sh asks at the first failure.
diag_logs() {
	diag "exit status $rc"
	sed 's/^/# out: /' "$dir/out" | cat -v
	sed 's/^/# err: /' "$dir/err" | cat -v
}

exits() {
	is "$2" "$rc" "$1"
}

says() { grep -qF -- "$1" "$dir/out"; }
complains() { grep -qF -- "$1" "$dir/err"; }
silent() { [ ! -s "$dir/$1" ]; }
lines() { [ "$(wc -l <"$dir/out")" = "$1" ]; }
no() { ! "$@"; }
state_of() { tool --json show "$1" | json "d['state']"; }

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
