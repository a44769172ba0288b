/*
 * cleanup.h: owners that tidy up when they leave their block.
 *
 *	AUTO(buffer_done) struct buffer text = { 0 };   runs buffer_done(&text)
 *	*ret_body = TAKE(plain);                        gives away, leaves NULL
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(f) __attribute__((cleanup(f)))

#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

/* For char * and other plain malloc'ed things: AUTO(freep) char *s = NULL; */
static inline void
freep(void *p)
{
	free(*(void **)p);
}

/* For file descriptors, −1 when there is none: AUTO(closep) int fd = -1; */
static inline void
closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#endif
