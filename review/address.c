/*
 * address.c: checking an address that a human typed.
 *
 * Refuses what could change the SMTP dialogue (control characters, spaces or
 * angle brackets outside quotes) and what is surely a slip (no @, nothing
 * before or behind it). The relay judges the rest.
 */
#include "review/address.h"

#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

/* Where the local part ends: its last byte's successor, or NULL for an open quote. */
static const char *
skip_local_part(const char *s)
{
	if (*s != '"')
		return s + strcspn(s, "@");
	for (s++; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (*s == '"')
			return s + 1;
	}
	return NULL;
}

int
address_check(const char *text, struct error *err)
{
	const char *at, *local_end;

	if (!text_is_utf8(span_of(text)))
		return error_set(err, ERROR_PERM, "the address is not valid UTF-8");
	for (const char *s = text; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7F)
			return error_set(err, ERROR_PERM,
					 "the address has a control character in it");
	if (strlen(text) > 254)
		return error_set(err, ERROR_PERM, "the address is longer than 254 bytes");
	local_end = skip_local_part(text);
	if (local_end == NULL)
		return error_set(err, ERROR_PERM, "\"%s\" is no address: a quote is left open",
				 text);
	at = local_end;
	if (*at != '@')
		return error_set(err, ERROR_PERM, "\"%s\" is no address: it has no @%s", text,
				 *text == '"' ? " behind the quotes" : "");
	if (at == text || at[1] == '\0')
		return error_set(err, ERROR_PERM, "\"%s\" is no address: nothing %s the @", text,
				 at == text ? "before" : "behind");
	if ((*text != '"' && strcspn(text, " <>(),;:\\\"") < (size_t)(at - text)) ||
	    at[1 + strcspn(at + 1, " <>(),;\\\"@")] != '\0')
		return error_set(err, ERROR_PERM,
				 "\"%s\" is no address: give it as local@domain, without spaces "
				 "or brackets",
				 text);
	return 0;
}
