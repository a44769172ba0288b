#!/bin/bash
# A store that cannot be written: the disk is full, the store has reached its
# size, another holds it, it became read-only. 4yz while it lasts, service
# again when it is over, by the same process.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"

need python3

# sent [OPTION…]: one message; its worst reply is $said's last line
taken=0
sent() {
	said=$(lmtp --timeout 90 "$@" 2>&1)
	local rc=$?

	[ "$rc" != 0 ] || taken=$((taken + 1))
	return "$rc"
}
put_off() {
	sent "$@"
	[ $? = 4 ] && ! grep -E '^[a-z]+ 5[0-9][0-9]' <<<"$said"
}
same_process() {
	[ "$(cat "$q.pid")" = "$pid" ] && ndrqd_alive
}
nothing_lost() {
	echo "taken: $taken, records: $(count_lines records)"
	records_are "$taken" True
}
# in_trouble SENTENCE: what holds while it lasts
in_trouble() {
	local what=$1

	shift
	ok "while $what a message gets 4yz" put_off "$@"
	ok "while $what the next one too" put_off "$@"
}
after_trouble() {
	ok "when that is over, messages are taken again" wait_for 30 sent
	ok "by the same process" same_process
	ok "and each message that got 250 is in the store, once" nothing_lost
}
begin() {
	taken=0
	ndrqd_start || bail_out "ndrqd does not start"
	pid=$(cat "$q.pid")
	sent || bail_out "a message is not taken before the trouble: $said"
}

head -c 300000 /dev/urandom | base64 -w 76 | sed 's/$/\r/' >"$tmp/text"
large() {
	{
		printf 'Subject: large\r\nMessage-ID: <%s@x>\r\n\r\n' "$RANDOM$RANDOM"
		cat "$tmp/text"
	} >"$tmp/large"
	sent "$tmp/large"
}

# small_disk LINE…: $q on a disk of 16 MB, with a file on it that may go
small_disk() {
	mkdir -p "$q"
	mount -t tmpfs -o size=16m tmpfs "$q" 2>/dev/null || return 1
	at_exit umount -l "$q"
	ndrqd_new 127.0.0.1:1 "$@"
	head -c 4000000 /dev/zero >"$q/ballast"
}

# ---- a full disk

q=$tmp/full
if small_disk 'limits = { min_free = "0"; };'; then
	begin
	for _ in {1..60}; do large || break; done
	ok 'a disk that fills up is answered with 4yz' test "$(grep -c '^end 4' <<<"$said")" = 1
	# What is left free may do for a small one: leave none.
	cat /dev/zero >"$q/more-ballast" 2>/dev/null
	in_trouble 'the disk is full'
	rm -f "$q/ballast" "$q/more-ballast"
	after_trouble
	ok 'ndrqd ends in good order' ndrqd_stop
else
	skip 'a full disk gets 4yz' 'no tmpfs can be mounted here'
fi

q=$tmp/nearly-full
if small_disk 'limits = { min_free = "8M"; };'; then
	begin
	head -c 6000000 /dev/zero >"$q/more-ballast"
	in_trouble 'less than min_free is free'
	ok 'and the room is kept free' test "$(df --output=avail -k "$q" | tail -n 1)" -gt 3000
	rm -f "$q/ballast" "$q/more-ballast"
	after_trouble
	ok 'ndrqd ends in good order' ndrqd_stop
else
	skip 'less than min_free gets 4yz' 'no tmpfs can be mounted here'
fi

# ---- a limit of our own

q=$tmp/limited
ndrqd_new 127.0.0.1:1 'limits = { max_size = "4M"; };'
begin
for _ in {1..30}; do large || break; done
in_trouble 'the store has its max_size' "$tmp/large"
ok 'the store is no larger than that' test "$(cat "$q"/ndrq.db "$q"/ndrq.db-wal | wc -c)" -lt 9000000
records | ndrq delete - >/dev/null
ok 'a purge makes room' ndrq purge --yes --older-than 0s --state deleted
after_trouble
ok 'ndrqd ends in good order' ndrqd_stop

# ---- locked by another

q=$tmp/locked
ndrqd_new 127.0.0.1:1
begin
python3 - "$q/ndrq.db" "$tmp/locked-now" "$tmp/unlock" <<'END' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
db.execute("BEGIN EXCLUSIVE")
open(sys.argv[2], "w").close()
end = time.time() + 300
while not os.path.exists(sys.argv[3]) and time.time() < end:
    time.sleep(0.05)
db.execute("ROLLBACK")
END
locker=$!
at_exit kill "$locker"
wait_for 20 test -e "$tmp/locked-now"
lmtp --timeout 90 >"$tmp/other-peer" 2>&1 &
other=$!
in_trouble 'another program has it locked'
wait "$other"
is 'and so do messages of other peers' $? 4
touch "$tmp/unlock"
wait "$locker"
after_trouble
ok 'ndrqd ends in good order' ndrqd_stop

# ---- read-only

# immutable yes|no FILE…: as chattr(1) would; nobody can write it then, root neither
immutable() {
	python3 - "$@" <<-'END'
		import fcntl, struct, sys
		GET, SET, FLAG = 0x80086601, 0x40086602, 0x10
		for name in sys.argv[2:]:
		    with open(name) as f:
		        (flags,) = struct.unpack("l", fcntl.ioctl(f, GET, struct.pack("l", 0)))
		        flags = flags | FLAG if sys.argv[1] == "yes" else flags & ~FLAG
		        fcntl.ioctl(f, SET, struct.pack("l", flags))
	END
}
q=$tmp/read-only
ndrqd_new 127.0.0.1:1
begin
at_exit immutable no "$q/ndrq.db" "$q/ndrq.db-wal"
if immutable yes "$q/ndrq.db" "$q/ndrq.db-wal" 2>/dev/null; then
	in_trouble 'the store is read-only'
	immutable no "$q/ndrq.db" "$q/ndrq.db-wal"
	after_trouble
else
	skip 'a read-only store gets 4yz' 'this filesystem has no immutable files'
fi
ok 'ndrqd ends in good order' ndrqd_stop

plan
