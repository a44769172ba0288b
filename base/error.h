/*
 * error.h: a refusal, and why.
 *
 * A bug is an assert. A "no" is a return value (1 found, 0 none, -1 failed).
 * A refusal returns -1 and fills a struct error: the class alone decides
 * whether a mail server is told to try again; the text is one sentence that
 * names its object, without a full stop, fit for a log line or a terminal
 * after escaping.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_class {
	ERROR_NONE = 0,
	ERROR_TEMP, /* trying again may help: 4yz */
	ERROR_PERM, /* it never will: a bad file, an impossible request */
};

struct error {
	enum error_class class;
	char text[512];
};

/* Both return -1, so that a caller can `return error_set(…)`; err may be NULL. */
int error_set(struct error *err, enum error_class class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set with ERROR_TEMP, then ": " and strerror(errno). */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts a prefix before the text that is there; keeps the class. Returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
