/*
 * facts_cpu.c: CPU a message, our reading against GMime's own parse of the
 * same bytes in the same run.
 *
 *	facts_cpu [ROUNDS] < list-of-files
 *
 * Prints one line: files, bytes, microseconds of each a message, ratio. The
 * two take turns, round by round, and the median of the rounds counts.
 */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/file.h"
#include "facts/facts.h"

struct sample {
	struct buffer *messages;
	size_t len, size, bytes;
};

static double
cpu_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
time_gmime(const struct sample *s)
{
	double before = cpu_now();

	for (size_t i = 0; i < s->len; i++) {
		GMimeStream *stream =
			g_mime_stream_mem_new_with_buffer(s->messages[i].data, s->messages[i].len);
		GMimeParser *parser = g_mime_parser_new_with_stream(stream);
		GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

		if (message != NULL)
			g_object_unref(message);
		g_object_unref(parser);
		g_object_unref(stream);
	}
	return (cpu_now() - before) / (double)s->len;
}

static double
time_facts(const struct sample *s)
{
	const struct facts_envelope null_sender = { .sender = "" };
	double before = cpu_now();

	for (size_t i = 0; i < s->len; i++) {
		struct facts *f = facts_from_message(buffer_span(&s->messages[i]), &null_sender);

		facts_freep(&f);
	}
	return (cpu_now() - before) / (double)s->len;
}

static void
read_samples(struct sample *s)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct error err = { 0 };

		line[strcspn(line, "\n")] = '\0';
		s->messages = array_grow(s->messages, &s->size, s->len, sizeof(*s->messages));
		s->messages[s->len] = (struct buffer){ 0 };
		if (file_read(line, (size_t)1 << 30, &s->messages[s->len], &err) < 0) {
			(void)fprintf(stderr, "facts_cpu: %s\n", err.text);
			continue;
		}
		s->bytes += s->messages[s->len++].len;
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define ROUNDS_MOST 100

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 11;
	double gmime[ROUNDS_MOST], facts[ROUNDS_MOST];
	struct sample s = { 0 };

	if (rounds < 1 || rounds > ROUNDS_MOST)
		return 64;
	facts_init();
	g_mime_init();
	read_samples(&s);
	if (s.len == 0)
		return 65;
	for (int i = 0; i < rounds; i++) {
		gmime[i] = time_gmime(&s);
		facts[i] = time_facts(&s);
	}
	qsort(gmime, (size_t)rounds, sizeof(double), compare);
	qsort(facts, (size_t)rounds, sizeof(double), compare);
	(void)printf("messages=%zu bytes=%zu rounds=%d gmime_us=%.1f facts_us=%.1f ratio=%.2f\n",
		     s.len, s.bytes, rounds, gmime[rounds / 2], facts[rounds / 2],
		     facts[rounds / 2] / gmime[rounds / 2]);
	for (size_t i = 0; i < s.len; i++)
		buffer_done(&s.messages[i]);
	free(s.messages);
	return 0;
}
