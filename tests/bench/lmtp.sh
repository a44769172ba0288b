#!/bin/bash
# How fast is it? smtp-source(1) over LMTP into smtp-sink(1), which stores
# nothing, and into ndrqd, which parses, judges and syncs each message before
# it answers. In turns, so that both see the same noise; medians.
#
#	tests/bench/lmtp.sh            from the build tree, or with top_builddir set
#	RUNS=5 MESSAGES=50000 …        more of it
#
# TMPDIR says on which disk. Not part of `make check`.
here=$(cd "$(dirname "$0")/../.." && pwd)
: "${top_srcdir:=$here}"
[ -n "${top_builddir-}" ] || { [ -x ./ndrqd ] && top_builddir=$PWD; }
. "$here/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/unpack.sh"
. "$top_srcdir/tests/lib/postfix.sh"

need python3
[ -x "$top_builddir/ndrqd" ] || bail_out "no ndrqd in $top_builddir: build first"
postfix_use
runs=${RUNS:-3}
messages=${MESSAGES:-20000}
total=${TOTAL:-100000}
bounce=$top_srcdir/tests/data/notifications/postfix/${BOUNCE:-01-hard-bounce.eml}
sinks=$tmp/sinks
mkdir -m 777 "$sinks"

# What one commit must wait for, at the least.
python3 - "$tmp/sync" <<'END'
import os, statistics, sys, time
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
took = []
for i in range(500):
    begun = time.perf_counter()
    os.write(fd, b"x" * 4096)
    os.fdatasync(fd)
    took.append((time.perf_counter() - begun) * 1000)
print("disk: append of 4 KB and fdatasync: median %.3f ms, 99 of 100 within %.3f ms"
      % (statistics.median(took), sorted(took)[495]))
END

now_us() {
	echo $(($(date +%s%N) / 1000))
}
# CPU time of ndrqd in µs
cpu_us() {
	awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) * 1000000 / tick) }' \
		"/proc/$(cat "$q.pid")/stat"
}
resident_mb() {
	awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$(cat "$q.pid")/status"
}
# feed SESSIONS COUNT SOCKET: messages a second. The number before each recipient
# (-N) and the name of the run make every message one of its own: equal bytes to
# an equal recipient would be a redelivery, and not stored.
run=0
feed() {
	local begun ended

	run=$((run + 1))
	begun=$(now_us)
	smtp-source -L -d -N -s "$1" -m "$2" -f '' -t "run$run.$$@victim.example" -F "$tmp/bounce" "unix:$3" ||
		bail_out "smtp-source ends with $?"
	ended=$(now_us)
	rate=$(($2 * 1000000 / (ended - begun)))
}
median() {
	tr ' ' '\n' <<<"$*" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# smtp-source adds the line ends itself.
tr -d '\r' <"$bounce" >"$tmp/bounce"
smtp-sink -L -u nobody "unix:$sinks/sink" 200 &
sink=$!
at_exit kill "$sink"
ndrqd_new 127.0.0.1:1
ndrqd_start || bail_out "ndrqd does not start"
wait_for 10 test -S "$sinks/sink"
idle=$(resident_mb)

printf 'host: %s cores; message: %s bytes; each figure is the median of %s runs\n' \
	"$(nproc)" "$(wc -c <"$tmp/bounce")" "$runs"
stored=0
for sessions in 1 10 50; do
	count=$messages
	[ "$sessions" != 1 ] || count=$((messages / 4))
	into_sink=() into_ndrqd=() cpu=()
	for _ in $(seq "$runs"); do
		feed "$sessions" "$count" "$sinks/sink"
		into_sink+=("$rate")
		before=$(cpu_us)
		feed "$sessions" "$count" "$q/lmtp.sock"
		into_ndrqd+=("$rate")
		cpu+=($((($(cpu_us) - before) / count)))
		stored=$((stored + count))
	done
	sink_per_s=$(median "${into_sink[@]}")
	ndrqd_per_s=$(median "${into_ndrqd[@]}")
	printf 'sessions=%s sink_per_s=%s ndrqd_per_s=%s ratio=%s ndrqd_cpu_us=%s\n' \
		"$sessions" "$sink_per_s" "$ndrqd_per_s" \
		"$(awk "BEGIN { printf \"%.2f\", $ndrqd_per_s / $sink_per_s }")" "$(median "${cpu[@]}")"
done
if [ "$stored" -lt "$total" ]; then
	feed 10 $((total - stored)) "$q/lmtp.sock"
	stored=$total
fi
printf 'rss_idle_mb=%s rss_after_%s_mb=%s\n' "$idle" "$stored" "$(resident_mb)"

# What was not stored would have been fast for nothing.
in_store=$(count_lines records)
printf 'records=%s wanted=%s store_mb=%s\n' "$in_store" "$stored" \
	"$(du -cm "$q"/ndrq.db* | awk 'END { print $1 }')"
[ "$in_store" = "$stored" ]
