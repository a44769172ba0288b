# sink.sh: the Internet: an SMTP server that keeps what it is sent. Source it
# after tap.sh. A sink is a folder; messages land in it as N.eml with N.json.

# sink_start FOLDER PORT [OPTION…]
sink_start() {
	local folder=$1 port=$2

	shift 2
	mkdir -p "$folder"
	touch "$folder/mode"
	python3 "${SMTP_SINK:-$top_srcdir/tests/lib/smtp_sink.py}" --smtp --listen "127.0.0.1:$port" \
		--dir "$folder" --mode-file "$folder/mode" "$@" >>"$folder/sink.log" 2>&1 &
	echo $! >"$folder/pid"
	at_exit sink_stop "$folder"
	wait_for 10 port_answers "$port"
}
sink_stop() {
	[ ! -s "$1/pid" ] || kill "$(cat "$1/pid")"
	rm -f "$1/pid"
}

# sink_say FOLDER [STAGE REPLY]: from now on; stages are banner, rcpt, data.
sink_say() {
	printf '%s\n' "${2-}" >"$1/mode.new"
	mv "$1/mode.new" "$1/mode"
}

# sink_messages FOLDER [PATTERN]: the files of the messages whose text matches
sink_messages() {
	find "$1" -name '*.eml' -exec grep -laE -- "${2:-^}" {} +
}
# sink_got_dot FOLDER: a whole message came while the sink was told to hang
sink_got_dot() {
	[ -n "$(find "$1" -name '*.unanswered')" ]
}
sink_has() {
	[ "$(count_lines sink_messages "$1" "$3")" = "$2" ]
}
