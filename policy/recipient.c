/*
 * recipient.c: from an envelope address to the domain that is judged.
 *
 * The address is a stranger's. Whatever can be read in two ways is read as
 * the one that is held: a routed local part (RFC 5321 F.2; some mail servers
 * still follow user%other@ours to other), an SRS address that is broken, a
 * domain that is none. Every step makes the address shorter, so it ends.
 */
#include "policy/recipient.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/domain.h"

struct address {
	char *local_part; /* without quotes */
	char *domain;     /* normalised */
};

static void
address_done(struct address *a)
{
	free(a->local_part);
	free(a->domain);
	*a = (struct address){ 0 };
}

/* RFC 5321 4.1.2: "a b"@d and a\ b@d without their quoting. */
static char *
unquote(struct span text)
{
	struct buffer out = { 0 };

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"')
			continue;
		if (text.data[i] == '\\' && i + 1 < text.len)
			i++;
		buffer_add_char(&out, text.data[i]);
	}
	return buffer_take(&out);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return true;
	return false;
}

static bool
address_split(const char *text, struct address *ret)
{
	const char *at = strrchr(text, '@');

	if (has_control(text) || at == NULL || at == text)
		return false;
	ret->domain = domain_normalise(span_of(at + 1));
	ret->local_part = unquote((struct span){ text, (size_t)(at - text) });
	return domain_is_plausible(ret->domain) && ret->local_part[0] != '\0';
}

/* prvs=TAG=user (draft-levine-smtp-batv) and btv1==TAG==user: the user; they may be put on top of
 * SRS. */
static const char *
skip_batv(const char *local_part)
{
	static const struct {
		const char *begin, *end;
	} forms[] = { { "prvs=", "=" }, { "btv1==", "==" } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *tag = local_part + strlen(forms[i].begin), *end;

		if (!span_starts_nocase(span_of(local_part), forms[i].begin))
			continue;
		end = strstr(tag, forms[i].end);
		return end == NULL ? local_part : end + strlen(forms[i].end);
	}
	return local_part;
}

static bool
is_separator(char c)
{
	return c == '=' || c == '+' || c == '-';
}

static bool
is_srs(const char *local_part)
{
	return (span_starts_nocase(span_of(local_part), "SRS0") ||
		span_starts_nocase(span_of(local_part), "SRS1")) &&
	       is_separator(local_part[4]);
}

/* Takes what stands before the next '=' off *rest; false when there is none, or nothing. */
static bool
take_field(const char **rest, struct span *ret_field)
{
	const char *end = strchr(*rest, '=');

	if (end == NULL || end == *rest)
		return false;
	*ret_field = (struct span){ *rest, (size_t)(end - *rest) };
	*rest = end + 1;
	return true;
}

/*
 * Who an SRS address would be passed on to:
 *	SRS0=hash=stamp=domain=user             user@domain
 *	SRS1=hash=host==hash=stamp=domain=user  SRS0=hash=stamp=domain=user@host
 */
static bool
srs_undo(const char *srs, struct address *ret)
{
	const char *rest = srs + 5;
	struct span hash, stamp, domain;

	if (!take_field(&rest, &hash))
		return false;
	if (srs[3] == '0' && !take_field(&rest, &stamp))
		return false;
	if (!take_field(&rest, &domain) || *rest == '\0' || (srs[3] == '1' && !is_separator(*rest)))
		return false;
	ret->domain = domain_normalise(domain);
	ret->local_part = xasprintf("%s%s", srs[3] == '1' ? "SRS0" : "", rest);
	return domain_is_plausible(ret->domain);
}

static enum recipient_kind
judge(struct address *a, const struct domain_table *local)
{
	bool inside = false;

	while (domain_table_find(local, a->domain) != NULL) {
		AUTO(address_done) struct address inner = { 0 };
		const char *user = skip_batv(a->local_part);

		if (!is_srs(user) && inside)
			return RECIPIENT_REMOTE;
		if (!is_srs(user))
			return strpbrk(user, "%!@") != NULL ? RECIPIENT_ROUTED : RECIPIENT_LOCAL;
		if (!srs_undo(user, &inner))
			return RECIPIENT_BAD;
		inside = true;
		address_done(a);
		*a = inner;
		inner = (struct address){ 0 };
	}
	return RECIPIENT_REMOTE;
}

/* Who is judged; empty for NONE and BAD. */
static enum recipient_kind
read_address(const char *address, const struct domain_table *local, struct address *ret)
{
	AUTO(address_done) struct address a = { 0 };
	enum recipient_kind kind;

	if (address == NULL || *address == '\0')
		return RECIPIENT_NONE;
	if (!address_split(address, &a))
		return RECIPIENT_BAD;
	kind = judge(&a, local);
	if (kind != RECIPIENT_BAD) {
		*ret = a;
		a = (struct address){ 0 };
	}
	return kind;
}

enum recipient_kind
recipient_read(const char *address, const struct domain_table *local, char **ret_domain)
{
	AUTO(address_done) struct address a = { 0 };
	enum recipient_kind kind = read_address(address, local, &a);

	*ret_domain = TAKE(a.domain);
	return kind;
}

char *
recipient_address(const char *address, const struct domain_table *local,
		  enum recipient_kind *ret_kind)
{
	AUTO(address_done) struct address a = { 0 };
	char *whole;

	*ret_kind = read_address(address, local, &a);
	if (*ret_kind != RECIPIENT_LOCAL && *ret_kind != RECIPIENT_REMOTE)
		return NULL;
	whole = xasprintf("%s@%s", skip_batv(a.local_part), a.domain);
	text_lower_ascii(whole);
	return whole;
}
