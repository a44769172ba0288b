#!/bin/bash
# ndrqd(8) against the code: options, exit statuses, and the events of the log
# with their fields.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"

need python3
cat >"$tmp/compare.py" <<'END'
import glob, re, sys

top, what, page_path = sys.argv[1:4]
page = open(page_path).read()
main = open(top + "/qmgr/main.c").read()


def section(name):
    found = re.search(r'^\.S[hs] "?%s"?\n(.*?)(?=^\.S[hs] |\Z)' % name, page, re.S | re.M)
    return found.group(1) if found else ""


def options_in_code():
    table = re.search(r"struct option options\[\] = \{(.*?)\n\};", main, re.S).group(1)
    short = re.search(r'getopt_long\(argc, argv, "([^"]*)"', main).group(1)
    names = {"-" + c for c in short if c != ":"}
    return names | {"--" + name for name in re.findall(r'\{ "([a-z-]+)"', table)}


def options_in_page():
    return {"-" + name for line in re.findall(r"^\.It (Fl .*)", section("DESCRIPTION"), re.M)
            for name in re.findall(r"Fl ([a-z-]+)", line)}


def options_in_usage():
    usage = re.search(r"usage\[\] =(.*?);\n\n", main, re.S).group(1)
    usage = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', usage)).replace("\\n", "\n")
    return set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", usage))


STATUS = {"OK": 0, "USAGE": 64, "SOFTWARE": 70, "OSERR": 71, "TEMPFAIL": 75, "CONFIG": 78}


def statuses_in_code():
    return {str(STATUS[name]) for name in re.findall(r"\bEX_([A-Z]+)", main)}


def statuses_in_page():
    return set(re.findall(r"^\.It (\d+)", section("EXIT STATUS"), re.M))


def events_of(expression, text):
    literal = re.findall(r'"([^"]+)"', expression)
    if literal:
        return literal
    if expression == "event":  # a helper's argument
        return re.findall(r'log_outcome\(\w+, "([^"]+)"', text)
    name = re.match(r"\w+", expression).group(0)  # a table
    table = re.search(r"\b%s\[\] = \{(.*?)\};" % name, text, re.S).group(1)
    return re.findall(r'"([^"]+)"', table)


# {event: {fields, …}}: every call that may log it
def events_in_code():
    found = {}
    for path in glob.glob(top + "/qmgr/*.c"):
        text = open(path).read()
        for call in re.findall(r"\blog_event\((.*?)\);", text, re.S):
            event = re.match(r"[^,]+,\s*([^,]+)", call).group(1).strip()
            fields = " ".join(re.findall(r'\bLOG_[A-Z]+\("(\w+)"', call))
            for name in events_of(event, text):
                found.setdefault(name, set()).add(fields)
    return found


def events_in_page():
    lines = re.findall(r"^\.It Cm ([a-z-]+)(?: Ar (.*))?$", section("LOGGING"), re.M)
    return dict(lines)


if what == "options":
    code, page_has = options_in_code(), options_in_page()
elif what == "usage":
    code, page_has = options_in_code(), options_in_usage()
elif what == "statuses":
    code, page_has = statuses_in_code(), statuses_in_page()
else:
    events, listed = events_in_code(), events_in_page()
    code = set(events)
    page_has = {name for name in listed if listed[name] in events.get(name, {listed[name]})}
for name in sorted(code - page_has):
    print("missing or not the same on the page:", name)
for name in sorted(page_has - code):
    print("not in the code:", name)
if len(code) < 3:
    print("found hardly anything in the code:", code)
END
page=$top_srcdir/man/ndrqd.8
# differences WHAT [PAGE]
differences() {
	python3 "$tmp/compare.py" "$top_srcdir" "$1" "${2-$page}" 2>&1
}
is 'the page has the options of the code' "$(differences options)" ''
is 'and so has --help' "$(differences usage)" ''
is 'the page has the exit statuses of the code' "$(differences statuses)" ''
is 'the page has the events of the log with their fields' "$(differences events)" ''

# Would it be noticed? One thing wrong at a time.
# notices WHAT SED-COMMAND
notices() {
	sed "$2" "$page" >"$tmp/wrong.8"
	like "$1: $2 is noticed" "$(differences "$1" "$tmp/wrong.8")" '(page|code):'
}
notices options 's/^\.It Fl t , Fl -check/.It Fl t/'
notices options 's/Fl -show-config$/Fl -print-config/'
notices statuses '/^\.It 75$/d'
notices events '/^\.It Cm damaged/d'
notices events 's/^\.It Cm ready Ar store policy/.It Cm ready Ar store/'
notices events 's/^\.It Cm stopping/.It Cm halting/'

if command -v mandoc >/dev/null; then
	for page in "$top_srcdir"/man/*.[1-8]; do
		is "${page##*/} is clean mdoc" "$(mandoc -T lint -W warning "$page" 2>&1)" ''
	done
else
	skip 'the pages are clean mdoc' 'no mandoc'
fi

plan
