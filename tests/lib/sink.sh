# sink.sh: the Internet: an SMTP server that keeps what it is sent. Source it
# after tap.sh. A sink is a folder; messages land in it as N.eml with N.json.

# sink_start FOLDER PORT [OPTION…]
sink_start() {
	local folder=$1 port=$2

	shift 2
	mkdir -p "$folder"
	python3 "$top_srcdir/tests/lib/smtp_sink.py" --listen "127.0.0.1:$port" --dir "$folder" \
		--reply-file "$folder/replies" --log "$folder/sink.log" "$@" >>"$folder/out.log" 2>&1 &
	echo $! >"$folder/pid"
	at_exit sink_stop "$folder"
	wait_for 10 grep -qs ready "$folder/out.log"
}
sink_stop() {
	[ ! -s "$1/pid" ] || kill "$(cat "$1/pid")"
	rm -f "$1/pid"
}

# sink_say FOLDER [STAGE REPLY]: from now on; stages are banner, mail, rcpt, data, dot.
sink_say() {
	printf '%s\n' "${2-}" >"$1/replies.new"
	mv "$1/replies.new" "$1/replies"
}

# sink_messages FOLDER [PATTERN]: the files of messages it took, whose text matches
sink_messages() {
	grep -lF '"accepted": true' "$1"/*.json 2>/dev/null | sed 's/json$/eml/' |
		xargs -r grep -laE -- "${2:-^}"
}
# only_added ARRIVED STORED PATTERN: a message arrived as it was stored, behind what
# matches
only_added() {
	python3 - "$@" <<-'END'
		import re, sys
		arrived, stored = (open(f, "rb").read() for f in sys.argv[1:3])
		if not stored or not arrived.endswith(stored):
		    sys.exit("the message was changed on its way: %r" % arrived[:9999])
		added = arrived[:len(arrived) - len(stored)]
		if not re.fullmatch(sys.argv[3].encode(), added):
		    sys.exit("on top of it stands %r" % added)
	END
}
# sink_has FOLDER N PATTERN: so many messages match
sink_has() {
	[ "$(count_lines sink_messages "$1" "$3")" = "$2" ]
}
