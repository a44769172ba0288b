#!/bin/bash
# Whatever a stranger, a broken peer, a broken disk or a typo does: a 4yz or a
# record, never a crash, never a 5yz to a null sender, memory bounded, and
# other peers are served meanwhile.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/ndrqd.sh"

need python3
# Well below what keeping the large messages in memory would take: 120 MB at once, and one of 100.
memory_limit_kb=96000
slowest_limit_ms=20000

ndrqd_new 127.0.0.1:1
ndrqd_start || bail_out "ndrqd does not start"
pid=$(cat "$q.pid")
lmtp --probe "$tmp/probe-end" >"$tmp/probe" 2>&1 &
probe=$!

# held: how many records there are beside those of the probe
held() {
	count_lines records 'r.get("recipient") != "probe@remote.example"'
}

never_5yz() {
	! grep -E '^[a-z]+ 5[0-9][0-9]' <<<"$said"
}
alive() {
	[ "$(cat "$q.pid")" = "$pid" ] && ndrqd_alive && lmtp --ping
}
# Each 250 behind the dot is a record, and nothing else is.
taken_are_kept() {
	local taken

	taken=$(grep -c '^end 2' <<<"$said")
	echo "250: $taken, records: $((after - before))"
	[ "$taken" = $((after - before)) ]
}
answered() {
	[ "$rc" != 3 ] && grep -Eq '^[a-z]+ [45]|^end 2' <<<"$said"
}
sane() {
	never_5yz && taken_are_kept && answered && alive
}

# survives WHAT [OPTION…] [FILE]: $said is the dialogue, $id the first new record
survives() {
	local what=$1

	shift
	before=$(held)
	said=$(lmtp --timeout 120 "$@" 2>&1)
	rc=$?
	after=$(held)
	ok "$what gives a 4yz or a record" sane
	id=$(records 'r.get("recipient") != "probe@remote.example"' | sort -n | tail -n 1)
}
stored_as_sent() {
	ndrq show --raw "$id" | cmp - "$1"
}

# ---- messages

head -c 100000 /dev/urandom >"$tmp/random"
survives 'a message of random bytes' "$tmp/random"
: >"$tmp/empty"
survives 'an empty message' "$tmp/empty"
printf '\0\0From: a\0b\r\nSubject: \0\r\n\r\n\0\r\n\0' >"$tmp/nul"
survives 'a message with NUL bytes' "$tmp/nul"
printf 'Subject: bare LF\n\nline\nline\n' >"$tmp/bare-lf"
survives 'a message with bare LF' "$tmp/bare-lf"
printf 'Subject: bare CR\r\rline\rline\r\n' >"$tmp/bare-cr"
survives 'a message with bare CR' "$tmp/bare-cr"
ok 'which is stored byte for byte' stored_as_sent "$tmp/bare-cr"
printf 'Subject: dots\r\n\r\na\n.\nb\r.\rc\n.\r\nd\r\n.\ne\r\n..\r\n.\r\nMAIL FROM:<>\r\n' >"$tmp/dots"
survives 'a message with LF . LF and every other dot inside' "$tmp/dots"
ok 'which is one record, byte for byte' stored_as_sent "$tmp/dots"
{
	printf 'Subject: long line\r\n\r\n'
	head -c 10000000 /dev/zero | tr '\0' x
	printf '\r\n'
} >"$tmp/long-line"
survives 'a line of 10 MB' "$tmp/long-line"
{
	printf 'To: '
	yes 'someone@some.example,' | head -c 10000000 | tr '\n' ' '
	printf '\r\nSubject: long header\r\n\r\ntext\r\n'
} >"$tmp/long-header"
survives 'a To: header of 10 MB' "$tmp/long-header"
is 'whose facts are beyond the limits' "$(ndrq show --json "$id" | field class)" unknown
python3 - >"$tmp/nested" <<'END'
import sys
out = ["From: a@b.example", "Subject: nested"]
for i in range(1000):
    out += ['Content-Type: multipart/mixed; boundary="b%d"' % i, "", "--b%d" % i]
out += ["Content-Type: text/plain", "", "the bottom"]
out += ["--b%d--" % i for i in reversed(range(1000))]
sys.stdout.write("\r\n".join(out) + "\r\n")
END
survives 'MIME nested 1 000 deep' "$tmp/nested"
{
	printf 'Subject: huge\r\n\r\n'
	yes 'a line of a message that is far larger than what is kept of one....' |
		head -c 100000000 | sed 's/$/\r/'
} >"$tmp/huge"
survives 'a message of 100 MB' "$tmp/huge"
is 'which is marked as truncated' "$(ndrq show --json "$id" | field truncated)" True
rm -f "$tmp/huge"

for i in {1..6}; do
	{
		printf 'Subject: large %s\r\n\r\n' "$i"
		head -c 20000000 /dev/zero | tr '\0' "$i" | fold -w 76 | sed 's/$/\r/'
	} >"$tmp/large$i"
	lmtp "$tmp/large$i" >"$tmp/large$i.said" 2>&1 &
	large="${large-} $!"
done
wait $large
said=$(cat "$tmp"/large?.said)
ok 'of six messages of 20 MB at once each is answered without 5yz' never_5yz
is 'with a reply to each dot' "$(grep -c '^end [24]' <<<"$said")" 6
rm -f "$tmp"/large?

# ---- envelopes

survives '10 000 recipients' --rcpts 10000
is '1 000 of them are taken' "$(grep -c '^end 2' <<<"$said")" 1000
is 'and each other is told 452' "$(grep -c '^rcpt 452' <<<"$said")" 9000
survives 'recipients that are no address' --rcpt nobody --rcpt 'a@b@c d' --rcpt '' --rcpt '"unclosed@x.example' \
	--rcpt '@' --rcpt $'\xff\xfe\x01@\x80.example' --rcpt "$(printf 'x%.0s' {1..3000})@remote.example"
ok 'and none of them is sent on' records_are 0 'r["state"] != "held"'
survives 'a sender that is not null' --from user@local.test
like 'is told the right 451' "$said" '^mail 451 4\.3\.5 ndrq takes null senders only; check the capture rule$'
printf '%s\r\n' 'LHLO client.test' 'MAIL FROM:<> FOO=BAR SIZE=99999999999999999999 BODY=9BIT' 'RCPT TO:' \
	'RCPT TO:<a@remote.example> NOTIFY=SOMETIMES ORCPT=? FOO' 'RCPT nonsense' 'VRFY a' 'HELO x' 'WHAT' \
	'DATA' 'Subject: x' '' 'x' '.' 'QUIT' >"$tmp/nonsense"
before=$(held)
said=$(lmtp --timeout 5 --raw "$tmp/nonsense")
ok 'nonsense between MAIL FROM:<> and the dot never gets a 5yz' never_5yz
printf '%s\r\n' 'LHLO client.test' 'MAIL FROM:<>' "RCPT TO:<$(printf 'x%.0s' {1..20000})@remote.example>" >"$tmp/long-command"
said=$(lmtp --timeout 5 --raw "$tmp/long-command")
ok 'nor does a command of 20 KB' never_5yz
head -c 1000000 /dev/urandom >"$tmp/noise"
said=$(lmtp --timeout 5 --raw "$tmp/noise" 2>&1)
ok 'random bytes for commands do no harm' alive

before=$(held)
lmtp --close-after 400 --tag cut >/dev/null 2>&1
survives 'what was cut off in DATA before, and comes again,' --tag cut
is 'and the first try left no record' "$((after - before))" 1

# ---- many at once

cat >"$tmp/crowd.py" <<'END'
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
peers, said = [], {}
for i in range(5000):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(5)
    for patience in range(500):
        try:
            s.connect(sys.argv[1])
            peers.append(s)
            break
        except BlockingIOError:  # the listener's queue is full
            time.sleep(0.01)
    else:
        said["no contact"] = said.get("no contact", 0) + 1
for s in peers:
    try:
        word = s.recv(512)[:3].decode() or "closed"
    except OSError:
        word = "silence"
    said[word] = said.get(word, 0) + 1
print(*("%s=%d" % x for x in sorted(said.items())))
sys.exit(any(w not in ("220", "421") for w in said))
END
said=$(python3 "$tmp/crowd.py" "$q/lmtp.sock" 2>&1)
crowd=$?
diag "5000 connections: $said"
is '5 000 connections at once are each greeted or told 421' "$crowd" 0
served_again() {
	lmtp >/dev/null
}
ok 'and when they are gone others are served' wait_for 10 served_again
ok 'by the same process' alive

# ---- what the others saw

touch "$tmp/probe-end"
wait "$probe"
diag "a peer beside all this: $(cat "$tmp/probe")"
like 'a well-behaved peer was served all the time' "$(cat "$tmp/probe")" \
	'^transactions=[1-9][0-9]* failed=0 '
slowest=$(sed 's/.*slowest_ms=//' "$tmp/probe")
ok "and never waited more than $((slowest_limit_ms / 1000)) s" test "$slowest" -lt "$slowest_limit_ms"
peak=$(ndrqd_memory VmHWM)
diag "ndrqd's memory at its highest: $peak kB"
if ldd "$top_builddir/ndrqd" 2>/dev/null | grep -q -e asan -e tsan; then
	skip 'memory was bounded' 'the sanitizer needs more'
else
	ok "memory stayed under $((memory_limit_kb / 1000)) MB" test "$peak" -lt "$memory_limit_kb"
fi
ok 'ndrqd ends in good order' ndrqd_stop

# ---- slow peers

LMTP='command_timeout = "2s"; data_timeout = "2s"; transaction_timeout = "4s";' ndrqd_new 127.0.0.1:1
ndrqd_start
pid=$(cat "$q.pid")
printf 'LHLO client.test\r\n' >"$tmp/drip"
lmtp --timeout 60 --raw --pause 1 "$tmp/drip" >"$tmp/slow-command" 2>&1 &
slow=$!
lmtp --timeout 60 --pause 1 --tag slow >"$tmp/slow-data" 2>&1 &
slow="$slow $!"
ok 'a peer that sends a byte a second does not keep others waiting' lmtp --timeout 5
wait $slow
ok 'it is hung up on in the middle of a command' grep -Eq '^closed|421' "$tmp/slow-command"
ok 'and in the middle of DATA' grep -Eq '^closed|421' "$tmp/slow-data"
ok 'of which nothing is kept' records_are 0 '"slow" in r.get("message_id", "")'
ndrqd_stop

plan
