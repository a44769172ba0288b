# unpack.sh: Debian packages that are unpacked and not installed, so that they
# meet no other mail server. Source it after tap.sh.
#
# A cache is a folder in the build tree: packages are fetched once, and stand
# unpacked in its root/.

# unpack CACHE "PACKAGE…" "LIBRARY…": of the libraries only those that are not installed
unpack() {
	local cache=$1 packages=$2 libraries=$3

	mkdir -p "$cache"
	# Two tests that start at once share one download.
	(
		flock 9
		[ -e "$cache/complete" ] && exit 0
		cd "$cache" || exit 1
		rm -rf root ./*.deb
		apt-get download $packages $(unpack_missing $libraries) || exit 1
		for deb in ./*.deb; do
			dpkg -x "$deb" root || exit 1
		done
		touch complete
	) 9>"$cache/lock" >"$tmp/unpack.log" 2>&1
}
unpack_missing() {
	local name

	for name; do
		dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null |
			grep -qx installed || echo "$name"
	done
}
# Where the libraries of a cache are
unpack_libraries() {
	echo "$1/root/usr/lib/x86_64-linux-gnu:$1/root/lib/x86_64-linux-gnu"
}
