/*
 * cutoff.c: a histogram of ages.
 *
 * Class n below 64 is n seconds; above, each doubling of the age has 64. What
 * came or went between the two passes makes the result less exact and nothing
 * worse: a younger class is never touched while an older one is spared.
 */
#include "review/cutoff.h"

#include "base/clock.h"

static size_t
class_of(int64_t age_ms)
{
	uint64_t age = age_ms <= 0 ? 0 : (uint64_t)(age_ms / CLOCK_SECOND_MS);
	unsigned shift;
	size_t class;

	if (age < 64)
		return (size_t)age;
	shift = 57 - (unsigned)__builtin_clzll(age); /* leaves seven bits, the first of them 1 */
	class = 64 + (size_t)shift * 64 + (size_t)((age >> shift) - 64);
	return class < CUTOFF_CLASSES ? class : CUTOFF_CLASSES - 1;
}

void
cutoff_add(struct cutoff *cutoff, int64_t age_ms, int64_t bytes)
{
	cutoff->bytes[class_of(age_ms)] += bytes;
}

void
cutoff_decide(struct cutoff *cutoff, int64_t bytes)
{
	cutoff->edge = CUTOFF_CLASSES;
	cutoff->edge_bytes = 0;
	while (bytes > 0 && cutoff->edge > 0) {
		cutoff->edge_bytes = bytes;
		bytes -= cutoff->bytes[--cutoff->edge];
	}
}

bool
cutoff_takes(struct cutoff *cutoff, int64_t age_ms, int64_t bytes)
{
	size_t class = class_of(age_ms);

	if (class != cutoff->edge)
		return class > cutoff->edge;
	if (cutoff->edge_bytes <= 0)
		return false;
	cutoff->edge_bytes -= bytes;
	return true;
}
