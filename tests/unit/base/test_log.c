/* test_log.c: a log line is one line whatever is in it. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>

#include "base/log.h"

static void
redirect(void)
{
	cr_redirect_stderr();
}

Test(log, the_id_comes_first_and_values_are_quoted_and_escaped, .init = redirect)
{
	log_open(LOG_TO_STDERR, "ndrqd");
	log_event(LOG_INFO, "held", LOG_I("id", 42), LOG_S("rcpt", "a b\"\r\nid=1\x1b[m"),
		  LOG_S("rule", "Default.ndr"), LOG_S("none", NULL));
	log_event(LOG_DEBUG, "too.low");
	log_event(LOG_ERR, "bare");
	cr_assert_stderr_eq_str("ndrqd: id=42 event=held rcpt=\"a b\\\"\\x0d\\x0aid=1\\x1b[m\" "
				"rule=Default.ndr none=\"\"\n"
				"ndrqd: event=bare\n");
}

Test(log, a_line_for_the_journal_says_its_priority, .init = redirect)
{
	(void)setenv("JOURNAL_STREAM", "8:1", 1);
	log_open(LOG_TO_STDERR, "ndrqd");
	log_event(LOG_ERR, "bare");
	cr_assert_stderr_eq_str("<3>event=bare\n");
}
