#!/bin/bash
# sweep_faults.sh: files that cannot be read, moved or removed, one at a time:
# what a server refuses is made by locks and mounts here. Nothing is lost,
# nothing doubled, and one file does not keep the others.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
folder=$dir/Badmail
badmail() { python3 "$top_srcdir/tests/lib/badmail.py" "$folder" "$@"; }
fresh() {
	rm -rf "$folder"
	mkdir "$folder"
}
here() { ls "$folder" | sort | tr '\n' ' '; }
records() { tool --json list --limit 0 | wc -l; }

# ---- in use, by a lock

fresh
store
badmail 2
python3 - "$folder/t000000.BDR" "$dir/held" <<'PYTHON' &
import fcntl, os, sys, time
f = open(sys.argv[1], "rb")
fcntl.flock(f, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]):
    time.sleep(0.05)
PYTHON
for _ in $(seq 200); do
	[ ! -e "$dir/held" ] || break
	sleep 0.05
done
ndrq sweep badmail "$folder"
exits 1 "a file that somebody has locked exits 1"
ok "it is said" complains "t000000.BAD: in use: Device or resource busy"
is "its triplet stays whole, the other is taken" "$(here)" "t000000.BAD t000000.BDP t000000.BDR "
rm "$dir/held"
wait
ndrq sweep badmail "$folder"
exits 0 "when it is free it is taken"
is "and the folder is empty" "$(here)" ""

# ---- what only a mount can do

# busy FILE: it can be read, and neither moved nor removed
busy() {
	cp -p "$1" "$dir/busy" && mount --bind "$dir/busy" "$1" 2>/dev/null
}
unmount() {
	umount "$folder"/* "$dir/small"
}
fresh
store
before=$(records)
badmail 1
if ! busy "$folder/t000000.BDR"; then
	skip "a file that cannot be removed, or not be read; an archive on a full disk" "no right to mount"
	plan
	exit
fi
at_exit unmount

ndrq sweep badmail "$folder"
exits 1 "a .bdr that cannot be removed exits 1"
ok "it is said" complains "in use: Device or resource busy"
ok "its message leads it still" [ -e "$folder/t000000.BAD" ]
ndrq sweep badmail "$folder"
umount "$folder/t000000.BDR"
ndrq sweep badmail "$folder"
exits 0 "when it can be removed it is"
is "and the folder is empty" "$(here)" ""
is "all that time it was one record" "$(($(records) - before))" 1

# /proc/PID/mem cannot be read at 0: EIO
fresh
store
before=$(records)
badmail 5
: >"$folder/t000002.BAD"
mount --bind "/proc/$$/mem" "$folder/t000002.BAD"
sleep 6 # its time is now
ndrq sweep badmail "$folder"
exits 1 "a file that cannot be read exits 1"
ok "it is said" complains "t000002.BAD: it cannot be read: Input/output error"
is "and does not keep the others" "$(($(records) - before)) $(here)" \
	"4 t000002.BAD t000002.BDP t000002.BDR "
mkdir "$dir/small"
mount -t tmpfs -o size=64k none "$dir/small"
badmail 4 --prefix u
ndrq sweep badmail "$folder" --archive "$dir/small"
exits 1 "nor does it on the way to an archive on another volume"
is "all but that are there" "$(ls "$dir/small" | wc -l) $(here)" \
	"12 t000002.BAD t000002.BDP t000002.BDR "
umount "$folder/t000002.BAD"

rm "$dir/small"/*
fresh
badmail 1 --bytes 200000
ndrq sweep badmail "$folder" --archive "$dir/small"
exits 75 "an archive on a full disk exits 75"
ok "it is said" complains "No space left on device"
is "nothing lies there half copied" "$(ls -A "$dir/small")" ""
is "and all is where it was" "$(here)" "t000000.BAD t000000.BDP t000000.BDR "
plan
