/*
 * count.h: "3/1d", so many in that time, inside policy/.
 */
#ifndef POLICY_COUNT_H
#define POLICY_COUNT_H

#include <stdint.h>

#include "base/clock.h"

#define COUNT_MAX       10000
#define COUNT_WINDOW_MS (30 * CLOCK_DAY_MS)

/* What is wrong with it, or NULL. */
const char *count_read(const char *text, int64_t *ret_max, int64_t *ret_window_ms);

#endif
