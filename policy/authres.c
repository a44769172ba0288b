/*
 * authres.c: reading results of authentication, strictly.
 *
 * Half of such a field is what a stranger said: his addresses, his domains,
 * his greeting. A verifier that forgets to quote lets him write on; so
 * whatever is not exactly of the grammar makes the whole field worth nothing.
 * Three liberties are taken, for verifiers do: a value without quotes may
 * hold all that an address can; it may stand in <>; a semicolon may be one
 * too many.
 *
 * An authres owns one block of memory in which all its strings are; no string
 * is longer than where it came from. Linear; limits are in the header.
 */
#include "policy/authres.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/cleanup.h"

/* Where reading is, and where the next string goes. */
struct reader {
	const char *at;
	char *to;
	struct authres *a;
	bool broken; /* a comment does not end */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_keyword(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* atext (RFC 5322 3.2.3), and what domains and IP addresses have. */
static bool
is_bare(char c)
{
	return is_keyword(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("!#$%&'*+/=?^`{|}~.@:[]", c) != NULL);
}

/* RFC 5322 3.2.2: a comment may have comments in it. */
static void
skip_comment(struct reader *r)
{
	int depth = 0;

	do {
		if (*r->at == '\\' && r->at[1] != '\0')
			r->at++;
		else if (*r->at == '(')
			depth++;
		else if (*r->at == ')')
			depth--;
		r->broken = *r->at == '\0';
		r->at += !r->broken;
	} while (depth > 0 && !r->broken);
}

/* [CFWS] */
static void
skip(struct reader *r)
{
	while (is_blank(*r->at) || *r->at == '(') {
		if (is_blank(*r->at))
			r->at++;
		else
			skip_comment(r);
	}
}

/* The character comes next, with [CFWS] on both sides. */
static bool
take(struct reader *r, char c)
{
	skip(r);
	if (*r->at != c)
		return false;
	r->at++;
	skip(r);
	return true;
}

/* Whatever passes the test, in lower case; NULL: nothing does. */
static const char *
read_word(struct reader *r, bool (*is_part)(char c))
{
	const char *word = r->to;

	while (is_part(*r->at))
		*r->to++ = (char)tolower((unsigned char)*r->at++);
	if (r->to == word)
		return NULL;
	*r->to++ = '\0';
	return word;
}

static bool
read_quoted(struct reader *r)
{
	for (r->at++; *r->at != '"'; r->at++) {
		if (*r->at == '\\')
			r->at++;
		if (*r->at == '\0')
			return false;
		*r->to++ = *r->at;
	}
	r->at++;
	return true;
}

/*
 * value, or an address: "quoted string", bare, "quoted"@bare, <any of these>;
 * may be empty. NULL: it is none, or something stands right behind it.
 */
static const char *
read_value(struct reader *r)
{
	const char *value = r->to;
	bool angle = *r->at == '<';

	r->at += angle;
	if (*r->at == '"') {
		if (!read_quoted(r) || (is_bare(*r->at) && *r->at != '@'))
			return NULL;
	}
	while (is_bare(*r->at))
		*r->to++ = *r->at++;
	if (angle && *r->at++ != '>')
		return NULL;
	if (*r->at != '\0' && *r->at != ';' && *r->at != '(' && !is_blank(*r->at))
		return NULL;
	*r->to++ = '\0';
	return value;
}

static bool
add_property(struct authres *a, struct authres_result *result, const char *ptype, const char *name,
	     const char *value)
{
	if (a->properties_len == AUTHRES_PROPERTIES_MAX)
		return false;
	if (result->properties_len == 0)
		result->properties = &a->properties[a->properties_len];
	a->properties[a->properties_len++] = (struct authres_property){ ptype, name, value };
	result->properties_len++;
	return true;
}

/* "reason = value" or "ptype.property = value", whose first word was read. */
static bool
read_property(struct reader *r, struct authres_result *result, const char *word)
{
	const char *name = NULL, *value;

	skip(r);
	if (strcmp(word, "reason") != 0 || *r->at != '=') {
		if (!take(r, '.') || (name = read_word(r, is_keyword)) == NULL)
			return false;
	} else if (result->reason != NULL) {
		return false;
	}
	if (!take(r, '=') || (value = read_value(r)) == NULL)
		return false;
	if (name != NULL)
		return add_property(r->a, result, word, name, value);
	result->reason = value;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "/" method-version. False: not well formed. */
static bool
read_method_version(struct reader *r, bool *ret_known)
{
	const char *version;

	*ret_known = true;
	if (!take(r, '/'))
		return true;
	if ((version = read_word(r, is_digit)) == NULL)
		return false;
	*ret_known = strcmp(version, "1") == 0;
	return true;
}

/* method [ "/" version ] "=" result *( reason / property ), to the semicolon or the end. */
static bool
read_result(struct reader *r, const char *method)
{
	struct authres *a = r->a;
	struct authres_result result = { .method = method };
	bool known;

	if (!read_method_version(r, &known) || !take(r, '=') ||
	    (result.value = read_word(r, is_keyword)) == NULL)
		return false;
	while (*r->at != ';' && *r->at != '\0') {
		const char *from = r->at, *word;

		skip(r);
		if (*r->at == ';' || *r->at == '\0')
			break;
		if (r->at == from || (word = read_word(r, is_keyword)) == NULL ||
		    !read_property(r, &result, word))
			return false;
	}
	if (!known)
		return true;
	if (a->results_len == AUTHRES_RESULTS_MAX)
		return false;
	a->results[a->results_len++] = result;
	return true;
}

/* *( ";" result ), or "; none". */
static bool
read_results(struct reader *r)
{
	bool none = false;
	size_t said = 0;

	while (take(r, ';')) {
		const char *method;

		if (*r->at == ';' || *r->at == '\0')
			continue; /* one too many */
		said++;
		if ((method = read_word(r, is_keyword)) == NULL)
			return false;
		skip(r);
		if (strcmp(method, "none") == 0 && (*r->at == ';' || *r->at == '\0'))
			none = true;
		else if (!read_result(r, method))
			return false;
	}
	return *r->at == '\0' && (!none || said == 1);
}

/* authserv-id [ version ] results. A version that is not ours: all is left out. */
static bool
read_payload(struct reader *r)
{
	const char *version;

	skip(r);
	if ((r->a->id = read_value(r)) == NULL || r->a->id[0] == '\0')
		return false;
	skip(r);
	version = read_word(r, is_digit);
	if (!read_results(r))
		return false;
	if (version != NULL && strcmp(version, "1") != 0)
		r->a->results_len = 0;
	return true;
}

/* "i" "=" 1*2DIGIT ";" */
static bool
read_instance(struct reader *r)
{
	const char *word;

	skip(r);
	if ((word = read_word(r, is_keyword)) == NULL || strcmp(word, "i") != 0 || !take(r, '=') ||
	    (word = read_word(r, is_digit)) == NULL || strlen(word) > 2)
		return false;
	r->a->instance = (unsigned)atoi(word);
	return r->a->instance > 0 && take(r, ';');
}

static bool
read_instance_and_payload(struct reader *r)
{
	return read_instance(r) && read_payload(r);
}

static bool
is_key(char c)
{
	return is_keyword(c) || c == '.';
}

/* *( key "=" value [ ";" ] ), each key once */
static bool
read_pairs(struct reader *r, struct authres_result *result)
{
	while (*r->at != '\0') {
		const char *key, *value;

		if ((key = read_word(r, is_key)) == NULL || !take(r, '=') ||
		    (value = read_value(r)) == NULL || authres_property(result, "", key) != NULL ||
		    !add_property(r->a, result, "", key, value))
			return false;
		if (!take(r, ';') && *r->at != '\0')
			return false;
	}
	return true;
}

/* result [ comment ] *( key "=" value ";" ) */
static bool
read_spf(struct reader *r)
{
	struct authres_result *result = &r->a->results[0];
	const char *identity, *checked;

	result->method = "spf";
	skip(r);
	if ((result->value = read_word(r, is_keyword)) == NULL ||
	    (*r->at != '\0' && *r->at != '(' && !is_blank(*r->at)))
		return false;
	skip(r);
	if (!read_pairs(r, result))
		return false;
	r->a->results_len = 1;
	r->a->id = authres_property(result, "", "receiver");
	identity = authres_property(result, "", "identity");
	if (identity == NULL || strcasecmp(identity, "mailfrom") == 0) {
		checked = authres_property(result, "", "envelope-from");
		return checked == NULL || add_property(r->a, result, "smtp", "mailfrom", checked);
	}
	checked = authres_property(result, "", "helo");
	return strcasecmp(identity, "helo") != 0 || checked == NULL ||
	       add_property(r->a, result, "smtp", "helo", checked);
}

static bool
read_field(const char *text, bool (*read)(struct reader *r), struct authres *ret)
{
	struct reader r = { .at = text, .a = ret };

	*ret = (struct authres){ 0 };
	/* of each string only its NUL is more than what was read: a separator, or the last */
	r.to = ret->memory = xmalloc(2 * strlen(text) + 2);
	if (read(&r) && !r.broken)
		return true;
	authres_done(ret);
	return false;
}

bool
authres_read(const char *text, struct authres *ret)
{
	return read_field(text, read_payload, ret);
}

bool
authres_read_arc(const char *text, struct authres *ret)
{
	return read_field(text, read_instance_and_payload, ret);
}

bool
authres_read_spf(const char *text, struct authres *ret)
{
	return read_field(text, read_spf, ret);
}

void
authres_done(struct authres *a)
{
	free(a->memory);
	*a = (struct authres){ 0 };
}

const char *
authres_property(const struct authres_result *result, const char *ptype, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < result->properties_len; i++) {
		const struct authres_property *p = &result->properties[i];

		if (strcmp(p->ptype, ptype) != 0 || strcmp(p->name, name) != 0)
			continue;
		if (found != NULL && strcasecmp(found, p->value) != 0)
			return NULL;
		found = p->value;
	}
	return found;
}

bool
authres_is_id(const char *text)
{
	if (*text == '\0')
		return false;
	while (is_bare(*text))
		text++;
	return *text == '\0';
}

/* One "tag=value" of a list (RFC 6376 3.2), blanks around both. False: not well formed. */
static bool
next_tag(struct span *rest, struct span *ret_name, struct span *ret_value)
{
	const char *end = memchr(rest->data, ';', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
	struct span tag = span_trim((struct span){ rest->data, len });
	const char *equals = memchr(tag.data, '=', tag.len);

	if (equals == NULL)
		return false;
	*ret_name = span_trim((struct span){ tag.data, (size_t)(equals - tag.data) });
	*ret_value =
		span_trim((struct span){ equals + 1, tag.len - (size_t)(equals + 1 - tag.data) });
	rest->data += len + (end != NULL);
	rest->len -= len + (end != NULL);
	return true;
}

bool
authres_read_seal(const char *text, unsigned *ret_instance, char **ret_domain)
{
	struct span rest = span_trim(span_of(text)), name, value;
	struct span domain = { 0 };
	unsigned instance = 0;

	while (rest.len > 0) {
		if (!next_tag(&rest, &name, &value))
			return false;
		if (span_equal(name, SPAN("d"))) {
			if (domain.data != NULL || value.len == 0)
				return false;
			domain = value;
		} else if (span_equal(name, SPAN("i"))) {
			if (instance != 0 || value.len == 0 || value.len > 2 ||
			    !is_digit(value.data[0]) || !is_digit(value.data[value.len - 1]))
				return false;
			instance = (unsigned)atoi(value.data);
		}
		rest = span_trim(rest);
	}
	if (instance == 0 || domain.data == NULL)
		return false;
	*ret_instance = instance;
	*ret_domain = span_dup(domain);
	return true;
}
