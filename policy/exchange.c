/*
 * exchange.c: between the switches of Exchange and the keys of a policy.
 *
 *	NDREnabled                        ndr, delay (Exchange has no switch for delays)
 *	DeliveryReportEnabled             delivery_report
 *	AutoReplyEnabled, AllowedOOFType  auto_reply
 *	NDRDiagnosticInfoEnabled          ndr_diagnostics
 *
 * True is send; False is hold: Exchange deletes what it does not send and
 * says nothing, but nobody has ever missed less mail for that. Where two
 * switches become one key, it is send only if both are on.
 *
 * Properties are found by name, whatever their order; those that are not
 * about notifications are named in notes, once each.
 */
#include "policy/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/config.h"
#include "base/text.h"
#include "policy/domain.h"
#include "policy/view.h"

static const char *
field_of(const struct exchange_domain *d, const char *name)
{
	for (size_t i = 0; i < d->len; i++)
		if (strcasecmp(d->fields[i].name, name) == 0)
			return d->fields[i].value;
	return NULL;
}

/* ---- to a policy -------------------------------------------------------------------- */

enum use { USE_MAPPED, USE_LATER };

static const struct {
	const char *name;
	enum use use;
} properties[] = {
	{ "Name", USE_MAPPED },
	{ "DomainName", USE_MAPPED },
	{ "NDREnabled", USE_MAPPED },
	{ "DeliveryReportEnabled", USE_MAPPED },
	{ "AutoReplyEnabled", USE_MAPPED },
	{ "AllowedOOFType", USE_MAPPED },
	{ "NDRDiagnosticInfoEnabled", USE_MAPPED },
	{ "GenerateCopyOfDSNFor", USE_LATER },
};

struct writing {
	const struct exchange_list *list;
	struct buffer *out, *notes;
	struct error *err;
};

static void
note_ignored(const struct writing *w)
{
	const struct exchange_domain *first = &w->list->domains[0];
	size_t ignored = 0;

	for (size_t i = 0; i < first->len; i++) {
		const char *name = first->fields[i].name;
		size_t p = 0;

		while (p < sizeof(properties) / sizeof(properties[0]) &&
		       strcasecmp(properties[p].name, name) != 0)
			p++;
		if (p == sizeof(properties) / sizeof(properties[0]))
			buffer_printf(w->notes, "%s%s",
				      ignored++ == 0 ? "ignored, as not about notifications: "
						     : ", ",
				      name);
	}
	buffer_add_str(w->notes, ignored > 0 ? "\n" : "");
	for (size_t i = 0; i < first->len; i++)
		for (size_t p = 0; p < sizeof(properties) / sizeof(properties[0]); p++)
			if (properties[p].use == USE_LATER &&
			    strcasecmp(properties[p].name, first->fields[i].name) == 0)
				buffer_printf(w->notes, "%s: not yet supported, ignored\n",
					      properties[p].name);
}

/* -1: not said. */
static int
read_switch(const struct writing *w, const struct exchange_domain *d, const char *name, int *ret)
{
	const char *value = field_of(d, name);

	*ret = -1;
	if (value == NULL || value[0] == '\0')
		return 0;
	value += value[0] == '$';
	if (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0) {
		*ret = strcasecmp(value, "true") == 0;
		return 0;
	}
	return error_set(w->err, ERROR_PERM, "%s of %s: True or False is expected, not \"%.40s\"",
			 name, field_of(d, "DomainName"), value);
}

static int
read_oof(const struct writing *w, const struct exchange_domain *d, int *ret)
{
	const char *value = field_of(d, "AllowedOOFType");

	*ret = -1;
	if (value == NULL || value[0] == '\0')
		return 0;
	*ret = strcasecmp(value, "None") != 0;
	if (*ret == 0 || strcasecmp(value, "External") == 0)
		return 0;
	if (strcasecmp(value, "ExternalLegacy") == 0 || strcasecmp(value, "InternalLegacy") == 0) {
		buffer_printf(w->notes,
			      "%s: AllowedOOFType %s: which text is sent is for the mailbox "
			      "server to say; taken as External\n",
			      field_of(d, "DomainName"), value);
		return 0;
	}
	return error_set(w->err, ERROR_PERM,
			 "AllowedOOFType of %s: External, ExternalLegacy, InternalLegacy or None "
			 "is expected, not \"%.40s\"",
			 field_of(d, "DomainName"), value);
}

/* What fits, cut where a character ends. */
static struct span
cut(struct span text, size_t most)
{
	if (text.len > most)
		for (text.len = most; text.len > 0 && (text.data[text.len] & 0xC0) == 0x80;)
			text.len--;
	return span_trim(text);
}

/* A name that policy.conf may have: no quotes, no control characters, 64 bytes. */
static char *
row_name(const char *name, const char *domain)
{
	AUTO(freep) char *shown = text_to_printable(span_of(name));
	size_t domain_len = strlen(domain);
	struct span fits;

	for (char *p = shown; *p != '\0'; p++)
		if (*p == '"' || *p == '\\')
			*p = '_';
	fits = cut(span_trim(span_of(shown)), POLICY_NAME_SIZE - 1);
	if (fits.len > 0 && (!span_equal(fits, SPAN("Default")) || strcmp(domain, "*") == 0))
		return span_dup(fits);
	return xstrdup(domain_len < POLICY_NAME_SIZE ? domain
						     : domain + domain_len - POLICY_NAME_SIZE + 1);
}

static void
write_action(struct buffer *out, const char *key, int on)
{
	if (on >= 0)
		buffer_printf(out, "\t\t%s = \"%s\";\n", key, on ? "send" : "hold");
}

static int
write_row(const struct writing *w, const struct exchange_domain *d, bool last)
{
	const char *domain = field_of(d, "DomainName"), *name = field_of(d, "Name"), *wrong = NULL;
	int ndr, report, reply, oof, diagnostics;
	AUTO(freep) char *form = NULL;
	AUTO(freep) char *row = NULL;
	bool subtree;

	if (domain == NULL || domain[0] == '\0')
		return error_set(w->err, ERROR_PERM, "a remote domain has no DomainName");
	if (strcmp(domain, "*") != 0 && (form = domain_read(domain, &subtree, &wrong)) == NULL)
		return error_set(w->err, ERROR_PERM, "DomainName \"%.80s\": %s", domain, wrong);
	if (read_switch(w, d, "NDREnabled", &ndr) < 0 ||
	    read_switch(w, d, "DeliveryReportEnabled", &report) < 0 ||
	    read_switch(w, d, "AutoReplyEnabled", &reply) < 0 || read_oof(w, d, &oof) < 0 ||
	    read_switch(w, d, "NDRDiagnosticInfoEnabled", &diagnostics) < 0)
		return -1;
	if (reply >= 0 && oof >= 0 && reply != oof)
		buffer_printf(w->notes,
			      "%s: AutoReplyEnabled is %s but AllowedOOFType is %s; there is one "
			      "key for both: auto_reply = \"hold\"\n",
			      domain, field_of(d, "AutoReplyEnabled"),
			      field_of(d, "AllowedOOFType"));
	row = row_name(name != NULL ? name : "", domain);
	if (name != NULL && strcmp(row, name) != 0)
		buffer_printf(w->notes, "%s: Name %s becomes %s\n", domain, name, row);
	buffer_add_str(w->out, "\t{\n\t\tname = ");
	config_show_text(row, w->out);
	buffer_add_str(w->out, ";\n\t\tdomain = ");
	config_show_text(domain, w->out);
	buffer_add_str(w->out, ";\n");
	write_action(w->out, "ndr", ndr);
	write_action(w->out, "delay", ndr);
	write_action(w->out, "delivery_report", report);
	write_action(w->out, "auto_reply", reply < 0 ? oof : oof < 0 ? reply : reply && oof);
	if (diagnostics >= 0)
		buffer_printf(w->out, "\t\tndr_diagnostics = %s;\n",
			      diagnostics ? "true" : "false");
	buffer_add_str(w->out, last ? "\t}\n" : "\t},\n");
	return 0;
}

static void
write_local(const struct writing *w, const char *const *local, size_t local_len)
{
	buffer_add_str(w->out, "# Imported from Exchange. What is off there is held here, where it "
			       "can be seen.\n\n"
			       "# Your own domains, whose users are always told.\n"
			       "local_domains = [ ");
	for (size_t i = 0; i < local_len; i++) {
		config_show_text(local[i], w->out);
		buffer_add_str(w->out, i + 1 < local_len ? ", " : "");
	}
	if (local_len == 0) {
		buffer_add_str(w->out, "\"local.invalid\"");
		buffer_add_str(w->notes,
			       "local_domains: Exchange does not say which they are; put in yours, "
			       "or use --local\n");
	}
	buffer_add_str(w->out, " ];\n\n");
}

int
exchange_to_policy(const struct exchange_list *list, const char *const *local, size_t local_len,
		   struct buffer *out, struct buffer *notes, struct error *err)
{
	const struct writing w = { list, out, notes, err };

	write_local(&w, local, local_len);
	note_ignored(&w);
	buffer_add_str(out, "# delay follows NDREnabled, as Exchange has no switch for delays.\n"
			    "remote_domains = (\n");
	for (size_t i = 0; i < list->len; i++)
		if (write_row(&w, &list->domains[i], i + 1 == list->len) < 0)
			return -1;
	buffer_add_str(out, ");\n");
	return 0;
}

/* ---- from a policy ------------------------------------------------------------------ */

/* PowerShell takes the curly quotes, U+2018 to U+201B, for quotes too. */
static void
add_quoted(struct buffer *out, const char *text)
{
	buffer_add_char(out, '\'');
	while (*text != '\0') {
		bool curly = strncmp(text, "\xE2\x80", 2) == 0 && (unsigned char)text[2] >= 0x98 &&
			     (unsigned char)text[2] <= 0x9B;
		size_t len = curly ? 3 : 1;

		buffer_add(out, text, len);
		if (curly || *text == '\'')
			buffer_add(out, text, len);
		text += len;
	}
	buffer_add_char(out, '\'');
}

static bool
is_on(const struct policy_view *view, enum policy_key key, struct buffer *notes)
{
	int sent = 0;

	for (enum policy_proof p = 0; p < POLICY_PROOFS; p++)
		sent += view->values[key][p].value == POLICY_SEND;
	if (sent > 0 && sent < POLICY_PROOFS)
		buffer_printf(notes, "%s: %s: Exchange cannot tell by proof; off\n", view->pattern,
			      policy_key_name(key));
	return sent == POLICY_PROOFS;
}

static void
write_set(const struct policy_view *view, struct buffer *out, struct buffer *notes)
{
	static const enum policy_key without[] = { POLICY_KEY_RECEIPT, POLICY_KEY_ABUSE_REPORT,
						   POLICY_KEY_UNKNOWN };
	bool diagnostics = view->values[POLICY_KEY_NDR_DIAGNOSTICS][0].value == 0;
	bool ndr = is_on(view, POLICY_KEY_NDR, notes);
	bool report = is_on(view, POLICY_KEY_DELIVERY_REPORT, notes);
	bool reply = is_on(view, POLICY_KEY_AUTO_REPLY, notes);
	bool star = strcmp(view->pattern, "*") == 0;

	buffer_add_str(out, "Set-RemoteDomain -Identity ");
	add_quoted(out, star ? "Default" : view->name);
	buffer_printf(out,
		      " -NDREnabled $%s -DeliveryReportEnabled $%s -AutoReplyEnabled $%s "
		      "-AllowedOOFType %s -NDRDiagnosticInfoEnabled $%s\n",
		      ndr ? "true" : "false", report ? "true" : "false", reply ? "true" : "false",
		      reply ? "External" : "None", diagnostics ? "true" : "false");
	if (is_on(view, POLICY_KEY_DELAY, notes) != ndr)
		buffer_printf(notes, "%s: delay: Exchange has no switch of its own for it\n",
			      view->pattern);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (is_on(view, without[i], notes))
			buffer_printf(notes, "%s: %s: Exchange has no switch for it\n",
				      view->pattern, policy_key_name(without[i]));
	if (view->values[POLICY_KEY_RETURNED][0].value != POLICY_RETURNED_FULL)
		buffer_printf(notes, "%s: returned: Exchange has no switch for it\n",
			      view->pattern);
	if (view->values[POLICY_KEY_COPY][0].value != POLICY_COPY_NONE)
		buffer_printf(notes, "%s: copy: Exchange tells by status, not by domain\n",
			      view->pattern);
}

void
exchange_from_policy(const struct policy *policy, struct buffer *out, struct buffer *notes)
{
	AUTO(policy_view_done) struct policy_view star = { .pattern = NULL };

	policy_view_default(policy, &star);
	write_set(&star, out, notes);
	for (size_t i = 0; i < policy_domains_len(policy); i++) {
		AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };
		bool subtree;
		const char *domain = policy_domain(policy, i, &subtree);

		policy_view(policy, domain, subtree, &view);
		write_set(&view, out, notes);
	}
}
