/*
 * authres.h: results of authentication, as header fields say them.
 *
 * Authentication-Results (RFC 8601 2.2), the same with an instance in front
 * (ARC-Authentication-Results, RFC 8617 4.1.1), Received-SPF (RFC 7208 9.1)
 * and the tags of ARC-Seal (RFC 8617 4.1.3). Whether anybody should believe
 * them is for others to say.
 */
#ifndef POLICY_AUTHRES_H
#define POLICY_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#define AUTHRES_RESULTS_MAX    64
#define AUTHRES_PROPERTIES_MAX 256

/* ptype.name=value */
struct authres_property {
	const char *ptype, *name, *value;
};

struct authres_result {
	const char *method, *value; /* "spf", "pass" */
	const char *reason;         /* NULL: none given */
	const struct authres_property *properties;
	size_t properties_len;
};

/*
 * One field. Strings are its own, unquoted; keywords in lower case. Points
 * into itself: not to be copied.
 */
struct authres {
	const char *id;    /* authserv-id; of Received-SPF the receiver; NULL: none given */
	unsigned instance; /* of ARC; else 0 */
	struct authres_result results[AUTHRES_RESULTS_MAX];
	size_t results_len;
	struct authres_property properties[AUTHRES_PROPERTIES_MAX];
	size_t properties_len;
	char *memory;
};

/*
 * Reads an unfolded value. False: it is not what the standard says, or has
 * more than fits; then nothing of it is to be believed, and *ret is empty.
 * Results of a version that is not known are left out (RFC 8601 2.2).
 */
bool authres_read(const char *text, struct authres *ret);
bool authres_read_arc(const char *text, struct authres *ret);
/* As one result of method spf, with what was checked as smtp.mailfrom or smtp.helo. */
bool authres_read_spf(const char *text, struct authres *ret);
void authres_done(struct authres *a);

/* The value of that property; NULL: not there, or there with two values. */
const char *authres_property(const struct authres_result *result, const char *ptype,
			     const char *name);

/* Could it be an authserv-id, as a policy may name it? */
bool authres_is_id(const char *text);

/* Of an ARC-Seal: its instance, and who signed (d=) as *ret_domain, the caller's. */
bool authres_read_seal(const char *text, unsigned *ret_instance, char **ret_domain);

#endif
