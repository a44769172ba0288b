#!/bin/bash
# The whole path with a real Sendmail, wired with the lines of conf/sendmail.md:
# what it bounces is captured, what policy or a human lets out arrives, and nothing is
# lost or doubled on the way.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/mta.sh"
. "$top_srcdir/tests/lib/sendmail.sh"

as_root "$0" # Sendmail runs in a chroot
sendmail_use

mta=sendmail mta_name=Sendmail
# It refuses unknown users of its own at RCPT; what it relays it bounces.
bounced=nouser@elsewhere.example
mta_places
alice=$server/jail/var/mail/alice
sendmail_new "$server" "$smtp" "$release" "$internet"
LISTEN="\"unix:$server/jail/run/ndrq/lmtp\"" mta_ndrqd
mta_start --reply 'rcpt:nouser=550 5.1.1 unknown user'

it_captures_what_leaves
it_sends_what_is_released
it_keeps_a_release_that_is_put_off
it_keeps_bounces_while_ndrqd_is_down
it_delivers_copies

mail '' fwd@local.test elsewhere >/dev/null
ok 'what comes from elsewhere for a user who forwards is held: nobody says that it was for him' \
	wait_for 30 records_are 1 'r["recipient"] == "bob@forwarded.example" and r["rule"] == "Default.unknown"'

plan
