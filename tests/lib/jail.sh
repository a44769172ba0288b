# jail.sh: a chroot with no more in it than one mail server needs, for those that
# have fixed places and accounts. Source it after mta.sh.
#
# It takes no /proc, DNS or namespaces. Its accounts are numbers that nobody has
# outside; /run/ndrq in it is where ndrqd's socket belongs.

# jail_new JAIL CACHE PROGRAM…: what is unpacked in the cache, a shell, and what the
# programs need; these are paths below the cache's root/.
jail_new() {
	local jail=$1 cache=$2 directory libraries file

	shift 2
	cp -a "$cache/root" "$jail"
	# /lib is a link to usr/lib, as everywhere
	for directory in bin sbin lib lib64; do
		mkdir -p "$jail/usr/$directory"
		[ ! -d "$jail/$directory" ] || cp -a "$jail/$directory/." "$jail/usr/$directory/"
		rm -rf "${jail:?}/$directory"
		ln -s "usr/$directory" "$jail/$directory"
	done
	libraries=$(unpack_libraries "$cache")
	cp -L /bin/sh "$jail/bin/sh"
	for file in $(LD_LIBRARY_PATH=$libraries ldd /bin/sh "${@/#/$jail}" |
		grep -oE '/[^ ]+\.so[^ ]*' | grep -v "^$cache" | sort -u); do
		mkdir -p "$jail${file%/*}"
		cp -L "$file" "$jail$file"
	done
	mkdir -p "$jail"/{dev,etc,tmp,run/ndrq,var/mail}
	ln -s ../run "$jail/var/run"
	chmod 755 "$jail" "$jail/run" "$jail/run/ndrq"
	chmod 1777 "$jail/tmp" "$jail/var/mail"
	cp -a /dev/null "$jail/dev/null" 2>/dev/null || install -m 666 /dev/stdin "$jail/dev/null" </dev/null
	jail_account "$jail" root 0 /
	echo mx.local.test >"$jail/etc/mailname"
	echo '127.0.0.1 localhost mx.local.test' >"$jail/etc/hosts"
	: >"$jail/etc/resolv.conf"
}

# jail_account JAIL NAME NUMBER HOME: an account with a group and a home of its own
jail_account() {
	local jail=$1 name=$2 number=$3 home=$4

	echo "$name:x:$number:$number::$home:/bin/sh" >>"$jail/etc/passwd"
	echo "$name:x:$number:" >>"$jail/etc/group"
	[ -d "$jail$home" ] || install -d -o "$number" -g "$number" "$jail$home"
}
