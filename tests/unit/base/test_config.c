/* test_config.c: whatever is in the file, the caller gets a value or a line to look at. */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/config.h"
#include "base/file.h"

static char folder[] = "/tmp/ndrq-config-XXXXXX";

static void
make_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
}

static void
remove_folder(void)
{
	AUTO(freep) char *command = xasprintf("rm -rf %s", folder);

	cr_assert_eq(system(command), 0);
}

TestSuite(config, .init = make_folder, .fini = remove_folder);

static char *
put(const char *name, struct span bytes)
{
	struct error err = { 0 };

	cr_assert_eq(file_publish(folder, name, &bytes, 1, 0600, &err), 0, "%s", err.text);
	return xasprintf("%s/%s", folder, name);
}

static int
load(struct span bytes, struct config_file **file, struct error *err)
{
	AUTO(freep) char *path = put("t.conf", bytes);

	return config_load(path, file, err);
}

/*
 * libconfig's own function, but for texts that ask for trouble. It runs in
 * the guard's child, so none of this may reach us.
 */
int
config_read_string(config_t *config, const char *text)
{
	int (*real)(config_t *, const char *);

	if (strstr(text, "#exit") != NULL)
		exit(2);
	if (strstr(text, "#abort") != NULL)
		abort();
	if (strstr(text, "#hang") != NULL)
		(void)raise(SIGALRM);
	*(void **)&real = dlsym(RTLD_NEXT, "config_read_string");
	return real(config, text);
}

static pid_t test_pid;
static char exited[64];

static void
leave_mark(void)
{
	if (getpid() != test_pid)
		(void)close(open(exited, O_CREAT | O_WRONLY, 0600));
}

Test(config, a_parser_that_exits_crashes_or_hangs_is_an_error_with_the_file_name)
{
	static const struct {
		struct span text;
		const char *says;
	} cases[] = {
		{ SPAN("#exit\n"), "status 2" },
		{ SPAN("#abort\n"), "signal 6" },
		{ SPAN("#hang\n"), "signal 14" },
	};

	test_pid = getpid();
	(void)snprintf(exited, sizeof(exited), "%s/exited", folder);
	cr_assert_eq(atexit(leave_mark), 0);
	for (size_t i = 0; i < 3; i++) {
		struct config_file *file = NULL;
		struct error err = { 0 };

		cr_assert_eq(load(cases[i].text, &file, &err), -1);
		cr_expect_null(file);
		cr_expect_eq(err.class, ERROR_PERM);
		cr_expect_not_null(strstr(err.text, "t.conf: libconfig cannot read"), "%s",
				   err.text);
		cr_expect_not_null(strstr(err.text, cases[i].says), "%s", err.text);
	}
	cr_assert_neq(access(exited, F_OK), 0, "an exit handler of ours ran in the child");
}

Test(config, a_child_reaped_by_another_still_gives_its_answer)
{
	struct config_file *file = NULL;
	struct error err = { 0 };

	(void)signal(SIGCHLD, SIG_IGN);
	cr_assert_eq(load(SPAN("a = 1;\n"), &file, &err), 0, "%s", err.text);
	config_freep(&file);
	cr_assert_eq(load(SPAN("#abort\n"), &file, &err), -1);
	cr_expect_not_null(strstr(err.text, "t.conf: libconfig cannot read"), "%s", err.text);
	(void)signal(SIGCHLD, SIG_DFL);
}

Test(config, signals_are_as_they_were_afterwards)
{
	struct config_file *file = NULL;
	sigset_t before, after;

	(void)pthread_sigmask(SIG_SETMASK, NULL, &before);
	cr_assert_eq(load(SPAN("a = 1;\n"), &file, NULL), 0);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < 32; i++)
		cr_expect_eq(sigismember(&before, i), sigismember(&after, i));
	config_freep(&file);
}

/* Other threads that allocate all the time, as in the daemon at a reload. */
static atomic_bool stop;

static void *
allocate(void *unused)
{
	while (!atomic_load(&stop))
		free(xmalloc(1000));
	return unused;
}

Test(config, files_are_read_while_other_threads_allocate)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, allocate, NULL), 0);
	for (int i = 0; i < 100; i++) {
		struct config_file *file = NULL;
		struct error err = { 0 };

		cr_assert_eq(load(SPAN("a = { b = [ \"c\", \"d\" ]; };\n"), &file, &err), 0, "%s",
			     err.text);
		config_freep(&file);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
}

#define BAD(text, says)                                                                            \
	{                                                                                          \
		{ text, sizeof(text) - 1 }, says                                                   \
	}
Test(config, a_bad_file_names_its_line)
{
	static const struct {
		struct span text;
		const char *says;
	} cases[] = {
		BAD("a = 1;\nb = ;\n", "t.conf:2: syntax error at or before: b = ;"),
		BAD("a = [ \"x\", ];\n", "t.conf:1: syntax error"),
		BAD("a = 1;\na = 2;\n", "t.conf:2: duplicate setting name"),
		BAD("a = 1;\n\nb = \"never\nclosed;\n",
		    "t.conf:3: a text begins here and its quote is never closed"),
		BAD("a = 1;\n/* never\n", "t.conf:2: a comment begins here and is never closed"),
		BAD("a = 1;\nb\0 = 2;\n", "t.conf:2: a NUL byte"),
		BAD("a = \"x\0y\";\n", "t.conf:1: a NUL byte"),
		BAD("# x\0y\n", "t.conf:1: a NUL byte"),
		BAD("a = 1\0;\n", "t.conf:1: a NUL byte"),
		BAD("a = 2147483648;\n", "t.conf:1: the number 2147483648 is too large"),
		BAD("a = 99999999999999999999L;\n", "t.conf:1: the number 99999999999999999999L"),
		BAD("a = 0xFFFFFFFF;\n", "t.conf:1: the number 0xFFFFFFFF is too large"),
		BAD("\n  @include \"none.conf\"\n", "t.conf:2: @include: "),
		BAD("@include \"sub\"\n", "sub: not a regular file"),
		BAD("@include \"\"\n", "t.conf:1: @include: "),
		BAD("@include \"t.conf\"\n", "t.conf:1: includes are nested too deep"),
		BAD("@include \"never\n", "t.conf:1: a text begins here"),
		BAD("@include x\n", "t.conf:1: syntax error"),
		BAD("a = 1;\n@include \"bad.conf\"\n", "bad.conf:2: syntax error"),
		BAD("a = 1; @include \"bad.conf\"\n", "t.conf:1: syntax error"),
		BAD("a = 1;\n@include \"ok.conf\"\nc = ;\n", "t.conf:3: syntax error"),
		BAD("\xEF\xBB\xBF"
		    "a = 1;\n",
		    "t.conf:1: a byte order mark stands before the text"),
		/* half written, as far as can be known */
		BAD("a = 1;\n# that was", "t.conf:2: the file ends in this comment"),
		BAD("a = 1; // https://that/", "t.conf:1: the file ends in this comment"),
		BAD("#", "t.conf:1: the file ends in this comment"),
		BAD("a = 1;\n@include \"cut.conf\"\n", "cut.conf:1: the file ends in this comment"),
	};
	AUTO(freep) char *sub = xasprintf("%s/sub", folder);

	cr_assert_eq(mkdir(sub, 0700), 0);
	free(put("bad.conf", SPAN("x = 1;\ny = ;\n")));
	free(put("cut.conf", SPAN("# x")));
	free(put("ok.conf", SPAN("x = 1;\ny = 2;")));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_file *file = NULL;
		struct error err = { 0 };

		cr_expect_eq(load(cases[i].text, &file, &err), -1, "case %zu", i);
		cr_expect_eq(err.class, ERROR_PERM, "case %zu", i);
		cr_expect_not_null(strstr(err.text, cases[i].says), "case %zu: %s", i, err.text);
		config_freep(&file);
	}
}

Test(config, deep_nesting_is_an_error_or_a_tree_and_nothing_else)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	struct config_file *file = NULL;
	struct error err = { 0 };

	buffer_add_str(&text, "a = ");
	for (int i = 0; i < 200000; i++)
		buffer_add_char(&text, '(');
	cr_assert_eq(load(buffer_span(&text), &file, &err), -1);
	cr_expect_not_null(strstr(err.text, "t.conf"), "%s", err.text);
}

Test(config, a_file_that_is_not_there_is_a_temporary_refusal_and_a_folder_a_permanent_one)
{
	struct config_file *file = NULL;
	struct error err = { 0 };

	cr_assert_eq(config_load("/nonexistent/x.conf", &file, &err), -1);
	cr_expect_eq(err.class, ERROR_TEMP);
	cr_assert_eq(config_load(folder, &file, &err), -1);
	cr_expect_eq(err.class, ERROR_PERM);
}

Test(config, included_lines_keep_their_own_file_and_number)
{
	AUTO(freep) char *empty = put("empty.conf", SPAN(""));
	AUTO(config_freep) struct config_file *file = NULL;
	AUTO(freep)
	char *absolute =
		xasprintf("a = 1; // @include \"none\"\n/*\n@include \"none\"\n*/\n"
			  "\t@include \"middle.conf\"\nb = \"\n@include \\\"none\\\"\n\";\n"
			  "@include \"%s\"\nc = 0x10L;",
			  empty);
	static const struct {
		const char *key, *name;
		int line;
	} cases[] = {
		{ "a", "t.conf", 1 },      { "m", "middle.conf", 1 }, { "x", "inner.conf", 2 },
		{ "n", "middle.conf", 3 }, { "b", "t.conf", 6 },      { "c", "t.conf", 10 },
	};
	struct error err = { 0 };

	free(put("inner.conf", SPAN("# one\nx = 1;")));
	free(put("middle.conf", SPAN("m = 1;\r\n@include \"inner.conf\"\r\nn = 2;\r\n")));
	cr_assert_eq(load(span_of(absolute), &file, &err), 0, "%s", err.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const config_setting_t *at = config_find(file, cases[i].key);
		const char *path;
		int line;

		cr_assert_not_null(at, "%s", cases[i].key);
		path = config_where(file, at, &line);
		cr_expect_str_eq(strrchr(path, '/') + 1, cases[i].name, "%s", cases[i].key);
		cr_expect_eq(line, cases[i].line, "%s: %d", cases[i].key, line);
	}
	cr_expect_not_null(strstr(config_text(file).data, "# one\nx = 1;\n"));
}

Test(config, an_empty_file_is_a_file)
{
	AUTO(config_freep) struct config_file *file = NULL;
	struct error err = { 0 };

	cr_assert_eq(load(SPAN(""), &file, &err), 0, "%s", err.text);
	cr_assert_eq(config_setting_length(config_top(file)), 0);
}

/* ---- tables ---------------------------------------------------------------- */

struct sample {
	int64_t number, size, span, mode;
	bool flag;
	char *text;
	int choice, silent, tint, light;
	struct config_list list;
};

static const char *const colours[] = { "red", "green", "blue", NULL };
#define AT(member) offsetof(struct sample, member)
static const struct config_item items[] = {
	{ "text", CONFIG_TEXT, AT(text), NULL, 1, 8, NULL, "a word" },
	{ "flag", CONFIG_BOOL, AT(flag), "true", 0, 0, NULL, "a flag" },
	{ "list", CONFIG_LIST, AT(list), NULL, 0, 0, NULL, "words" },
	{ "group.number", CONFIG_INT, AT(number), "7", 1, 100, NULL, "how many" },
	{ "group.size", CONFIG_BYTES, AT(size), "50M", 0, INT64_C(1) << 40, NULL, "how large" },
	{ "group.span", CONFIG_SPAN, AT(span), "90m", 0, 86400000, NULL, "how long" },
	{ "paint.mode", CONFIG_MODE, AT(mode), "0666", 0, 0777, NULL, "for whom" },
	{ "paint.colour", CONFIG_CHOICE, AT(choice), "green", 0, 0, colours, "which" },
	{ "paint.silent", CONFIG_CHOICE, AT(silent), NULL, 0, 0, colours, "perhaps" },
	{ "tint", CONFIG_CHOICE, AT(tint), NULL, 0, 0, colours, "a tint" },
	{ "tint.light", CONFIG_CHOICE, AT(light), NULL, 0, 0, colours, "how light" },
};
#define ITEMS items, sizeof(items) / sizeof(items[0])

static int
fill(const char *text, struct sample *sample, struct error *err)
{
	static const char *const others[] = { "rows", NULL };
	AUTO(config_freep) struct config_file *file = NULL;

	*sample = (struct sample){ 0 };
	config_defaults(ITEMS, sample);
	cr_assert_eq(load(span_of(text), &file, err), 0, "%s", err->text);
	return config_fill(file, NULL, ITEMS, others, sample, err);
}

Test(config, an_empty_file_gives_the_fallbacks)
{
	struct sample s;
	struct error err = { 0 };

	cr_assert_eq(fill("rows = ();", &s, &err), 0, "%s", err.text);
	cr_expect_null(s.text);
	cr_expect(s.flag);
	cr_expect_eq(s.list.len, 0);
	cr_expect_eq(s.number, 7);
	cr_expect_eq(s.size, 50 << 20);
	cr_expect_eq(s.span, 90 * 60000);
	cr_expect_eq(s.mode, 0666);
	cr_expect_eq(s.choice, 1);
	cr_expect_eq(s.silent, -1);
	config_free_items(ITEMS, &s);
}

Test(config, what_is_shown_reads_back_the_same)
{
	AUTO(buffer_done) struct buffer shown = { 0 };
	AUTO(buffer_done) struct buffer again = { 0 };
	struct sample s;
	struct error err = { 0 };

	cr_assert_eq(fill("text = \"q\\\"\\\\\\n\"; flag = false; list = ( \"a\", \"b\" );"
			  "group = { number = 100; size = 1536; span = 0; };"
			  "paint = { mode = \"0600\"; colour = \"blue\"; };",
			  &s, &err),
		     0, "%s", err.text);
	config_show(ITEMS, &s, true, &shown);
	config_free_items(ITEMS, &s);
	cr_expect_str_eq(shown.data, "text = \"q\\\"\\\\\\x0a\"; # a word\n"
				     "flag = false; # a flag\n"
				     "list = [ \"a\", \"b\" ]; # words\n"
				     "group = {\n\tnumber = 100; # how many\n"
				     "\tsize = \"1536\"; # how large\n"
				     "\tspan = \"0\"; # how long\n};\n"
				     "paint = {\n\tmode = \"0600\"; # for whom\n"
				     "\tcolour = \"blue\"; # which\n};\n");
	cr_assert_eq(fill(shown.data, &s, &err), 0, "%s", err.text);
	config_show(ITEMS, &s, true, &again);
	config_free_items(ITEMS, &s);
	cr_expect_str_eq(shown.data, again.data);
}

Test(config, a_list_may_be_one_text_and_the_later_words_replace_the_fallback)
{
	struct sample s;
	struct error err = { 0 };

	cr_assert_eq(fill("list = \"one\"; group = { size = \"2G\"; span = \"1d\"; }", &s, &err), 0,
		     "%s", err.text);
	cr_expect_eq(s.list.len, 1);
	cr_expect_str_eq(s.list.items[0], "one");
	cr_expect_eq(s.size, INT64_C(2) << 30);
	cr_expect_eq(s.span, 86400000);
	config_free_items(ITEMS, &s);
}

Test(config, a_key_may_be_one_value_or_a_group)
{
	static const struct {
		const char *text;
		int tint, light;
	} cases[] = {
		{ "", -1, -1 },
		{ "tint = \"red\";", 0, -1 },
		{ "tint = { light = \"blue\"; };", -1, 2 },
		{ "tint = { };", -1, -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample s;
		struct error err = { 0 };

		cr_assert_eq(fill(cases[i].text, &s, &err), 0, "%s", err.text);
		cr_expect_eq(s.tint, cases[i].tint, "%s", cases[i].text);
		cr_expect_eq(s.light, cases[i].light, "%s", cases[i].text);
		config_free_items(ITEMS, &s);
	}
}

Test(config, a_bad_value_says_what_was_expected_and_an_unknown_key_what_is_near)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "\ngroup = { number = 0; }",
		  "t.conf:2: group.number: a whole number from 1 to 100 is expected, not 0" },
		{ "group = { number = \"5\"; }", "from 1 to 100 is expected, not \"5\"" },
		{ "group = { number = 1.5; }", "is expected, not 1.5" },
		{ "group = { size = \"2T\"; }", "a size such as \"50M\" from 0 to 1T is expected" },
		{ "group = { size = \"9999999999T\"; }", "a size such as" },
		{ "group = { size = \"5 M\"; }", "not \"5 M\"" },
		{ "group = { size = -1; }", "not -1" },
		{ "group = { span = 30; }", "a time with its unit such as" },
		{ "group = { span = \"2d\"; }", "from 0 to 1d is expected, not \"2d\"" },
		{ "group = 5;", "group: a group is expected: group = { … };" },
		{ "text = 5;", "a text in quotes of 1 to 8 bytes is expected, not 5" },
		{ "text = \"\";", "is expected, not \"\"" },
		{ "text = \"123456789\";", "1 to 8 bytes" },
		{ "text = { };", "not a group" },
		{ "text = \"\x1b[2J too long\";", "not \"\\x1b[2J too long\"" },
		{ "flag = 1;", "flag: true or false is expected, not 1" },
		{ "list = [ 1, 2 ];", "a list of texts" },
		{ "list = true;", "is expected, not true" },
		{ "paint = { colour = \"pink\"; }",
		  "paint.colour: \"red\", \"green\" or \"blue\" is expected, not \"pink\"" },
		{ "paint = { mode = 666; }", "octal mode" },
		{ "paint = { mode = \"0888\"; }", "octal mode" },
		{ "tint = true;", "tint: \"red\", \"green\" or \"blue\" is expected, not true" },
		{ "tint = { light = 1; };", "tint.light: \"red\", \"green\" or \"blue\" is" },
		{ "tint = { lihgt = \"red\"; };", "is \"tint.light\" meant?" },
		{ "txet = \"x\";", "t.conf:1: txet: unknown key; is \"text\" meant?" },
		{ "row = ();", "is \"rows\" meant?" },
		{ "gruop = { number = 1; };", "is \"group\" meant?" },
		{ "group = { nubmer = 1; };", "group.nubmer: unknown key; is \"group.number\"" },
		{ "number = 5;", "is \"group.number\" meant?" },
		{ "zzzzzzzz = 5;", "zzzzzzzz: unknown key" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample s;
		struct error err = { 0 };

		cr_expect_eq(fill(cases[i].text, &s, &err), -1, "case %zu", i);
		cr_expect_eq(err.class, ERROR_PERM);
		cr_expect_not_null(strstr(err.text, cases[i].says), "case %zu: %s", i, err.text);
		config_free_items(ITEMS, &s);
	}
}
