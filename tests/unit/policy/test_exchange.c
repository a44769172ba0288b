/* test_exchange.c: remote domains of Exchange, in every form PowerShell writes them. */
#include <string.h>

#include "base/config_text.h"
#include "policy/exchange.h"
#include "policy/view.h"
#include "tests/unit/policy/sample.h"

#define CSV                                                                                        \
	"#TYPE Deserialized.Microsoft.Exchange.Data.Directory.SystemConfiguration\r\n"             \
	"\"DomainName\",\"Name\",\"NDREnabled\",\"DeliveryReportEnabled\",\"AutoReplyEnabled\","   \
	"\"AllowedOOFType\",\"NDRDiagnosticInfoEnabled\",\"TNEFEnabled\"\r\n"                      \
	"\"*\",\"Default\",\"False\",\"True\",\"True\",\"External\",\"True\",\r\n"                 \
	"\"*.fabrikam.example\",\"Fabrikam, \"\"Inc\"\"\",\"True\",\"False\",\"False\",\"None\","  \
	"\"False\",\"False\"\r\n"

/* The same, as a list. */
#define LIST                                                                                       \
	"\r\n\r\nDomainName            : *\r\nName                  : Default\r\n"                 \
	"NDREnabled            : False\r\nDeliveryReportEnabled : True\r\n"                        \
	"AutoReplyEnabled      : True\r\nAllowedOOFType        : External\r\n"                     \
	"NDRDiagnosticInfoEnabled : True\r\n"                                                      \
	"TNEFEnabled           :\r\n\r\n"                                                          \
	"DomainName            : *.fabrikam.example\r\n"                                           \
	"Name                  : Fabrikam,\r\n                        \"Inc\"\r\n"                 \
	"NDREnabled            : True\r\nDeliveryReportEnabled : False\r\n"                        \
	"AutoReplyEnabled      : False\r\nAllowedOOFType        : None\r\n"                        \
	"NDRDiagnosticInfoEnabled : False\r\n"                                                     \
	"TNEFEnabled           : False\r\n\r\n"

static const char policy_text_expected[] =
	"\tremote\n"
	"Default * hold hold send send true\n"
	"Fabrikam, _Inc_ *.fabrikam.example send send hold hold false\n";

/* "name pattern ndr delay delivery_report auto_reply ndr_diagnostics" a row. */
static char *
digest_of(const struct policy *policy)
{
	static const enum policy_key keys[] = { POLICY_KEY_NDR, POLICY_KEY_DELAY,
						POLICY_KEY_DELIVERY_REPORT, POLICY_KEY_AUTO_REPLY,
						POLICY_KEY_NDR_DIAGNOSTICS };
	struct buffer out = { 0 };

	buffer_add_str(&out, "\tremote\n");
	for (size_t i = 0; i <= policy_domains_len(policy); i++) {
		AUTO(policy_view_done) struct policy_view v = { .pattern = NULL };
		bool subtree = false;
		const char *domain = i > 0 ? policy_domain(policy, i - 1, &subtree) : NULL;

		if (i == 0)
			policy_view_default(policy, &v);
		else
			policy_view(policy, domain, subtree, &v);
		buffer_printf(&out, "%s %s", v.name, v.pattern);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			buffer_printf(&out, " %s",
				      policy_value_name(keys[k], v.values[keys[k]][0].value));
		buffer_add_char(&out, '\n');
	}
	return buffer_take(&out);
}

/* Reads it, and what it becomes; NULL, with err. */
static struct policy *
import(struct span bytes, const char *local, struct buffer *notes, struct error *err)
{
	AUTO(exchange_done) struct exchange_list list = { 0 };
	AUTO(buffer_done) struct buffer text = { 0 };
	struct config_draft draft = { "imported", { NULL, 0 } };
	struct policy *policy = NULL;

	buffer_add_str(notes, "");
	if (exchange_read(bytes, &list, err) < 0 ||
	    exchange_to_policy(&list, &local, local != NULL, &text, notes, err) < 0)
		return NULL;
	draft.text = buffer_span(&text);
	cr_assert_eq(policy_read_draft("imported", &draft, &policy, NULL, err), 0, "%s\n%s",
		     err->text, text.data);
	return policy;
}

static void
expect_import(const char *what, struct span bytes)
{
	AUTO(buffer_done) struct buffer notes = { 0 };
	struct error err = { 0 };
	AUTO(policy_unrefp) struct policy *policy = import(bytes, "ours.example", &notes, &err);
	AUTO(freep) char *digest = NULL;

	cr_assert_not_null(policy, "%s: %s", what, err.text);
	digest = digest_of(policy);
	cr_expect_str_eq(digest, policy_text_expected, "%s: %s", what, digest);
	cr_expect_str_eq(notes.data,
			 "ignored, as not about notifications: TNEFEnabled\n"
			 "*.fabrikam.example: Name Fabrikam, \"Inc\" becomes Fabrikam, _Inc_\n",
			 "%s: %s", what, notes.data);
}

static void
to_utf16(const char *text, bool big_endian, const char *bom, struct buffer *out)
{
	buffer_add(out, bom, strlen(bom));
	for (; *text != '\0'; text++) {
		const char unit[2] = { big_endian ? '\0' : *text, big_endian ? *text : '\0' };

		buffer_add(out, unit, 2);
	}
}

Test(exchange, csv_and_list_are_read_in_every_encoding)
{
	static const char *const texts[] = { CSV, LIST };

	for (size_t i = 0; i < 2; i++) {
		AUTO(buffer_done) struct buffer with_bom = { 0 };
		AUTO(buffer_done) struct buffer le = { 0 };
		AUTO(buffer_done) struct buffer be = { 0 };
		AUTO(buffer_done) struct buffer bare = { 0 };

		expect_import("ASCII", span_of(texts[i]));
		buffer_printf(&with_bom, "\xEF\xBB\xBF%s", texts[i]);
		expect_import("UTF-8", buffer_span(&with_bom));
		to_utf16(texts[i], false, "\xFF\xFE", &le);
		expect_import("UTF-16LE", buffer_span(&le));
		to_utf16(texts[i], true, "\xFE\xFF", &be);
		expect_import("UTF-16BE", buffer_span(&be));
		to_utf16(texts[i], false, "", &bare);
		expect_import("UTF-16LE without a BOM", buffer_span(&bare));
	}
}

Test(exchange, the_separator_is_what_the_system_s_language_likes)
{
	AUTO(freep)
	char *text =
		xstrdup("DomainName;Name;NDREnabled;DeliveryReportEnabled;"
			"AutoReplyEnabled;AllowedOOFType;NDRDiagnosticInfoEnabled;TNEFEnabled\n"
			"*;Default;FALSE;$true;True;External;;\n\n"
			"*.fabrikam.example;\"Fabrikam, \"\"Inc\"\"\";True;False;"
			"False;None;False;x");

	expect_import("semicolons", span_of(text));
	for (char *p = text; *p != '\0'; p++)
		*p = *p == ';' ? '\t' : *p;
	expect_import("tabs", span_of(text));
}

Test(exchange, characters_beyond_ascii_stay_what_they_are)
{
	/* "Müller 😀" in UTF-16LE */
	static const char name[] = "M\0\xFC\0l\0l\0e\0r\0 \0\x3D\xD8\x00\xDE";
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(buffer_done) struct buffer notes = { 0 };
	struct error err = { 0 };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };

	to_utf16("Name,DomainName,NDREnabled\n", false, "\xFF\xFE", &text);
	buffer_add(&text, name, sizeof(name) - 1);
	to_utf16(",a.example,True\n", false, "", &text);
	policy = import(buffer_span(&text), "ours.example", &notes, &err);
	cr_assert_not_null(policy, "%s", err.text);
	policy_view(policy, "a.example", false, &view);
	cr_expect_str_eq(view.name, "M\xC3\xBCller \xF0\x9F\x98\x80");
}

#define HEAD "Name,DomainName,NDREnabled,AutoReplyEnabled,AllowedOOFType\n"

Test(exchange, two_switches_of_one_key_and_what_is_not_said)
{
	static const struct {
		const char *values, *reply, *note;
	} cases[] = {
		{ "True,True,External", "send", NULL },
		{ "True,False,None", "hold", NULL },
		{ "True,False,External", "hold",
		  "a.example: AutoReplyEnabled is False but AllowedOOFType is External" },
		{ "True,True,None", "hold",
		  "a.example: AutoReplyEnabled is True but AllowedOOFType is None" },
		{ "True,True,InternalLegacy", "send", "a.example: AllowedOOFType InternalLegacy" },
		{ "True,,External", "send", NULL },
		{ "True,True,", "send", NULL },
		{ "True,,", "hold", NULL },
		{ "True", "hold", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *text = xasprintf(HEAD "A,a.example,%s\n", cases[i].values);
		AUTO(buffer_done) struct buffer notes = { 0 };
		struct error err = { 0 };
		AUTO(policy_unrefp)
		struct policy *policy = import(span_of(text), "ours.example", &notes, &err);
		AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };

		cr_assert_not_null(policy, "case %zu: %s", i, err.text);
		policy_view(policy, "a.example", false, &view);
		cr_expect_str_eq(policy_value_name(POLICY_KEY_AUTO_REPLY,
						   view.values[POLICY_KEY_AUTO_REPLY][0].value),
				 cases[i].reply, "case %zu", i);
		cr_expect(cases[i].note == NULL ? notes.len == 0
						: strstr(notes.data, cases[i].note) != NULL,
			  "case %zu: %s", i, notes.data);
	}
}

Test(exchange, what_cannot_be_taken_over_is_said)
{
	AUTO(buffer_done) struct buffer notes = { 0 };
	struct error err = { 0 };
	AUTO(policy_unrefp)
	struct policy *policy = import(SPAN("DomainName,GenerateCopyOfDSNFor,IsInternal\n"
					    "*,5.1.1,False\n"),
				       NULL, &notes, &err);

	cr_assert_not_null(policy, "%s", err.text);
	cr_expect_str_eq(
		notes.data,
		"local_domains: Exchange does not say which they are; put in yours, or "
		"use --local\n"
		"ignored, as not about notifications: IsInternal\n"
		"GenerateCopyOfDSNFor: no copies are made yet, as no "
		"ExternalPostmasterAddress says for whom; put in postmaster = \"...\", and "
		"copy = \"each\" into the row for \"*\"\n");
}

#define COPIES_NOTE "GenerateCopyOfDSNFor: no copies are made yet"

/* What the policy says of copies: "postmaster copy copy_status…". */
static char *
copies_of(const struct policy *policy)
{
	const struct policy_postmaster p = policy_postmaster(policy);
	AUTO(policy_view_done) struct policy_view star = { .pattern = NULL };
	struct buffer out = { 0 };

	policy_view_default(policy, &star);
	buffer_printf(&out, "%s %s", p.address != NULL ? p.address : "-",
		      policy_value_name(POLICY_KEY_COPY, star.values[POLICY_KEY_COPY][0].value));
	for (size_t i = 0; i < p.copy_status->len; i++)
		buffer_printf(&out, " %s", p.copy_status->items[i]);
	return buffer_take(&out);
}

#define TRANSPORT_CSV "GenerateCopyOfDSNFor,ExternalPostmasterAddress\n"
#define ALL_LIST      "DomainName : *\nNDREnabled : True\n"
#define ADDRESS_LIST  "ExternalPostmasterAddress : p@ours.example\n"

Test(exchange, copies_go_to_the_postmaster_of_the_codes_that_are_named)
{
	static const struct {
		const char *text, *copies;
		size_t domains;
		const char *note; /* NULL: none at all */
	} cases[] = {
		/* of Get-TransportConfig alone */
		{ "GenerateCopyOfDSNFor : {5.4.8, 5.4.6}\n" ADDRESS_LIST,
		  "p@ours.example each 5.4.8 5.4.6", 0, NULL },
		{ "AntispamAgentsEnabled : False\nGenerateCopyOfDSNFor : {5.4.8,\n"
		  "                        5.4.6}\nMaxSendSize : 10 MB\n" ADDRESS_LIST,
		  "p@ours.example each 5.4.8 5.4.6", 0,
		  "ignored, as no key is like them: AntispamAgentsEnabled, MaxSendSize\n" },
		{ TRANSPORT_CSV "5.4.8 5.4.6,p@ours.example\n", "p@ours.example each 5.4.8 5.4.6",
		  0, NULL },
		{ TRANSPORT_CSV "\"5.4.8,5.4.6\",\"p@ours.example\"\n",
		  "p@ours.example each 5.4.8 5.4.6", 0, NULL },
		{ "GenerateCopyOfDSNFor\n5.4.8\n", "- none 5.4.8", 0, COPIES_NOTE },
		{ TRANSPORT_CSV "5.4.8,\n", "- none 5.4.8", 0, COPIES_NOTE },
		{ TRANSPORT_CSV "5.4.8,Postmaster <p@a>\n", "- none 5.4.8", 0,
		  "ExternalPostmasterAddress: \"Postmaster <p@a>\" is no address\n" COPIES_NOTE },
		{ "GenerateCopyOfDSNFor : {}\n" ADDRESS_LIST, "p@ours.example none", 0, NULL },
		{ "GenerateCopyOfDSNFor : {}\nExternalPostmasterAddress :\n", "- none", 0, NULL },
		/* with remote domains */
		{ ALL_LIST "\nGenerateCopyOfDSNFor : {5.4.8}\n" ADDRESS_LIST,
		  "p@ours.example each 5.4.8", 0, NULL },
		{ "GenerateCopyOfDSNFor : {5.4.8}\n" ADDRESS_LIST
		  "\nDomainName : a.example\nName : Default\n\n" ALL_LIST,
		  "p@ours.example each 5.4.8", 1, "a.example: Name Default becomes a.example\n" },
		{ "DomainName : a.example\n\nGenerateCopyOfDSNFor : {5.4.8}\n" ADDRESS_LIST,
		  "p@ours.example each 5.4.8", 1, NULL },
		{ "DomainName," TRANSPORT_CSV "*,5.4.8,p@ours.example\na.example,5.4.8,\n",
		  "p@ours.example each 5.4.8", 1, NULL },
		{ "DomainName," TRANSPORT_CSV "*,5.4.8,p@ours.example\na.example,5.4.6,\n",
		  "p@ours.example each 5.4.8", 1,
		  "GenerateCopyOfDSNFor: is not the same everywhere; taken as \"5.4.8\"\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer notes = { 0 };
		struct error err = { 0 };
		AUTO(policy_unrefp)
		struct policy *policy =
			import(span_of(cases[i].text), "ours.example", &notes, &err);
		AUTO(freep) char *copies = NULL;

		cr_assert_not_null(policy, "case %zu: %s", i, err.text);
		copies = copies_of(policy);
		cr_expect_str_eq(copies, cases[i].copies, "case %zu: %s", i, copies);
		cr_expect(cases[i].note == NULL ? notes.len == 0
						: strstr(notes.data, cases[i].note) != NULL,
			  "case %zu: %s", i, notes.data);
		cr_expect_eq(policy_domains_len(policy), cases[i].domains, "case %zu", i);
	}
}

#define SET_TRANSPORT                                                                              \
	"Set-TransportConfig -GenerateCopyOfDSNFor 5.4.8,5.4.6 -ExternalPostmasterAddress "        \
	"'p@ours.example'\n"

Test(exchange, copies_are_exported_as_they_were_imported)
{
	AUTO(buffer_done) struct buffer notes = { 0 };
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(buffer_done) struct buffer left = { 0 };
	struct error err = { 0 };
	AUTO(policy_unrefp)
	struct policy *policy =
		import(SPAN(LIST "GenerateCopyOfDSNFor : {5.4.8, 5.4.6}\n" ADDRESS_LIST),
		       "ours.example", &notes, &err);

	cr_assert_not_null(policy, "%s", err.text);
	exchange_from_policy(policy, &out, &left);
	cr_expect_eq(strncmp(out.data, SET_TRANSPORT "Set-RemoteDomain ",
			     strlen(SET_TRANSPORT "Set-RemoteDomain ")),
		     0, "%s", out.data);
	cr_expect_eq(left.len, 0, "%s", left.data);
}

Test(exchange, copies_that_exchange_cannot_make_are_said)
{
	static const struct {
		const char *keys, *all, *a, *out, *notes;
	} cases[] = {
		{ "copy_status = [ \"5.4.*\", \"5.4.8\", \"5.4.6\" ];", "each", "none",
		  SET_TRANSPORT,
		  "copy_status: 5.4.*: Exchange takes whole codes alone\n"
		  "a.example: copy: Exchange tells by status, not by domain\n" },
		{ "copy_status = \"5.*\";", "each", "each", "",
		  "copy_status: 5.*: Exchange takes whole codes alone\n"
		  "*: copy: Exchange makes copies of named codes alone, and copy_status names "
		  "none\n" },
		{ "", "each", "each", "",
		  "*: copy: Exchange makes copies of named codes alone, and copy_status names "
		  "none\n" },
		{ "copy_status = \"5.4.8\";", "none", "none", "", "" },
		{ "copy_status = \"5.4.8\"; digest = { at = \"07:00\"; };", "digest", "digest", "",
		  "*: copy: Exchange sends no digest\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep)
		char *text =
			xasprintf("local_domains = \"ours.example\"; %s\n"
				  "postmaster = \"p@ours.example\"; remote_domains = (\n"
				  "{ name = \"D\"; domain = \"*\"; copy = \"%s\"; },\n"
				  "{ name = \"A\"; domain = \"a.example\"; copy = \"%s\"; } );\n",
				  cases[i].keys, cases[i].all, cases[i].a);
		AUTO(policy_unrefp) struct policy *policy = sample_policy(text);
		AUTO(buffer_done) struct buffer out = { 0 };
		AUTO(buffer_done) struct buffer notes = { 0 };

		buffer_add_str(&notes, "");
		exchange_from_policy(policy, &out, &notes);
		*strstr(out.data, "Set-RemoteDomain") = '\0';
		cr_expect_str_eq(out.data, cases[i].out, "case %zu", i);
		cr_expect_str_eq(notes.data, cases[i].notes, "case %zu: %s", i, notes.data);
	}
}

Test(exchange, names_become_names_of_rows)
{
	static const struct {
		const char *name, *row;
	} cases[] = {
		{ "Plain words", "Plain words" },
		{ "  ", "a.example" },
		{ "Default", "a.example" },
		{ "back\\slash", "back_slash" },
		{ "\x1b[2J", "_x1b[2J" },
		{ "ööööööööööööööööööööööööööööööööxx", "öööööööööööööööööööööööööööööööö" },
		{ "xöööööööööööööööööööööööööööööööö", "xööööööööööööööööööööööööööööööö" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *text = xasprintf(HEAD "%s,a.example,True,,\n", cases[i].name);
		AUTO(buffer_done) struct buffer notes = { 0 };
		struct error err = { 0 };
		AUTO(policy_unrefp)
		struct policy *policy = import(span_of(text), "ours.example", &notes, &err);
		AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };

		cr_assert_not_null(policy, "case %zu: %s", i, err.text);
		policy_view(policy, "a.example", false, &view);
		cr_expect_str_eq(view.name, cases[i].row, "case %zu: %s", i, view.name);
	}
}

Test(exchange, names_that_become_the_same_are_told_apart)
{
	static const struct {
		const char *domain, *row;
	} rows[] = {
		{ "a.example", "x_y" },
		{ "b.example", "x_y 2" },
		{ "c.example", "x_y 3" },
		{ "d.example", "öööööööööööööööööööööööööööööööö" },
		{ "e.example", "öööööööööööööööööööööööööööö 2" },
		{ "f.example", "g.example" },
		{ "g.example", "g.example 2" },
	};
	AUTO(buffer_done) struct buffer notes = { 0 };
	struct error err = { 0 };
	AUTO(policy_unrefp)
	struct policy *policy =
		import(SPAN(HEAD "x\\y,a.example,True,,\nx_y,b.example,True,,\n"
				 "\"x\"\"y\",c.example,True,,\n"
				 "ööööööööööööööööööööööööööööööööa,d.example,True,,\n"
				 "ööööööööööööööööööööööööööööööööb,e.example,True,,\n"
				 "g.example,f.example,True,,\n,g.example,True,,\n"),
		       "ours.example", &notes, &err);

	cr_assert_not_null(policy, "%s", err.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };

		policy_view(policy, rows[i].domain, false, &view);
		cr_expect_str_eq(view.name, rows[i].row, "%s: %s", rows[i].domain, view.name);
	}
	cr_expect_not_null(strstr(notes.data, "b.example: Name x_y becomes x_y 2\n"), "%s",
			   notes.data);
}

Test(exchange, a_note_is_one_line_whatever_a_name_has_in_it)
{
	AUTO(buffer_done) struct buffer notes = { 0 };
	struct error err = { 0 };
	AUTO(policy_unrefp)
	struct policy *policy =
		import(SPAN(HEAD "\"a\r\nb\",a.example,True,,\n"), "ours.example", &notes, &err);

	cr_assert_not_null(policy, "%s", err.text);
	cr_expect_not_null(strstr(notes.data, "a.example: Name a\\x0d\\x0ab becomes "), "%s",
			   notes.data);
}

Test(exchange, what_is_neither_is_refused_with_a_reason)
{
	static const struct {
		struct span bytes;
		const char *says;
	} cases[] = {
		{ SPAN(""), "nothing is in it" },
		{ SPAN("#TYPE x\r\n"), "nothing is in it" },
		{ SPAN("Name    DomainName   AllowedOOFType\n----    ----------\nDefault *\n"),
		  "a table shows only some properties" },
		{ SPAN("hello\n"), "DomainName is not there" },
		{ SPAN("a,b,c\n1,2,3\n"), "DomainName is not there" },
		{ SPAN("Name,DomainName\n"), "no remote domain is in it" },
		{ SPAN("Name,DomainName\nA,b,c\n"), "a line has more fields than the first" },
		{ SPAN("Name,DomainName,NDREnabled\nA,b,True\nC,d"),
		  "the last line has fewer fields than the first" },
		{ SPAN("Name,DomainName\nA,b.example\nC,B.example.\n"),
		  "DomainName \"B.example.\": is there twice" },
		{ SPAN("Name,DomainName\nA,*\nC,*\n"), "DomainName \"*\": is there twice" },
		{ SPAN("Name : A\nNDREnabled : True\n"), "has no DomainName" },
		{ SPAN("DomainName : a\nwhat is this\n"), "\"what is this\": \"Name : value\"" },
		{ SPAN("DomainName : a.*\n"), "DomainName \"a.*\": \"*\" can only stand first" },
		{ SPAN("DomainName : a\nNDREnabled : Maybe\n"),
		  "NDREnabled of a: True or False is expected, not \"Maybe\"" },
		{ SPAN("DomainName : a\nAllowedOOFType : All\n"), "AllowedOOFType of a: External" },
		{ SPAN("GenerateCopyOfDSNFor ExternalPostmasterAddress\n----\n{5.4.8} p@a\n"),
		  "a table shows only some properties" },
		{ SPAN("GenerateCopyOfDSNFor : {5.4.8, 5.4.x}\n"),
		  "GenerateCopyOfDSNFor: \"5.4.x\": a status as 5.4.6 is expected" },
		{ SPAN("GenerateCopyOfDSNFor : 5.4.*\n"), "GenerateCopyOfDSNFor: \"5.4.*\"" },
		{ SPAN("DomainName,GenerateCopyOfDSNFor\na,5.4\n"),
		  "GenerateCopyOfDSNFor: \"5.4\"" },
		{ SPAN("GenerateCopyOfDSNFor\nSystem.Collections.ArrayList\n"),
		  "GenerateCopyOfDSNFor: \"System.Collections.ArrayList\"" },
		{ SPAN("GenerateCopyOfDSNFor : {5.4.8, 5.4.6, 5.4.4, 5.2.4...}\n"),
		  "GenerateCopyOfDSNFor: \"5.2.4...\": cut short; set $FormatEnumerationLimit" },
		{ SPAN("GenerateCopyOfDSNFor : {5.4.8, 5.2.4\xE2\x80\xA6}\n"), "cut short" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer notes = { 0 };
		struct error err = { 0 };

		cr_expect_null(import(cases[i].bytes, "ours.example", &notes, &err), "case %zu", i);
		cr_expect_eq(err.class, ERROR_PERM);
		cr_expect_not_null(strstr(err.text, cases[i].says), "case %zu: %s", i, err.text);
	}
}

Test(exchange, what_was_imported_is_exported_as_the_same_switches)
{
	AUTO(buffer_done) struct buffer notes = { 0 };
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(buffer_done) struct buffer left = { 0 };
	struct error err = { 0 };
	AUTO(policy_unrefp)
	struct policy *policy = import(SPAN(CSV), "ours.example", &notes, &err);

	cr_assert_not_null(policy, "%s", err.text);
	exchange_from_policy(policy, &out, &left);
	cr_expect_str_eq(out.data, "Set-RemoteDomain -Identity 'Default' -NDREnabled $false "
				   "-DeliveryReportEnabled $true -AutoReplyEnabled $true "
				   "-AllowedOOFType External -NDRDiagnosticInfoEnabled $true\n"
				   "Set-RemoteDomain -Identity 'Fabrikam, _Inc_' -NDREnabled $true "
				   "-DeliveryReportEnabled $false -AutoReplyEnabled $false "
				   "-AllowedOOFType None -NDRDiagnosticInfoEnabled $false\n");
	cr_expect_eq(left.len, 0, "%s", left.data);
}

Test(exchange, what_exchange_cannot_do_is_said)
{
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(buffer_done) struct buffer notes = { 0 };
	AUTO(policy_unrefp)
	struct policy *policy = sample_policy(
		"local_domains = \"ours.example\"; postmaster = \"p@ours.example\";\n"
		"remote_domains = (\n"
		"{ name = \"O'Neil \xE2\x80\x99s\"; domain = \"a.example\"; receipt = \"send\";\n"
		"  ndr = { proved = \"send\"; }; delay = \"send\"; returned = \"headers\";\n"
		"  copy = \"each\"; } );\n");

	exchange_from_policy(policy, &out, &notes);
	cr_expect_not_null(
		strstr(out.data, "'O''Neil \xE2\x80\x99\xE2\x80\x99s' -NDREnabled $false"), "%s",
		out.data);
	cr_expect_str_eq(notes.data, "a.example: ndr: Exchange cannot tell by proof; off\n"
				     "a.example: delay: Exchange has no switch of its own for it\n"
				     "a.example: receipt: Exchange has no switch for it\n"
				     "a.example: returned: Exchange has no switch for it\n"
				     "a.example: copy: Exchange tells by status, not by domain\n");
}
