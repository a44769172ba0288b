# opensmtpd.sh: a throw-away OpenSMTPD from the Debian package, unpacked and not
# installed. Source it after mta.sh.
#
# It needs root and loopback. Queue and control socket have fixed places and its
# accounts fixed names, so it runs in a jail.
. "$top_srcdir/tests/lib/jail.sh"
opensmtpd_cache=$top_builddir/tests/mta/opensmtpd-cache

opensmtpd_use() {
	unpack "$opensmtpd_cache" opensmtpd "libevent-2.1-7 libdb5.3 libssl3 libpam0g libaudit1
		libcap-ng0" || bail_out "the Debian package of OpenSMTPD cannot be had"
}

opensmtpd_fill_jail() {
	local jail=$opensmtpd_jail program programs=

	for program in "$opensmtpd_cache"/root/usr/{sbin/smtp,libexec/opensmtpd/mail.}*; do
		programs+=" ${program#"$opensmtpd_cache/root"}"
	done
	jail_new "$jail" "$opensmtpd_cache" $programs
	mkdir -p "$jail/var/spool/smtpd"
	chmod 711 "$jail/var/spool/smtpd"
	jail_account "$jail" opensmtpd 9111 /var/lib/opensmtpd/empty
	jail_account "$jail" opensmtpq 9112 /
	jail_account "$jail" alice 9113 /home/alice
	jail_account "$jail" ndr 9114 /home/ndr
	chgrp 9112 "$jail/usr/sbin/smtpctl"
	chmod 2755 "$jail/usr/sbin/smtpctl"
}

# opensmtpd_new FOLDER SMTP-PORT RELEASE-PORT SMARTHOST-PORT: an instance, wired
# with the very lines of conf/opensmtpd.md. Its socket of ndrqd is
# FOLDER/jail/run/ndrq/lmtp.
opensmtpd_new() {
	local folder=$1 smtp=$2 release=$3 sink=$4

	opensmtpd_folder=$folder
	opensmtpd_jail=$folder/jail
	opensmtpd_smtp=$smtp
	mkdir -p "$folder"
	chmod 755 "$folder"
	opensmtpd_fill_jail
	{
		cat <<-END
			table aliases { "fwd" = "bob@forwarded.example", "srs0=hhh=tt=victim.example=tagged" = "tagged@victim.example" }
			listen on socket
			listen on 127.0.0.1 port $smtp hostname mx.local.test
			action "local" maildir "/var/mail/%{user.username}" alias <aliases>
		END
		sed -n 's/^    //p' "$top_srcdir/conf/opensmtpd.md" |
			sed "s/25262/$release/; s/<yours>/\"local.test\"/" |
			sed "s,^action \"out\" relay$,& host \"smtp+notls://127.0.0.1:$sink\","
	} >"$opensmtpd_jail/etc/smtpd.conf"
}

opensmtpd_start() {
	at_exit opensmtpd_stop
	# -d: it stays in front, and its log is what it says
	chroot "$opensmtpd_jail" /usr/sbin/smtpd -d -f /etc/smtpd.conf \
		>>"$opensmtpd_folder/smtpd.log" 2>&1 </dev/null &
	echo $! >"$opensmtpd_folder/pid"
	wait_for 20 port_answers "$opensmtpd_smtp"
}
opensmtpd_stop() {
	[ ! -s "$opensmtpd_folder/pid" ] || kill "$(cat "$opensmtpd_folder/pid")"
	rm -f "$opensmtpd_folder/pid"
}

smtpctl() {
	chroot "$opensmtpd_jail" /usr/sbin/smtpctl "$@"
}

# opensmtpd_said PATTERN: in its log
opensmtpd_said() {
	grep -Eq -- "$1" "$opensmtpd_folder/smtpd.log"
}

# opensmtpd_deferred RCPT [WORDS]: patterns
opensmtpd_deferred() {
	opensmtpd_said "to=<$1>.*result=\"?TempFail.*${2-}"
}

# opensmtpd_waiting N: so many envelopes are in its queue
opensmtpd_waiting() {
	smtpctl show queue >"$opensmtpd_folder/queue" &&
		[ "$(wc -l <"$opensmtpd_folder/queue")" = "$1" ]
}
# All of it is tried at each look.
opensmtpd_flush_is_empty() {
	smtpctl schedule all >/dev/null 2>&1
	opensmtpd_waiting 0
}
