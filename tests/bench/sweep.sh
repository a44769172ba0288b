#!/bin/bash
# What does a sweep cost? Equal trees of badmail triplets go by find -delete,
# by ndrq sweep --delete, by find -exec mv +, by --archive, and into the store;
# the same messages over LMTP into ndrqd for comparison. Medians of RUNS.
#
#	tests/bench/sweep.sh           from the build tree, or with top_builddir set
#	RUNS=1 TRIPLETS=10000 …        less of it; LARGE=0: without the memory of 500 000 files
#
# Times are wall clock and CPU (user and system, the kernel's work included);
# with other work on the machine only the CPU tells. TMPDIR says on which disk
# (default /var/tmp); it takes about 4 GB. Not part of `make check`.
here=$(cd "$(dirname "$0")/../.." && pwd)
: "${top_srcdir:=$here}"
[ -n "${top_builddir-}" ] || { [ -x ./ndrqd ] && top_builddir=$PWD; }
export TMPDIR=${TMPDIR:-/var/tmp}
. "$here/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"
. "$top_srcdir/tests/lib/unpack.sh"
. "$top_srcdir/tests/lib/postfix.sh"

need python3
[ -x "$top_builddir/ndrqd" ] || bail_out "no ndrqd in $top_builddir: build first"
postfix_use
runs=${RUNS:-3}
triplets=${TRIPLETS:-100000}
messages=${MESSAGES:-20000}
badmail=$top_srcdir/tests/lib/badmail.py

tree() { # FOLDER TRIPLETS
	rm -rf "$1"
	mkdir -p "$1"
	python3 "$badmail" "$1" "$2" --bytes 4000
}
median() {
	tr ' ' '\n' <<<"$*" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
# measured COMMAND…: wall and CPU of it in $wall_us, $cpu_us; $rss_kb its largest resident set
measured() {
	python3 - "$@" >"$tmp/measured" <<-'END'
		import resource, subprocess, sys, time
		begun = time.perf_counter()
		child = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
		largest = 0
		while child.poll() is None:
		    # not ru_maxrss: that counts this process too, which the child was before exec
		    try:
		        for line in open("/proc/%d/status" % child.pid):
		            if line.startswith("VmHWM"):
		                largest = max(largest, int(line.split()[1]))
		    except OSError:
		        pass
		    time.sleep(0.002 if time.perf_counter() - begun < 1 else 0.05)
		wall = time.perf_counter() - begun
		used = resource.getrusage(resource.RUSAGE_CHILDREN)
		print(int(wall * 1e6), int((used.ru_utime + used.ru_stime) * 1e6), largest, child.returncode)
	END
	read -r wall_us cpu_us rss_kb status <"$tmp/measured"
	[ "$status" = 0 ] || bail_out "$* ends with $status"
}
ndrq_on() {
	"$top_builddir/ndrq" -c "$q/ndrq.conf" "$@"
}
# new_store: $q is an instance whose store is empty
instance=0
new_store() {
	rm -rf "$q"
	instance=$((instance + 1))
	q=$tmp/q$instance
	ndrqd_new 127.0.0.1:1
	ndrqd_start && ndrqd_stop || bail_out "ndrqd does not start"
}

declare -A wall cpu
run_one() { # NAME
	local name=$1 tree=$tmp/tree

	tree "$tree" "$triplets"
	mkdir -p "$tmp/to"
	sync
	case $name in
	find-delete) measured find "$tree" -type f -delete ;;
	sweep-delete) measured "$top_builddir/ndrq" sweep badmail "$tree" --delete ;;
	find-mv) measured find "$tree" -type f -exec mv -t "$tmp/to" {} + ;;
	sweep-archive) measured "$top_builddir/ndrq" sweep badmail "$tree" --archive "$tmp/to" ;;
	sweep-store)
		new_store
		measured "$top_builddir/ndrq" -c "$q/ndrq.conf" sweep badmail "$tree"
		stored=$(ndrq_on --json stats | python3 -c 'import json, sys
print(sum(json.loads(line)["count"] for line in sys.stdin))')
		[ "$stored" = "$triplets" ] || bail_out "$stored records of $triplets"
		;;
	esac
	[ -z "$(ls "$tree")" ] || bail_out "$name left something"
	rm -rf "$tmp/to"
	wall[$name]="${wall[$name]-} $wall_us"
	cpu[$name]="${cpu[$name]-} $cpu_us"
}
# CPU time of ndrqd in µs
ndrqd_cpu_us() {
	awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) * 1000000 / tick) }' \
		"/proc/$(cat "$q.pid")/stat"
}
run_lmtp() { # the same message, each to another recipient
	local before

	new_store
	ndrqd_start || bail_out "ndrqd does not start"
	before=$(ndrqd_cpu_us)
	smtp-source -L -d -N -s 10 -m "$messages" -f '' -t "run@victim.example" -F "$tmp/message" \
		"unix:$q/lmtp.sock" || bail_out "smtp-source ends with $?"
	cpu[lmtp]="${cpu[lmtp]-} $((($(ndrqd_cpu_us) - before) * triplets / messages))"
	ndrqd_stop
}

tree "$tmp/tree" 1
tr -d '\r' <"$tmp/tree/t000000.BAD" >"$tmp/message"
printf 'host: %s cores; %s triplets, %s bytes a message; medians of %s runs\n' \
	"$(nproc)" "$triplets" "$(wc -c <"$tmp/tree/t000000.BAD")" "$runs"
for _ in $(seq "$runs"); do
	for name in find-delete sweep-delete find-mv sweep-archive sweep-store; do run_one "$name"; done
	run_lmtp
done
files=$((triplets * 3))
for name in find-delete sweep-delete find-mv sweep-archive sweep-store; do
	w=$(median ${wall[$name]})
	c=$(median ${cpu[$name]})
	printf '%s files_per_s=%s cpu_us_per_file=%s cpu_us_per_triplet=%s\n' "$name" \
		"$(awk "BEGIN { printf \"%d\", $files / ($w / 1e6) }")" \
		"$(awk "BEGIN { printf \"%.2f\", $c / $files }")" \
		"$(awk "BEGIN { printf \"%.1f\", $c / $triplets }")"
done
printf 'lmtp cpu_us_per_message=%s\n' "$(awk "BEGIN { printf \"%.1f\", $(median ${cpu[lmtp]}) / $triplets }")"
awk "BEGIN {
	printf \"delete_ratio=%.2f (at most 3)\n\", $(median ${cpu[sweep-delete]}) / $(median ${cpu[find-delete]})
	printf \"archive_ratio=%.2f\n\", $(median ${cpu[sweep-archive]}) / $(median ${cpu[find-mv]})
	printf \"store_over_lmtp_us=%.1f (at most 150)\n\",
		($(median ${cpu[sweep-store]}) - $(median ${cpu[lmtp]})) / $triplets
}"

# Memory: the largest resident set of a run.
for count in 3333 $([ "${LARGE-1}" = 0 ] || echo 166667); do
	for how in --delete '--delete --max-size 1M' ''; do
		tree "$tmp/tree" "$count"
		new_store
		# shellcheck disable=SC2086
		measured "$top_builddir/ndrq" -c "$q/ndrq.conf" sweep badmail "$tmp/tree" $how
		printf 'files=%s how="%s" rss_mb=%s\n' "$((count * 3))" "${how:-store}" \
			"$(awk "BEGIN { printf \"%.1f\", $rss_kb / 1024 }")"
	done
done
