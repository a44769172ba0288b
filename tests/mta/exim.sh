#!/bin/bash
# The whole path with a real Exim, wired with the lines of conf/exim.md: what it
# bounces is captured, what policy or a human lets out arrives, and nothing is
# lost or doubled on the way.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/mta.sh"
. "$top_srcdir/tests/lib/exim.sh"

as_root "$0" # accounts are changed
exim_use

mta=exim mta_name=Exim
mta_places
alice=$server/mail/alice
exim_new "$server" "$smtp" "$release" "$q/lmtp.sock" "$internet"
mta_ndrqd
mta_start

like 'a bounce to a stranger is routed to ndrqd' \
	"$(exim -f '<>' -bt someone@victim.example 2>&1)" 'router = ndr_capture, transport = ndr_store'
like 'other mail is not' \
	"$(exim -f alice@local.test -bt someone@victim.example 2>&1)" 'router = smarthost'
like 'nor does sender verification go there' \
	"$(exim -bvs someone@victim.example 2>&1)" 'verified'

it_captures_what_leaves
it_sends_what_is_released
it_keeps_a_release_that_is_put_off
it_keeps_bounces_while_ndrqd_is_down
it_delivers_copies

plan
