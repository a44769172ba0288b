# exim.sh: a throw-away Exim from the Debian package, unpacked and not
# installed. Source it after mta.sh.
#
# It needs root and loopback. Exim looks for an account that only its package
# makes: libnss-wrapper says that it is one which every Debian root has. All of
# it, deliveries too, runs as this one.
exim_cache=$top_builddir/tests/mta/exim-cache
exim_root=$exim_cache/root
exim_program=$exim_root/usr/sbin/exim4
exim_account=news

exim_use() {
	unpack "$exim_cache" "exim4-daemon-light libnss-wrapper" "libidn12 libgnutls-dane0 libunbound8
		libevent-2.1-7 libdb5.3 libnsl2 libtirpc3 libgssapi-krb5-2 libkrb5-3 libkrb5support0
		libk5crypto3 libkeyutils1 libcom-err2 libssl3" ||
		bail_out "the Debian package of Exim cannot be had"
	# A set-user-id program would find neither its libraries nor the account.
	chmod u-s "$exim_program"
}

# exim_recipe HEADING: the indented lines of conf/exim.md below it
exim_recipe() {
	awk -v heading="## $1" '/^## / { below = $0 == heading } below && sub(/^    /, "")' \
		"$top_srcdir/conf/exim.md"
}

# exim_new FOLDER SMTP-PORT RELEASE-PORT SOCKET SMARTHOST-PORT: an instance,
# wired to ndrqd with the very lines of conf/exim.md.
exim_new() {
	local folder=$1 smtp=$2 release=$3 socket=$4 sink=$5

	exim_folder=$folder
	exim_smtp=$smtp
	mkdir -p "$folder"/{spool,log,mail}
	chmod 755 "$folder"
	chown "$exim_account" "$folder"/{spool,log,mail}
	echo "Debian-exim:x:$(id -u "$exim_account"):$(id -g "$exim_account")::/:/bin/sh" |
		cat /etc/passwd - >"$folder/passwd"
	echo "Debian-exim:x:$(id -g "$exim_account"):" | cat /etc/group - >"$folder/group"
	cat >"$folder/aliases" <<-END
		fwd: bob@forwarded.example
		SRS0=HHH=TT=victim.example=tagged: tagged@victim.example
	END
	{
		cat <<-END
			primary_hostname = mx.local.test
			domainlist local_domains = local.test
			hostlist relay_from_hosts = 127.0.0.1
			local_interfaces = <; 127.0.0.1.$smtp ; 127.0.0.1.$release
			# the default is a name, for which there may be no /etc/services
			daemon_smtp_ports = $smtp
			exim_path = $exim_program
			spool_directory = $folder/spool
			log_file_path = $folder/log/%s.log
			pid_file_path = $folder/exim.pid
			keep_environment = ^LD_ : ^NSS_WRAPPER_
			deliver_drop_privilege = true
			never_users =
			host_lookup =
			rfc1413_query_timeout = 0s
			tls_advertise_hosts =
			dsn_advertise_hosts = *
			smtp_accept_max = 100
			smtp_accept_queue_per_connection = 0
			acl_smtp_rcpt = acl_rcpt
			begin acl
			acl_rcpt:
			  accept hosts = +relay_from_hosts
			begin routers
		END
		exim_recipe 'The first router' | sed "s/25252/$release/"
		cat <<-END
			smarthost:
			  driver = manualroute
			  domains = ! +local_domains
			  transport = remote_smtp
			  route_list = * 127.0.0.1 byname
			  self = send
			  no_more
			aliases:
			  driver = redirect
			  data = \${lookup{\$local_part}lsearch{$folder/aliases}}
			local_user:
			  driver = accept
			  local_parts = alice
			  transport = local_file
			  cannot_route_message = Unknown user
			begin transports
		END
		exim_recipe 'The transport' | sed "s,/run/ndrq/lmtp,$socket,"
		cat <<-END
			remote_smtp:
			  driver = smtp
			  port = $sink
			  allow_localhost
			  hosts_try_fastopen =
			local_file:
			  driver = appendfile
			  file = $folder/mail/\$local_part_data
			  user = Debian-exim
			begin retry
		END
		exim_recipe 'The first retry rule'
		echo '*  *  F,2h,1m'
	} >"$folder/exim.conf"
}

exim() {
	env NSS_WRAPPER_PASSWD="$exim_folder/passwd" NSS_WRAPPER_GROUP="$exim_folder/group" \
		LD_LIBRARY_PATH="$(unpack_libraries "$exim_cache")" \
		LD_PRELOAD="$exim_root/usr/lib/x86_64-linux-gnu/libnss_wrapper.so" \
		"$exim_program" -C "$exim_folder/exim.conf" "$@"
}

exim_start() {
	at_exit exim_stop
	exim -bd >>"$exim_folder/log/start.log" 2>&1 </dev/null &&
		wait_for 20 port_answers "$exim_smtp"
}
exim_stop() {
	[ ! -s "$exim_folder/exim.pid" ] || kill "$(cat "$exim_folder/exim.pid")"
	rm -f "$exim_folder/exim.pid"
}

# exim_said PATTERN: in its log
exim_said() {
	grep -Eq -- "$1" "$exim_folder/log/main.log"
}

# exim_deferred RCPT [WORDS]: patterns
exim_deferred() {
	exim_said "== $1 .* defer .*${2-}"
}

# exim_waiting N: so many messages are in its queue
exim_waiting() {
	[ "$(exim -bpc)" = "$1" ]
}
# All of it is tried at each look, whatever retry times say.
exim_flush_is_empty() {
	exim -qff </dev/null && exim_waiting 0
}
