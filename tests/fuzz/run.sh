#!/bin/sh
# Fuzzes each target for so many seconds, from its seeds and dictionary.
#
#	tests/fuzz/run.sh SECONDS [TARGET…]        targets: facts address bdr pickup status strip policy wire
#
# Needs clang with libFuzzer (libclang-rt-14-dev). What is found lies in
# $TMPDIR/ndrq-fuzz/TARGET; so does the corpus, which a second run goes on
# from. Exit status 1 when a target crashed, hung, leaked or UBSan spoke.
#
# AFL++ takes the same entries: build with CC=afl-clang-fast, which knows
# -fsanitize=fuzzer too, then AFL_SKIP_CPUFREQ=1
# AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 afl-fuzz -i SEEDS -o OUT ./fuzz_facts
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:?usage: run.sh SECONDS [TARGET…]}
shift
[ $# -gt 0 ] || set -- facts address bdr pickup status strip policy wire
work=${TMPDIR:-/tmp}/ndrq-fuzz
status=0
base="base/bytes.c base/clock.c base/error.c base/text.c base/file.c"

build() { # TARGET
	case $1 in
	wire) sources="qmgr/wire.c qmgr/wire_command.c qmgr/wire_dot.c qmgr/smtp_command.c facts/xtext.c" packages= ;;
	policy)
		sources=$(ls facts/*.c policy/*.c base/blocks.c base/config*.c)
		packages="gmime-3.0 jansson libconfig libidn2 libpsl nettle"
		;;
	*) sources=$(ls facts/*.c) packages="gmime-3.0 jansson" ;;
	esac
	# shellcheck disable=SC2046,SC2086
	${CC:-clang} -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-std=gnu11 -D_GNU_SOURCE -I. -o "$work/$1/fuzz" "tests/fuzz/fuzz_$1.c" \
		$sources $base ${packages:+$(pkg-config --cflags --libs $packages)}
}

run() { # TARGET: its figures in one line
	dictionary=
	[ ! -e "tests/fuzz/$1.dict" ] || dictionary=-dict=tests/fuzz/$1.dict
	[ "$1" != strip ] || dictionary=-dict=tests/fuzz/facts.dict
	seeds=
	[ ! -d "tests/fuzz/seeds/$1" ] || seeds=tests/fuzz/seeds/$1
	[ "$1" != facts ] && [ "$1" != strip ] || seeds="$seeds tests/data/notifications/postfix
		tests/data/notifications/exim tests/data/notifications/opensmtpd
		tests/data/notifications/sendmail"
	# shellcheck disable=SC2086
	if "$work/$1/fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-max_len="$2" -print_final_stats=1 -artifact_prefix="$work/$1/found-" $dictionary \
		"$work/$1/corpus" $seeds >"$work/$1/log" 2>&1; then
		echo "fuzz=$1 result=ok executions=$(sed -n \
			's/^stat::number_of_executed_units: *//p' "$work/$1/log")"
	else
		status=1
		echo "fuzz=$1 result=FOUND log=$work/$1/log"
		grep -m3 -E 'ERROR|runtime error|Assertion' "$work/$1/log"
	fi
}

cd "$top" || exit 2
for target; do
	mkdir -p "$work/$target/corpus"
	build "$target" || exit 2
	case $target in
	facts | strip) run "$target" 16384 ;;
	wire) run wire 2048 ;;
	*) run "$target" 1024 ;;
	esac
done
exit $status
