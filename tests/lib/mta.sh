# mta.sh: what the tests against a mail server ask. Source it after ndrqd.sh.
# The mail server listens on port $smtp.

# mail SENDER RECIPIENT SUBJECT [OPTION…]: what a spammer, or a user, hands to it
mail() {
	local sender=$1 recipient=$2 subject=$3 file

	shift 3
	file=$(mktemp "$tmp/mail.XXXXXX")
	printf '%s\r\n' "From: <$sender>" "To: <$recipient>" "Subject: $subject" \
		"Message-ID: <$subject@client.test>" '' "text of $subject" >"$file"
	python3 "$top_srcdir/tests/lib/lmtp.py" --smtp "127.0.0.1:$smtp" \
		--from "$sender" --rcpt "$recipient" "$@" "$file"
}

# with RECIPIENT: ids of its records
with() {
	records "r['recipient'] == '$1'"
}

# has_records N RECIPIENT [STATE]
has_records() {
	records_are "$1" "r['recipient'] == '$2' and r['state'] == '${3:-held}'"
}
