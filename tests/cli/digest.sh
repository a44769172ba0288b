#!/bin/bash
# digest.sh: ndrq digest is right to the number, fits a terminal, and is safe to look at.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cli.sh"
store
python3 "$top_srcdir/tests/cli/fill_store.py" "$dir/store/ndrq.db" 10000 || exit 99

# agrees WHAT: one member of the digest in $dir/out is what plain SQL says of the last day
agrees() {
	python3 - "$dir/out" "$dir/store/ndrq.db" "$1" <<'END'
import json, sqlite3, sys, time
digest, what = json.load(open(sys.argv[1])), sys.argv[3]
db = sqlite3.connect(sys.argv[2])
since = int((time.time() - 86400) * 1000)
rows = db.execute("SELECT record.id, state, verdict, class, coalesce(domain, ''), facts, rcpt"
                  " FROM record JOIN message ON message.id = record.message"
                  " WHERE received_at >= ? ORDER BY record.id", (since,)).fetchall()
def status(facts):
    try:
        return json.loads(facts).get("recipients", [{}])[0].get("status") or ""
    except ValueError:
        return ""
def count(keys):
    of = {}
    for key in keys:
        of[key] = of.get(key, 0) + 1
    return of
def top(keys, held):
    of, of_held = count(keys), count(held)
    best = sorted(of, key=lambda k: (-of[k], k.encode()))[:10]
    return [(k, of[k], of_held.get(k, 0)) for k in best]
held = [r for r in rows if r[1] == "held"]
if what == "count":
    wanted, got = (len(rows), len(held)), (digest["count"], digest["held"])
elif what == "counts":
    of = count((r[3], r[2], r[1]) for r in rows)
    wanted = [(*k, of[k]) for k in sorted(of)]
    got = [(c["class"], c["verdict"], c["state"], c["count"]) for c in digest["counts"]]
elif what == "domains":
    wanted = top([r[4] for r in rows], [r[4] for r in held])
    got = [(d.get("domain", ""), d["count"], d["held"]) for d in digest["domains"]]
elif what == "causes":
    wanted = top([status(r[5]) for r in rows], [status(r[5]) for r in held])
    got = [(c.get("status", ""), c["count"], c["held"]) for c in digest["causes"]]
elif what == "items":
    wanted = [(r[0], r[6].decode()) for r in held[::-1][:20]]
    got = [(i["id"], i["recipient"]) for i in digest["items"]]
elif what == "held_all":
    wanted = db.execute("SELECT count(*) FROM record WHERE state = 'held'").fetchone()[0]
    got = digest["held_all"]
elif what == "storms":
    wanted = [1234, 500, 77]
    got = [s["members"] for s in digest["storms"]]
print("wanted", wanted, "got", got)
sys.exit(not wanted or wanted != got)
END
}
# fits: no line in $dir/out is wider than 80 columns
fits() {
	python3 -c 'import sys, unicodedata
width = lambda c: 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
sys.exit(len(lines) < 50 or max(sum(map(width, line)) for line in lines) > 80)' "$dir/out"
}
# has TEXT: the numbers of the text with their commas
has() { grep -qE -- "$1" "$dir/out"; }

ndrq digest --json
exits 0 "ndrq digest --json exits 0"
ok "it is one object" lines 1
for what in count counts domains causes items held_all storms; do
	ok "$what agree with plain SQL over 10 000 records" agrees "$what"
done
held=$(json "'{:,}'.format(d['held'])" <"$dir/out")
all=$(json "'{:,}'.format(d['count'])" <"$dir/out")
newest=$(json "d['items'][0]['id']" <"$dir/out")

export LC_ALL=C.UTF-8
ndrq digest
exits 0 "ndrq digest exits 0"
ok "it says nothing on standard error" silent err
ok "no line is wider than 80 columns" fits
ok "no control character of the mail is in it" clean
ok "it says how many came" has "^$all notifications came\.$"
ok "and how many are held" has "$held held"
ok "causes have their meaning" has "^5\.1\.1 bad destination mailbox address +[0-9,]+ +[0-9,]+$"
ok "it has the commands" sh -c "grep -q 'ndrq show $newest ' '$dir/out' &&
	grep -q 'ndrq release $newest ' '$dir/out' && grep -q 'ndrq delete $newest ' '$dir/out'"
ok "which do what it says" sh -c "'$top_builddir/ndrq' -c '$dir/ndrq.conf' show $newest &&
	'$top_builddir/ndrq' -c '$dir/ndrq.conf' delete $newest"
export LC_ALL=C
ndrq digest
ok "in a locale without UTF-8 it is ASCII" no grep -q '[^ -~]' "$dir/out"
ok "and no wider" fits

ndrq digest --html
exits 0 "ndrq digest --html exits 0"
ok "the HTML is whole, loads nothing and runs nothing" python3 -c '
import sys
from html.parser import HTMLParser
class Check(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()
    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)
        for name, value in attributes:
            assert name in ("style", "role", "lang", "charset", "name", "content"), name
            assert "url(" not in (value or ""), value
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
check = Check()
text = open(sys.argv[1], encoding="utf-8").read()
check.feed(text)
check.close()
assert check.open == [], check.open
assert check.seen <= set("html head meta title body div h1 h2 p span b table tr td".split()), check.seen
assert "One &lt;message&gt;" in text
assert not any(ord(c) < 32 and c != "\n" for c in text)' "$dir/out"

ndrq digest --since 36500d --json
is "--since tells of older ones too" "$(json "d['count']" <"$dir/out")" 10011
ndrq digest --since 1s
ok "when nothing came it says so" says "No notification came."
ok "and what is still held" has "^[0-9,]+ are held in all\.$"
ndrq digest --since yesterday
exits 64 "an age that is none is a usage error"
ndrq digest 4
exits 64 "an operand to digest is a usage error"

plan
