/*
 * error.c: filling a struct error.
 *
 * Promises never to fail and never to allocate; a text that is too long is
 * cut. errno is left as it was.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
error_set(struct error *err, enum error_class class, const char *format, ...)
{
	int saved = errno;
	va_list ap;

	if (err == NULL)
		return -1;
	err->class = class;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	errno = saved;
	return -1;
}

int
error_errno(struct error *err, const char *format, ...)
{
	int saved = errno;
	va_list ap;
	size_t used;

	if (err == NULL)
		return -1;
	err->class = ERROR_TEMP;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	used = strlen(err->text);
	(void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int
error_prefix(struct error *err, const char *format, ...)
{
	struct error old;
	va_list ap;
	size_t used;

	if (err == NULL)
		return -1;
	old = *err;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	used = strlen(err->text);
	(void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", old.text);
	return -1;
}
