/*
 * facts_shapes.c: what messages made to hurt cost.
 *
 *	facts_shapes [MEGABYTES]
 *
 * One line a shape: CPU for half the size, for the size, their ratio. Exit
 * status 1 when doubling costs more than 2.3 times, or the size (50 MB) more
 * than a second. Times below 5 ms are noise and not compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "facts/facts.h"
#include "tests/unit/facts/shapes.h"

#define RATIO_MOST   2.3
#define SECONDS_MOST 1.0
#define NOISE        0.005

static double
cpu_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The least of three. */
static double
cost(void (*make)(struct buffer *out, size_t size), size_t size)
{
	struct buffer message = { 0 };
	double least = 1e9;

	make(&message, size);
	for (int i = 0; i < 3; i++) {
		double before = cpu_now(), took;
		struct facts *f = facts_from_message(buffer_span(&message), NULL);

		facts_freep(&f);
		took = cpu_now() - before;
		if (took < least)
			least = took;
	}
	buffer_done(&message);
	return least;
}

int
main(int argc, char **argv)
{
	size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 50) << 20;
	int status = 0;

	facts_init();
	for (size_t i = 0; i < SHAPES_LEN; i++) {
		double half = cost(shapes[i].make, size / 2), whole = cost(shapes[i].make, size);
		bool bad = whole > SECONDS_MOST ||
			   (whole > NOISE && half > NOISE / 2 && whole / half > RATIO_MOST);

		(void)printf("%-20s half=%.4fs whole=%.4fs ratio=%.2f%s\n", shapes[i].name, half,
			     whole, whole / half, bad ? "  TOO MUCH" : "");
		if (bad)
			status = 1;
	}
	return status;
}
