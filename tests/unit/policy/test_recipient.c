/* test_recipient.c: who is judged. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/recipient.h"

static const struct {
	const char *address;
	enum recipient_kind kind;
	const char *domain;
} cases[] = {
	{ NULL, RECIPIENT_NONE, NULL },
	{ "", RECIPIENT_NONE, NULL },
	{ "user", RECIPIENT_BAD, NULL },
	{ "@example.net", RECIPIENT_BAD, NULL },
	{ "user@", RECIPIENT_BAD, NULL },
	{ "user@.", RECIPIENT_BAD, NULL },
	{ "user@.ours.example", RECIPIENT_BAD, NULL },
	{ "user@a..ours.example", RECIPIENT_BAD, NULL },
	{ "user@ours.example ", RECIPIENT_BAD, NULL },
	{ "user@ours.example>", RECIPIENT_BAD, NULL },
	{ "user@ours.example\r\nRCPT TO:<x@y>", RECIPIENT_BAD, NULL },
	{ "us\x01er@example.net", RECIPIENT_BAD, NULL },
	{ "\"\"@example.net", RECIPIENT_BAD, NULL },
	{ "user@Example.NET", RECIPIENT_REMOTE, "example.net" },
	{ "user@OURS.example", RECIPIENT_LOCAL, "ours.example" },
	{ "user@ours.example.", RECIPIENT_LOCAL, "ours.example" },
	{ "user@a.sub.example", RECIPIENT_LOCAL, "a.sub.example" },
	{ "user@a.ours.example", RECIPIENT_REMOTE, "a.ours.example" },
	{ "user@notours.example", RECIPIENT_REMOTE, "notours.example" },
	{ "\"a@b\"@example.net", RECIPIENT_REMOTE, "example.net" },
	{ "жертва@пример.example", RECIPIENT_REMOTE, "xn--e1afmkfd.example" },
	{ "user@\xFFx.example", RECIPIENT_REMOTE, "\xFFx.example" },
	{ "user@[192.0.2.7]", RECIPIENT_REMOTE, "[192.0.2.7]" },

	/* routes through us to somewhere else */
	{ "user%example.net@ours.example", RECIPIENT_ROUTED, "ours.example" },
	{ "example.net!user@ours.example", RECIPIENT_ROUTED, "ours.example" },
	{ "@ours.example:user@ours.example", RECIPIENT_ROUTED, "ours.example" },
	{ "\"user%example.net\"@ours.example", RECIPIENT_ROUTED, "ours.example" },
	{ "user%ours.example@example.net", RECIPIENT_REMOTE, "example.net" },

	/* SRS is undone only when it is ours */
	{ "SRS0=HHH=TT=example.net=user@ours.example", RECIPIENT_REMOTE, "example.net" },
	{ "srs0+hhh=tt=Example.NET=user@ours.example", RECIPIENT_REMOTE, "example.net" },
	{ "SRS0-HHH=TT=example.net=us=er@ours.example", RECIPIENT_REMOTE, "example.net" },
	{ "\"SRS0=HHH=TT=example.net=user\"@ours.example", RECIPIENT_REMOTE, "example.net" },
	{ "SRS0=HHH=TT=example.net=user@other.example", RECIPIENT_REMOTE, "other.example" },
	{ "SRS0=HHH=TT=ours.example=user@ours.example", RECIPIENT_REMOTE, "ours.example" },
	{ "SRS0=H=T=ours.example=SRS0=H=T=example.net=u@ours.example", RECIPIENT_REMOTE,
	  "example.net" },
	{ "SRS1=HHH=fwd.example==HHH=TT=example.net=user@ours.example", RECIPIENT_REMOTE,
	  "fwd.example" },
	{ "SRS1=HHH=ours.example==HHH=TT=example.net=user@ours.example", RECIPIENT_REMOTE,
	  "example.net" },
	{ "SRS0=HHH=TT=user@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS0=HHH=TT=example.net=@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS0==TT=example.net=user@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS0=HHH=TT=.net=user@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS0=@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS1=HHH=fwd.example=HHH=TT=example.net=user@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS1=HHH=fwd.example@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS1=HHH=ours.example==HHH@ours.example", RECIPIENT_BAD, NULL },
	{ "SRS0user@ours.example", RECIPIENT_LOCAL, "ours.example" },
	{ "SRS@ours.example", RECIPIENT_LOCAL, "ours.example" },

	/* BATV keeps its domain, and hides no SRS */
	{ "prvs=1234abcdef=user@ours.example", RECIPIENT_LOCAL, "ours.example" },
	{ "prvs=1234abcdef=user@example.net", RECIPIENT_REMOTE, "example.net" },
	{ "prvs=1234=SRS0=HHH=TT=example.net=user@ours.example", RECIPIENT_REMOTE, "example.net" },
	{ "btv1==1234==SRS0=HHH=TT=example.net=user@ours.example", RECIPIENT_REMOTE,
	  "example.net" },
	{ "prvs=user@ours.example", RECIPIENT_LOCAL, "ours.example" },
};

Test(recipient, the_judged_domain_follows_the_last_at_and_srs_of_ours_is_undone)
{
	AUTO(domain_table_done) struct domain_table local = { 0 };
	const struct domain_entry *first, *second;

	(void)domain_table_add(&local, "ours.example", false, 0);
	(void)domain_table_add(&local, "sub.example", true, 1);
	cr_assert_eq(domain_table_index(&local, &first, &second), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *domain = NULL;

		cr_expect_eq(recipient_read(cases[i].address, &local, &domain), cases[i].kind, "%s",
			     cases[i].address);
		cr_assert_eq(domain == NULL, cases[i].domain == NULL, "%s", cases[i].address);
		if (domain != NULL)
			cr_expect_str_eq(domain, cases[i].domain, "%s", cases[i].address);
	}
}

Test(recipient, a_tower_of_srs_is_taken_down_in_the_end)
{
	AUTO(domain_table_done) struct domain_table local = { 0 };
	AUTO(buffer_done) struct buffer address = { 0 };
	AUTO(freep) char *domain = NULL;
	const struct domain_entry *first, *second;

	(void)domain_table_add(&local, "o", false, 0);
	cr_assert_eq(domain_table_index(&local, &first, &second), 0);
	for (int i = 0; i < 200; i++)
		buffer_add_str(&address, "SRS0=h=t=o=");
	buffer_add_str(&address, "u@o");
	cr_expect_eq(recipient_read(address.data, &local, &domain), RECIPIENT_REMOTE);
	cr_expect_str_eq(domain, "o");
}
