/* test_settings.c: ndrq.conf says what it may, and the manual says the same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/settings.h"
#include "tests/unit/base/manual_keys.h"

#define LEAST "store = \"s.db\"; policy = \"p.conf\"; release = { relay = \"127.0.0.1:10044\"; };\n"
#define FIXED                                                                                      \
	"store = \"/s.db\"; policy = \"/p.conf\"; release = { relay = \"127.0.0.1:10044\"; };\n"   \
	"lmtp = { listen = [ \"127.0.0.1:10127\" ]; };\n"
#define INLET "lmtp = { listen = [ \"unix:lmtp\" ]; };\n"

static char folder[] = "/tmp/ndrq-settings-XXXXXX";

static int
read_settings(const char *text, struct settings **settings, struct error *err)
{
	struct span bytes = span_of(text);
	AUTO(freep) char *path = NULL;
	int rc;

	(void)snprintf(folder, sizeof(folder), "/tmp/ndrq-settings-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(file_publish(folder, "ndrq.conf", &bytes, 1, 0600, err), 0, "%s", err->text);
	path = xasprintf("%s/ndrq.conf", folder);
	rc = settings_read(path, settings, err);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(rmdir(folder), 0);
	return rc;
}

Test(settings, the_least_file_gives_all_defaults_and_absolute_paths)
{
	AUTO(settings_freep) struct settings *s = NULL;
	AUTO(freep) char *store = NULL;
	AUTO(freep) char *listen = NULL;
	struct error err = { 0 };

	cr_assert_eq(read_settings(LEAST INLET, &s, &err), 0, "%s", err.text);
	store = xasprintf("%s/s.db", folder);
	listen = xasprintf("unix:%s/lmtp", folder);
	cr_expect_str_eq(s->store, store);
	cr_expect_eq(s->lmtp.listen.len, 1);
	cr_expect_str_eq(s->lmtp.listen.items[0], listen);
	cr_expect_str_eq(s->release.relay, "127.0.0.1:10044");
	cr_expect_gt(strlen(s->hostname), 0);
	cr_expect_eq(s->log, SETTINGS_LOG_SYSLOG);
	cr_expect_eq(s->lmtp.socket_mode, 0666);
	cr_expect_eq(s->lmtp.max_sessions, 2000);
	cr_expect_eq(s->limits.size_bytes, 50 << 20);
	cr_expect_eq(s->limits.threads, 2);
	cr_expect_eq(s->release.retry_max_ms, 3600000);
	cr_expect_eq(s->retention.held_ms, INT64_C(30) * 86400000);
}

Test(settings, directories_are_read_with_their_line)
{
	AUTO(settings_freep) struct settings *s = NULL;
	struct error err = { 0 };

	cr_assert_eq(read_settings(LEAST "directories = (\n"
					 "  { kind = \"maildir\"; path = \"/a\"; },\n"
					 "  { kind = \"maildir\"; path = \"/b\"; } );\n",
				   &s, &err),
		     0, "%s", err.text);
	cr_assert_eq(s->directories_len, 2);
	cr_expect_str_eq(s->directories[1].path, "/b");
	cr_expect_eq(s->directories[1].line, 4);
}

Test(settings, what_is_shown_reads_back_the_same)
{
	AUTO(settings_freep) struct settings *one = NULL;
	AUTO(settings_freep) struct settings *two = NULL;
	AUTO(buffer_done) struct buffer first = { 0 };
	AUTO(buffer_done) struct buffer second = { 0 };
	struct error err = { 0 };

	cr_assert_eq(read_settings(LEAST INLET "hostname = \"mx.example.org\"; directories = "
					       "( { kind = \"maildir\"; path = \"/x \\\"y\"; } );",
				   &one, &err),
		     0, "%s", err.text);
	settings_show(one, &first);
	cr_assert_eq(read_settings(first.data, &two, &err), 0, "%s", err.text);
	settings_show(two, &second);
	cr_expect_str_eq(first.data, second.data);
}

Test(settings, what_is_read_at_the_start_only_is_named_when_it_changes)
{
	static const struct {
		const char *more, *key;
	} cases[] = {
		{ "", NULL },
		{ "limits = { size = \"1M\"; };\n", NULL },
		{ "retention = { held = \"1d\"; };\n", NULL },
		{ "hostname = \"other.example\";\n", "hostname" },
		{ "limits = { threads = 3; };\n", "limits.threads" },
		{ "directories = ( { kind = \"maildir\"; path = \"/m\"; } );\n", "directories" },
	};
	AUTO(settings_freep) struct settings *before = NULL;
	struct error err = { 0 };

	cr_assert_eq(read_settings(FIXED, &before, &err), 0, "%s", err.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *text = xasprintf("%s%s", FIXED, cases[i].more);
		AUTO(settings_freep) struct settings *after = NULL;
		const char *key;

		cr_assert_eq(read_settings(text, &after, &err), 0, "%s", err.text);
		key = settings_changed_at_start(before, after);
		if (cases[i].key == NULL)
			cr_expect_null(key, "%s: %s", cases[i].more, key);
		else
			cr_expect_str_eq(key, cases[i].key);
	}
}

Test(settings, a_relay_elsewhere_is_refused_with_its_line)
{
	static const struct {
		const char *relay;
		bool good;
	} cases[] = {
		{ "127.0.0.1:25", true },
		{ "127.9.8.7:10044", true },
		{ "[::1]:25", true },
		{ "unix:/run/relay", true },
		{ "unix:relay", true },
		{ "192.0.2.1:25", false },
		{ "128.0.0.1:25", false },
		{ "0.0.0.0:25", false },
		{ "[::]:25", false },
		{ "[2001:db8::1]:25", false },
		{ "[::ffff:192.0.2.1]:25", false },
		{ "[::ffff:127.0.0.1]:25", false },
		{ "localhost:25", false },
		{ "mx.example.org:25", false },
		{ "127.0.0.1", false },
		{ "127.0.0.1:0", false },
		{ "127.0.0.1:65536", false },
		{ "127.0.0.1:25x", false },
		{ "127.1:25", false },
		{ "::1:25", false },
		{ "[]:25", false },
		{ "[:25", false },
		{ ":25", false },
		{ "unix:", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(settings_freep) struct settings *s = NULL;
		AUTO(freep)
		char *text = xasprintf("store = \"s\"; policy = \"p\";\n" INLET
				       "release = { relay = \"%s\"; };",
				       cases[i].relay);
		struct error err = { 0 };
		int rc = read_settings(text, &s, &err);

		cr_expect_eq(rc, cases[i].good ? 0 : -1, "%s: %s", cases[i].relay, err.text);
		if (!cases[i].good)
			cr_expect_not_null(strstr(err.text, "ndrq.conf:3: release.relay: "), "%s",
					   err.text);
	}
}

Test(settings, a_directory_may_have_a_way_out_of_its_own)
{
	AUTO(settings_freep) struct settings *s = NULL;
	AUTO(buffer_done) struct buffer shown = { 0 };
	struct error err = { 0 };

	cr_assert_eq(
		read_settings("store = \"s\"; policy = \"p\";"
			      "release = { replay = \"/ex/Replay\"; temporary = \"/ex/t\"; };"
			      "directories = ("
			      "{ kind = \"maildir\"; path = \"/a\";"
			      "  release = { pickup = \"/iis/Pickup/\"; dot_stuff = true; }; },"
			      "{ kind = \"maildir\"; path = \"/b\"; } );",
			      &s, &err),
		0, "%s", err.text);
	cr_expect_str_eq(s->directories[0].route, "pickup /iis/Pickup");
	cr_expect_str_eq(s->directories[0].release.temporary, "/iis/ndrq-tmp");
	cr_expect(s->directories[0].release.dot_stuff);
	cr_expect_null(s->directories[1].route);
	cr_expect_str_eq(s->release.temporary, "/ex/t");
	settings_show(s, &shown);
	cr_expect_not_null(strstr(shown.data, "release = { pickup = \"/iis/Pickup\"; temporary = "
					      "\"/iis/ndrq-tmp\"; dot_stuff = true; }; }"),
			   "%s", shown.data);
}

/* An ndrq.conf, and a part of the sentence that refuses it. */
static const struct {
	const char *text, *says;
} bad_files[] = {
	{ LEAST, "neither lmtp.listen nor directories is set" },
	{ LEAST "directories = ();", "neither lmtp.listen nor directories is set" },
	{ LEAST "lmtp = { listen = [ ]; };", "neither lmtp.listen nor" },
	{ INLET "policy = \"p\"; release = { relay = \"unix:/r\"; };",
	  "ndrq.conf: store: required, and not set" },
	{ INLET "store = \"p\"; release = { relay = \"unix:/r\"; };", "policy: required" },
	{ INLET "store = \"p\"; policy = \"p\";", "release.relay: required" },
	{ INLET "store = \"p\"; policy = \"p\";\nrelease = { relay = \"unix:/r\"; pickup = "
		"\"/p\"; };",
	  "ndrq.conf:3: release: one of relay, pickup and replay is expected, not 2" },
	{ INLET "store = \"p\"; policy = \"p\";\nrelease = { pickup = \"/p/\"; temporary = "
		"\"/p\"; };",
	  "release.temporary: must not be the folder itself" },
	{ LEAST "directories = (\n{ kind = \"maildir\"; path = \"/x\"; release = { }; });",
	  "ndrq.conf:3: release.relay: required" },
	{ INLET "store = \"\";", "ndrq.conf:2: store: a text in quotes" },
	{ LEAST "\nlmtp = { listen = [ \"127.0.0.1:1\", \"mx:25\" ]; };",
	  "ndrq.conf:3: lmtp.listen: \"mx:25\" is neither" },
	{ LEAST "lmtp = { listen = [ \"unix:x\", \"unix:x\" ]; };",
	  "lmtp.listen: the same address twice" },
	{ LEAST "lmtp = { listen = \"unix:/"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; };",
	  "the path of a socket has at most 107 bytes, not 121" },
	{ LEAST "directories = ( { kind = \"mbox\"; path = \"/x\"; } );",
	  "ndrq.conf:2: directories: unknown kind \"mbox\"; there are: \"maildir\", "
	  "\"iis-badmail\", " },
	{ INLET "store = \"p\"; policy = \"p\"; release = { pickup = \"/p\"; };\n"
		"directories = ( { kind = \"pickup\"; path = \"/x\"; } );",
	  "ndrq.conf:3: directories: a row of kind \"pickup\" sends mail, and none" },
	{ LEAST "directories = ( { path = \"/x\"; } );", "a row needs kind and path" },
	{ LEAST "directories = ( { kind = \"maildir\"; } );", "a row needs kind and path" },
	{ LEAST "directories = ( { kind = \"maildir\"; paht = \"/x\"; } );",
	  "paht: unknown key; is \"path\" meant?" },
	{ LEAST "directories = { kind = \"maildir\"; };", "a list of groups is expected" },
	{ LEAST "directories = ( \"/x\" );", "a list of groups is expected" },
	{ LEAST "directories = (\n{ kind = \"maildir\"; path = \"/x\"; },\n"
		"{ kind = \"maildir\"; path = \"/x\"; } );",
	  "ndrq.conf:4: directories: the same path as in line 3" },
	{ INLET "store = \"p\"; policy = \"p\"; release = { pickup = \"/p\"; };\n"
		"directories = ( { kind = \"iis-drop\"; path = \"/p/\"; } );",
	  "ndrq.conf:3: directories: what is released into /p would be taken from" },
	{ LEAST "directories = ( { kind = \"exchange-replay\"; path = \"/p\"; "
		"release = { replay = \"/p\"; }; } );",
	  "directories: what is released into /p would be taken from there again" },
	{ LEAST "directories = (\n{ kind = \"iis-badmail\"; path = \"/x\"; },\n"
		"{ kind = \"exchange-badmail\"; path = \"/x/\"; } );",
	  "ndrq.conf:4: directories: the same path as in line 3" },
	{ LEAST INLET "hostname = \"a b\";", "hostname: this host's name" },
	{ LEAST INLET "log = \"file\";", "log: \"syslog\" or \"stderr\" is expected" },
	{ LEAST INLET "retention = { record = \"1d\"; };", "retention.record: shorter than" },
	{ "store = \"s\"; policy = \"p\"; " INLET
	  "release = { relay = \"unix:/r\"; retry_min = \"2h\"; };",
	  "ndrq.conf:2: release.retry_min: longer than release.retry_max" },
	{ LEAST INLET "limits = { commit_batch = 0; };", "from 1 to 4096 is expected" },
	{ LEAST INLET "limits = { treads = 3; };", "is \"limits.threads\" meant?" },
	{ LEAST INLET "direcories = ();", "is \"directories\" meant?" },
};

Test(settings, what_cannot_work_is_refused_and_says_why)
{
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
		struct settings *s = NULL;
		struct error err = { 0 };

		cr_expect_eq(read_settings(bad_files[i].text, &s, &err), -1, "case %zu", i);
		cr_expect_null(s);
		cr_expect_eq(err.class, ERROR_PERM);
		cr_expect_not_null(strstr(err.text, bad_files[i].says), "case %zu: %s", i,
				   err.text);
	}
}

Test(settings, the_shipped_file_loads)
{
	AUTO(settings_freep) struct settings *s = NULL;
	AUTO(freep) char *path = xasprintf("%s/conf/ndrq.conf", getenv("top_srcdir"));
	struct error err = { 0 };

	cr_assert_eq(settings_read(path, &s, &err), 0, "%s", err.text);
	cr_expect_not_null(strstr(s->policy, "/policy.conf"), "%s", s->policy);
	cr_expect_eq(s->policy[0], '/');
}

/* ---- the manual ------------------------------------------------------------ */

Test(settings, the_manual_has_every_key_with_its_default_and_no_other)
{
	const struct manual_table tables[] = {
		{ settings_items, settings_items_len, NULL, false },
		{ settings_directory_items, settings_directory_items_len, NULL, false },
		{ .items = NULL },
	};

	manual_check_keys("man/ndrq.conf.5", tables, (const char *const[]){ "directories", NULL });
}
