# sendmail.sh: a throw-away Sendmail from the Debian package, unpacked and not
# installed. Source it after mta.sh.
#
# It needs root, loopback and m4(1). Its accounts have fixed names, and it trusts
# only folders that nobody else may write to, up to /: so it runs in a jail.
. "$top_srcdir/tests/lib/jail.sh"
sendmail_cache=$top_builddir/tests/mta/sendmail-cache
sendmail_program=/usr/libexec/sendmail/sendmail

sendmail_use() {
	need m4
	unpack "$sendmail_cache" "sendmail-bin sendmail-base sendmail-cf" "libdb5.3 libldap-2.5-0
		liblockfile1 libnsl2 libtirpc3 libsasl2-2 libssl3 libwrap0 libgssapi-krb5-2 libkrb5-3
		libkrb5support0 libk5crypto3 libkeyutils1 libcom-err2" ||
		bail_out "the Debian package of Sendmail cannot be had"
}

# sendmail_recipe: the lines of conf/sendmail.md
sendmail_recipe() {
	sed -n 's/^    //p' "$top_srcdir/conf/sendmail.md"
}

# sendmail_mc SMTP-PORT RELEASE-PORT SMARTHOST-PORT: the sendmail.mc, wired with the
# very lines of conf/sendmail.md. There is no DNS here.
sendmail_mc() {
	cat <<-END
		OSTYPE(\`linux')dnl
		define(\`confDOMAIN_NAME', \`mx.local.test')dnl
		define(\`confTO_IDENT', \`0')dnl
		define(\`confLOG_LEVEL', \`9')dnl
		define(\`SMART_HOST', \`relay:[127.0.0.1]')dnl
		define(\`RELAY_MAILER_ARGS', \`TCP \$h $3')dnl
		FEATURE(\`no_default_msa')dnl
		FEATURE(\`nocanonify')dnl
		FEATURE(\`accept_unresolvable_domains')dnl
		FEATURE(\`local_lmtp', \`/usr/libexec/sendmail/mail.local')dnl
		DAEMON_OPTIONS(\`Port=$1, Addr=127.0.0.1, Name=MTA')dnl
	END
	sendmail_recipe | sed "/^LOCAL_CONFIG/,\$d; s/25272/$2/"
	cat <<-END
		MAILER(\`local')dnl
		MAILER(\`smtp')dnl
		LOCAL_CONFIG
		Cwlocal.test
	END
	sendmail_recipe | sed -n '/^LOCAL_CONFIG/,$p'
}

# sendmail_new FOLDER SMTP-PORT RELEASE-PORT SMARTHOST-PORT: an instance. Its
# socket of ndrqd is FOLDER/jail/run/ndrq/lmtp.
sendmail_new() {
	local folder=$1 cf=$sendmail_cache/root/usr/share/sendmail/cf/ jail=$1/jail

	sendmail_folder=$folder
	sendmail_smtp=$2
	mkdir -p "$folder"
	chmod 755 "$folder"
	jail_new "$jail" "$sendmail_cache" "$sendmail_program" /usr/libexec/sendmail/mail.local
	jail_account "$jail" smmsp 9122 /var/lib/sendmail
	jail_account "$jail" alice 9123 /home/alice
	mkdir -p "$jail"/var/spool/mqueue
	chmod 700 "$jail/var/spool/mqueue"
	printf '%s\n' 'hosts files' 'aliases files' 'passwd files' >"$jail/etc/mail/service.switch"
	cat >"$jail/etc/mail/aliases" <<-END
		postmaster: root
		mailer-daemon: postmaster
		fwd: bob@forwarded.example
		${srs_sender%@*}: tagged@victim.example
	END
	sendmail_mc "${@:2}" >"$folder/sendmail.mc"
	m4 "-D_CF_DIR_=$cf" "$cf/m4/cf.m4" "$folder/sendmail.mc" >"$jail/etc/mail/sendmail.cf" \
		2>"$folder/m4.log" || bail_out "m4 cannot read sendmail.mc"
	sendmail -bi >"$folder/aliases.log" 2>&1 || bail_out "Sendmail does not read its aliases"
}

sendmail() {
	chroot "$sendmail_folder/jail" "$sendmail_program" "$@" </dev/null
}

sendmail_start() {
	at_exit sendmail_stop
	# -bD: it stays in front; -X: no syslog here, so what is said on its connections
	chroot "$sendmail_folder/jail" "$sendmail_program" -bD -X /traffic.log \
		>>"$sendmail_folder/start.log" 2>&1 </dev/null &
	echo $! >"$sendmail_folder/pid"
	wait_for 20 port_answers "$sendmail_smtp"
}
sendmail_stop() {
	[ ! -s "$sendmail_folder/pid" ] || kill "$(cat "$sendmail_folder/pid")"
	rm -f "$sendmail_folder/pid"
}

# sendmail_deferred RCPT [WORDS]: patterns, of what waits in its queue
sendmail_deferred() {
	sendmail -bp | tr '\n' ' ' | grep -Eq "\([^)]*${2-}[^)]*\)\s+<?$1>?"
}

# sendmail_waiting N: so many messages are in its queue
sendmail_waiting() {
	[ "$(sendmail -bp | sed -n 's/.*Total requests: //p')" = "$1" ]
}
# All of it is tried at each look.
sendmail_flush_is_empty() {
	sendmail -q && sendmail_waiting 0
}
