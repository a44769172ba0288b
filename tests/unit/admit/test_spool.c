/* test_spool.c: every byte that is kept is the byte that came, in memory or in a file. */
#include "admit/spool.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/unit/admit/fixture.h"

enum { KB = 1024, MB = 1024 * KB };

static const char nowhere[] = "/nonexistent/folder";

static void
free_span(struct span *s)
{
	free((char *)s->data);
}

/* len bytes that differ along the way. */
static struct span
pattern(size_t len)
{
	char *data = xmalloc(len > 0 ? len : 1);

	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 31 + i / 251);
	return (struct span){ data, len };
}

/* Adds bytes in pieces; the last may be shorter. */
static int
add_pieces(struct spool *spool, struct span bytes, size_t piece, struct error *err)
{
	for (size_t at = 0; at < bytes.len; at += piece) {
		size_t len = bytes.len - at < piece ? bytes.len - at : piece;

		if (spool_add(spool, (struct span){ bytes.data + at, len }, err) < 0)
			return -1;
	}
	return 0;
}

static void
assert_sha256(const struct spool *spool, const char *hex)
{
	char have[2 * SPOOL_SHA256_BYTES + 1];

	hex_encode(spool_sha256(spool), SPOOL_SHA256_BYTES, have);
	cr_assert_str_eq(have, hex);
}

Test(spool, the_sha256_is_that_of_the_known_vectors)
{
	/* FIPS 180-4, and a million times "a" */
	static const struct {
		const char *text;
		int times;
		const char *hex;
	} cases[] = {
		{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "aaaaaaaaaa", 100000,
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	};
	AUTO(folder_removep) char *folder = folder_make();
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(spool_freep) struct spool *spool = spool_new(folder, 10 * MB);

		for (int n = 0; n < cases[i].times; n++)
			cr_assert_eq(spool_add(spool, span_of(cases[i].text), &err), 0);
		cr_assert_eq(spool_finish(spool, &err), 0);
		assert_sha256(spool, cases[i].hex);
		cr_assert_eq(spool_size(spool), (int64_t)strlen(cases[i].text) * cases[i].times);
	}
}

Test(spool, bytes_come_out_as_they_went_in_however_they_were_cut)
{
	static const size_t sizes[] = { 0, 1, 64 * KB - 1, 64 * KB, 64 * KB + 1, 200 * KB + 3 };
	static const size_t pieces[] = { 1, 7, 4096, 64 * KB, 65537, 1 * MB };
	AUTO(folder_removep) char *folder = folder_make();
	struct error err = { 0 };

	for (size_t s = 0; s < COUNT(sizes); s++) {
		AUTO(free_span) struct span bytes = pattern(sizes[s]);

		for (size_t p = 0; p < COUNT(pieces); p++) {
			AUTO(spool_freep) struct spool *spool = spool_new(folder, 10 * MB);

			cr_assert_eq(add_pieces(spool, bytes, pieces[p], &err), 0, "%s", err.text);
			cr_assert_eq(spool_finish(spool, &err), 0, "%s", err.text);
			cr_assert(span_equal(spool_bytes(spool), bytes),
				  "size %zu in pieces of %zu", sizes[s], pieces[p]);
			cr_assert_eq(spool_size(spool), (int64_t)sizes[s]);
			cr_assert_not(spool_truncated(spool));
		}
	}
}

Test(spool, a_small_message_needs_no_disk)
{
	AUTO(spool_freep) struct spool *spool = spool_new(nowhere, 10 * MB);
	AUTO(free_span) struct span bytes = pattern(64 * KB);
	struct error err = { 0 };

	cr_assert_eq(add_pieces(spool, bytes, 1000, &err), 0);
	cr_assert_eq(spool_finish(spool, &err), 0);
	cr_assert(span_equal(spool_bytes(spool), bytes));
}

Test(spool, a_large_message_leaves_no_name_in_the_folder)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(spool_freep) struct spool *spool = spool_new(folder, 10 * MB);
	AUTO(free_span) struct span bytes = pattern(1 * MB);
	struct error err = { 0 };

	cr_assert_eq(add_pieces(spool, bytes, 64 * KB, &err), 0);
	cr_assert_eq(folder_count(folder), 0);
	cr_assert_eq(spool_finish(spool, &err), 0);
	cr_assert_eq(folder_count(folder), 0);
	cr_assert(span_equal(spool_bytes(spool), bytes));
}

/* Once the memory of all spools is used up, even a small message goes to its file. */
Test(spool, beyond_the_memory_of_all_spools_small_messages_go_to_files)
{
	enum { SPOOLS = 64 * MB / (64 * KB) };
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(free_span) struct span full = pattern(64 * KB);
	struct spool **spools = xcalloc(SPOOLS, sizeof(*spools));
	AUTO(spool_freep) struct spool *refused = spool_new(nowhere, 10 * MB);
	AUTO(spool_freep) struct spool *filed = spool_new(folder, 10 * MB);
	AUTO(spool_freep) struct spool *later = spool_new(nowhere, 10 * MB);
	struct error err = { 0 };

	for (int i = 0; i < SPOOLS; i++) {
		spools[i] = spool_new(nowhere, 10 * MB);
		cr_assert_eq(spool_add(spools[i], full, &err), 0, "%d: %s", i, err.text);
	}
	cr_assert_eq(spool_add(refused, SPAN("x"), &err), -1, "there is no file to go to");
	cr_assert_eq(err.class, ERROR_TEMP);
	cr_assert_eq(spool_add(filed, SPAN("small"), &err), 0, "%s", err.text);
	cr_assert_eq(spool_finish(filed, &err), 0);
	cr_assert(span_equal(spool_bytes(filed), SPAN("small")));
	for (int i = 0; i < SPOOLS; i++)
		spool_freep(&spools[i]);
	free(spools);
	cr_assert_eq(spool_add(later, SPAN("x"), &err), 0, "memory was given back");
}

Test(spool, a_message_of_just_the_limit_is_whole_and_one_byte_more_is_truncated)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(free_span) struct span bytes = pattern(3 * MB + 1);
	struct error err = { 0 };

	for (size_t over = 0; over < 2; over++) {
		AUTO(spool_freep) struct spool *spool = spool_new(folder, 3 * MB);
		const struct span in = { bytes.data, 3 * MB + over };

		cr_assert_eq(add_pieces(spool, in, 50000, &err), 0);
		cr_assert_eq(spool_finish(spool, &err), 0);
		cr_assert_eq(spool_truncated(spool), over > 0);
		cr_assert_eq(spool_size(spool), (int64_t)in.len, "size is what came");
		cr_assert(span_equal(
			spool_bytes(spool),
			(struct span){ bytes.data, over > 0 ? SPOOL_TRUNCATED_BYTES : in.len }));
	}
}

Test(spool, the_sha256_of_a_truncated_message_is_of_all_bytes)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(spool_freep) struct spool *spool = spool_new(folder, 100 * KB);
	struct error err = { 0 };

	for (int i = 0; i < 100000; i++)
		cr_assert_eq(spool_add(spool, SPAN("aaaaaaaaaa"), &err), 0);
	cr_assert_eq(spool_finish(spool, &err), 0);
	cr_assert(spool_truncated(spool));
	cr_assert_eq(spool_size(spool), 1000000);
	assert_sha256(spool, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* However it is cut: limits.size may be as small as 1 KB, and LMTP brings 64 KB at once. */
Test(spool, of_a_truncated_message_the_beginning_is_kept_up_to_the_limit)
{
	static const size_t pieces[] = { 100, 1000, 64 * KB };
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(free_span) struct span bytes = pattern(64 * KB);
	struct error err = { 0 };

	for (size_t p = 0; p < COUNT(pieces); p++) {
		AUTO(spool_freep) struct spool *spool = spool_new(folder, 10000);

		cr_assert_eq(add_pieces(spool, bytes, pieces[p], &err), 0);
		cr_assert_eq(spool_finish(spool, &err), 0);
		cr_assert(spool_truncated(spool));
		cr_assert(span_equal(spool_bytes(spool), (struct span){ bytes.data, 10000 }),
			  "in pieces of %zu only %zu bytes are kept", pieces[p],
			  spool_bytes(spool).len);
	}
}

/* ---- a disk that refuses -------------------------------------------------- */

static void
assert_refused(const char *folder, size_t len)
{
	AUTO(spool_freep) struct spool *spool = spool_new(folder, 100 * MB);
	AUTO(free_span) struct span bytes = pattern(len);
	struct error err = { 0 };

	cr_assert_eq(add_pieces(spool, bytes, 64 * KB, &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
	cr_assert_neq(err.text[0], '\0');
	err = (struct error){ 0 };
	cr_assert_eq(spool_add(spool, SPAN("x"), &err), -1, "it stays refused");
	cr_assert_eq(err.class, ERROR_TEMP);
	cr_assert_eq(spool_finish(spool, &err), -1, "it is never finished");
	cr_assert_eq(err.class, ERROR_TEMP);
}

Test(spool, a_folder_that_is_not_there_is_a_temporary_refusal)
{
	assert_refused(nowhere, 65 * KB);
}

Test(spool, a_full_disk_is_a_temporary_refusal)
{
	AUTO(folder_removep) char *folder = folder_make();

	if (mount("none", folder, "tmpfs", 0, "size=512k") < 0)
		cr_skip_test("may not mount a small disk here");
	assert_refused(folder, 2 * MB);
	cr_assert_eq(umount(folder), 0);
}

Test(spool, a_limit_on_the_size_of_files_is_a_temporary_refusal)
{
	AUTO(folder_removep) char *folder = folder_make();
	const struct rlimit limit = { 256 * KB, RLIM_INFINITY };

	(void)signal(SIGXFSZ, SIG_IGN); /* as ndrqd does */
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_refused(folder, 2 * MB);
}

Test(spool, no_spool_can_be_freed_and_an_unfinished_one_too)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct spool *spool = NULL;
	AUTO(free_span) struct span bytes = pattern(100 * KB);
	struct error err = { 0 };

	spool_freep(&spool);
	spool = spool_new(folder, 1 * MB);
	cr_assert_eq(spool_add(spool, bytes, &err), 0);
	spool_freep(&spool);
	cr_assert_null(spool);
}
