#!/bin/sh
# autogen.sh [TARGET…]: from a checkout on a bare Debian 12 to whatever TARGET makes.
#
#   ./autogen.sh          makes ./configure, nothing else (needs the autotools)
#   ./autogen.sh demo     installs what the build needs, builds in build/, runs the demo
#   ./autogen.sh check    installs what the tests need too, and passes them
#   ./autogen.sh TARGET   the same way: all, install, distcheck, clean, …
#
# Run as root, or as a user who may sudo. CONFIGURE_FLAGS goes to configure.
set -eu
cd "$(dirname "$0")"

# The one list of Debian packages. "build" is for every target, "test" for
# those that run tests.
packages='
build  gcc libc6-dev make autoconf automake autoconf-archive pkg-config
build  libgmime-3.0-dev libsqlite3-dev libev-dev libconfig-dev libidn2-dev libpsl-dev
build  libsmartcols-dev libjansson-dev nettle-dev libsystemd-dev
build  ca-certificates xz-utils
test   libcriterion-dev python3-minimal libpython3-stdlib procps iproute2
test   util-linux sqlite3 tmux mandoc m4
'

target=${1-}
[ -n "$target" ] || exec autoreconf -fi

kinds=build
case $target in
check | distcheck | check-* | bench* | valgrind* | tsan*) kinds='build test' ;;
esac

wanted=$(echo "$packages" | while read -r kind names; do
	case " $kinds " in *" $kind "*) echo "$names" ;; esac
done)
missing=
for name in $wanted; do
	status=$(dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null) || status=
	[ "$status" = 'ii ' ] || missing="$missing $name"
done
if [ -n "$missing" ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	[ -z "$sudo" ] || command -v sudo >/dev/null || {
		echo "autogen.sh: run as root, or install first:$missing" >&2
		exit 77
	}
	$sudo apt-get -q update >&2
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y --no-install-recommends $missing >&2
fi

# configure is remade when anything it is made of is newer; make does the rest.
if [ ! -e configure ] || [ -n "$(find configure.ac Makefile.am ./*/Makefile.inc ./tests/*/Makefile.inc \
	-newer configure 2>/dev/null)" ]; then
	autoreconf -fi >&2
fi
mkdir -p build
cd build
tests=
[ "$kinds" = build ] || tests=--enable-tests
# A tree first configured for the demo has no tests yet: configure it again.
if [ ! -e Makefile ] || { [ -n "$tests" ] && ! grep -q '^HAVE_CRITERION_TRUE = *$' Makefile; }; then
	# shellcheck disable=SC2086
	../configure -q $tests ${CONFIGURE_FLAGS-}
fi
jobs=$(nproc 2>/dev/null || echo 2)
if [ "$target" = check ]; then
	rc=0
	# one after the other: two goals at once would build the same file twice
	make -s -j"$jobs" all || exit
	make -s -j"$jobs" check || rc=$?
	make -s check-summary || rc=1
	exit "$rc"
fi
exec make -s -j"$jobs" "$@"
