# postfix.sh: a throw-away Postfix from the Debian package, unpacked and not
# installed, so that it meets no other mail server and needs no account of its
# own. Source it after tap.sh and unpack.sh.
#
# It needs root (master(8) does), loopback, and two accounts that every Debian
# root has. It runs in a chroot without /proc, DNS or namespaces.
postfix_cache=$top_builddir/tests/mta/postfix-cache
postfix_root=$postfix_cache/root
postfix_lib=$postfix_root/usr/lib/postfix
postfix_owner=news
postfix_group=uucp

# postfix_use: commands of the package, smtp-source and smtp-sink among them
postfix_use() {
	unpack "$postfix_cache" postfix "libdb5.3 libicu72 libnsl2 libtirpc3 libsasl2-2 libssl3
		libgssapi-krb5-2 libkrb5-3 libkrb5support0 libk5crypto3 libkeyutils1 libcom-err2" ||
		bail_out "the Debian package of Postfix cannot be had"
	PATH=$postfix_root/usr/sbin:$PATH
	LD_LIBRARY_PATH=$postfix_lib:$(unpack_libraries "$postfix_cache")
	export PATH LD_LIBRARY_PATH
}

# postfix_new FOLDER SMTP-PORT RELEASE-PORT LMTP RELAYHOST-PORT: an instance,
# wired to ndrqd as README.md says. LMTP is unix:/path or inet:127.0.0.1:port.
postfix_new() {
	local folder=$1 smtp=$2 release=$3 lmtp=$4 sink=$5

	postfix_folder=$folder
	postfix_smtp=$smtp
	export MAIL_CONFIG=$folder/etc
	mkdir -p "$folder"/{etc,spool,data,log,mail} "$folder"/meta/{dynamicmaps,postfix-files}.d
	chown "$postfix_owner" "$folder/data"
	chmod 755 "$folder"
	chmod 1777 "$folder/mail"
	# Only what belongs to an instance is checked and made by post-install.
	grep -E '^\$(queue|data)_directory' "$postfix_root/etc/postfix/postfix-files" \
		>"$folder/meta/postfix-files"
	cp "$postfix_root"/etc/postfix/{postfix-script,post-install} "$folder/meta/"
	cp "$postfix_root/usr/share/postfix/dynamicmaps.cf" "$folder/meta/"
	cat >"$folder/etc/main.cf" <<-END
		compatibility_level = 3.6
		queue_directory = $folder/spool
		data_directory = $folder/data
		command_directory = $postfix_root/usr/sbin
		daemon_directory = $postfix_lib/sbin
		shlib_directory = $postfix_lib
		meta_directory = $folder/meta
		sendmail_path = $postfix_root/usr/sbin/sendmail
		newaliases_path = $postfix_root/usr/bin/newaliases
		mailq_path = $postfix_root/usr/bin/mailq
		manpage_directory = $folder
		html_directory = no
		readme_directory = no
		mail_owner = $postfix_owner
		setgid_group = $postfix_group
		default_privs = nobody
		import_environment = MAIL_CONFIG TZ LANG=C LD_LIBRARY_PATH=$LD_LIBRARY_PATH
		export_environment = MAIL_CONFIG TZ LANG LD_LIBRARY_PATH=$LD_LIBRARY_PATH
		maillog_file = $folder/log/mail.log
		maillog_file_prefixes = $folder
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		smtp_dns_support_level = disabled
		smtp_host_lookup = native
		smtpd_peername_lookup = no

		myhostname = mx.local.test
		mydomain = local.test
		mydestination = local.test, mx.local.test
		mynetworks = 127.0.0.0/8
		relayhost = [127.0.0.1]:$sink
		alias_maps = texthash:$folder/etc/aliases
		alias_database =
		mail_spool_directory = $folder/mail/
		# Unknown users are accepted first and bounced later: the disease.
		local_recipient_maps =
		smtpd_relay_restrictions = permit_mynetworks, reject
		smtputf8_enable = yes
		message_size_limit = 60000000
		bounce_size_limit = 60000000
		mailbox_size_limit = 0
		smtpd_client_connection_count_limit = 0
		smtpd_client_connection_rate_limit = 0

		sender_dependent_default_transport_maps = inline:{ {<> = ndrq:$lmtp} }
		default_filter_nexthop = \$relayhost
		address_verify_sender_dependent_default_transport_maps =
		# qmgr(8) cuts the second down to the first
		maximal_queue_lifetime = 30d
		bounce_queue_lifetime = 30d
	END
	cat >"$folder/etc/aliases" <<-END
		alice games
		fwd bob@forwarded.example
		srs0=hhh=tt=victim.example=tagged tagged@victim.example
		postmaster man
		mailer-daemon postmaster
	END
	cat >"$folder/etc/master.cf" <<-END
		127.0.0.1:$smtp inet n - n - - smtpd
		127.0.0.1:$release inet n - n - - smtpd
		    -o syslog_name=postfix/ndrq-release
		    -o content_filter=smtp:
		    -o receive_override_options=no_milters,no_header_body_checks,no_address_mappings
		    -o smtpd_client_restrictions=permit_mynetworks,reject
		ndrq unix - - n - 20 lmtp
		pickup unix n - n 60 1 pickup
		cleanup unix n - n - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		rewrite unix - - n - - trivial-rewrite
		bounce unix - - n - 0 bounce
		defer unix - - n - 0 bounce
		trace unix - - n - 0 bounce
		verify unix - - n - 1 verify
		flush unix n - n 1000? 0 flush
		proxymap unix - - n - - proxymap
		smtp unix - - n - - smtp
		relay unix - - n - - smtp
		showq unix n - n - - showq
		error unix - - n - - error
		retry unix - - n - - error
		discard unix - - n - - discard
		local unix - n n - - local
		lmtp unix - - n - - lmtp
		anvil unix - - n - 1 anvil
		scache unix - - n - 1 scache
		tlsmgr unix - - n 1000? 1 tlsmgr
		postlog unix-dgram n - n - 1 postlogd
	END
}

postfix_start() {
	at_exit postfix stop
	postfix start >>"$postfix_folder/log/start.log" 2>&1 &&
		wait_for 20 port_answers "$postfix_smtp"
}

# postfix_said PATTERN: in its log
postfix_said() {
	grep -Eq -- "$1" "$postfix_folder/log/mail.log"
}

# postfix_deferred RCPT [WORDS]: patterns
postfix_deferred() {
	postfix_said "to=<$1>.*status=deferred.*${2-}"
}

# A flush at each look: what was put off while a listener was down comes again.
postfix_flush_is_empty() {
	postqueue -f && postqueue -p | grep -q 'Mail queue is empty'
}
