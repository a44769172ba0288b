/*
 * exchange.c: between the switches of Exchange and the keys of a policy.
 *
 *	NDREnabled                        ndr, delay (Exchange has no switch for delays)
 *	DeliveryReportEnabled             delivery_report
 *	AutoReplyEnabled, AllowedOOFType  auto_reply
 *	NDRDiagnosticInfoEnabled          ndr_diagnostics
 *	GenerateCopyOfDSNFor              copy_status, copy = "each" in the row for "*"
 *	ExternalPostmasterAddress         postmaster
 *
 * The last two are of Get-TransportConfig, once for all domains; a list may
 * have them in an object of their own, which has no DomainName. Exchange makes
 * no copies where no code is named, a policy of all; so nothing is said then.
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
#include "policy/rule.h"

static const char *
field_of(const struct exchange_domain *d, const char *name)
{
	for (size_t i = 0; i < d->len; i++)
		if (strcasecmp(d->fields[i].name, name) == 0)
			return d->fields[i].value;
	return NULL;
}

/* ---- to a policy -------------------------------------------------------------------- */

static const char *const properties[] = {
	"Name",
	"DomainName",
	"NDREnabled",
	"DeliveryReportEnabled",
	"AutoReplyEnabled",
	"AllowedOOFType",
	"NDRDiagnosticInfoEnabled",
	"GenerateCopyOfDSNFor",
	"ExternalPostmasterAddress",
};

/* The rows written so far. */
struct rows {
	char **names, **domains;
	size_t len;
};

struct writing {
	const struct exchange_list *list;
	struct rows *rows;
	struct buffer *out, *notes;
	struct error *err;
};

static void
rows_done(struct rows *rows)
{
	for (size_t i = 0; i < rows->len; i++) {
		free(rows->names[i]);
		free(rows->domains[i]);
	}
	free(rows->names);
	free(rows->domains);
}

/* Is it what Get-TransportConfig printed? */
static bool
is_transport(const struct exchange_domain *d)
{
	return field_of(d, "DomainName") == NULL && field_of(d, "GenerateCopyOfDSNFor") != NULL;
}

static const struct exchange_domain *
first_of(const struct exchange_list *list, bool transport)
{
	for (size_t i = 0; i < list->len; i++)
		if (is_transport(&list->domains[i]) == transport)
			return &list->domains[i];
	return NULL;
}

static void
note_ignored(const struct writing *w, bool transport)
{
	const struct exchange_domain *first = first_of(w->list, transport);
	const char *why = transport ? "ignored, as no key is like them: "
				    : "ignored, as not about notifications: ";
	size_t ignored = 0;

	for (size_t i = 0; first != NULL && i < first->len; i++) {
		const char *name = first->fields[i].name;
		size_t p = 0;

		while (p < sizeof(properties) / sizeof(properties[0]) &&
		       strcasecmp(properties[p], name) != 0)
			p++;
		if (p == sizeof(properties) / sizeof(properties[0]))
			buffer_printf(w->notes, "%s%s", ignored++ == 0 ? why : ", ", name);
	}
	buffer_add_str(w->notes, ignored > 0 ? "\n" : "");
}

/* What is said once for all domains: as the first says it that does; "": nobody does. */
static const char *
common_field(const struct writing *w, const char *name)
{
	const char *found = "";
	bool differs = false;

	for (size_t i = 0; i < w->list->len; i++) {
		const char *value = field_of(&w->list->domains[i], name);

		if (value == NULL || value[0] == '\0')
			continue;
		differs |= found[0] != '\0' && strcmp(found, value) != 0;
		found = found[0] == '\0' ? value : found;
	}
	if (differs)
		buffer_printf(w->notes, "%s: is not the same everywhere; taken as \"%.80s\"\n",
			      name, found);
	return found;
}

/* Cut short, as Format-List does after four? */
static bool
is_cut_short(struct span word)
{
	static const char *const dots[] = { "...", "\xE2\x80\xA6" };

	return word.len >= 3 && (memcmp(word.data + word.len - 3, dots[0], 3) == 0 ||
				 memcmp(word.data + word.len - 3, dots[1], 3) == 0);
}

static int
add_code(const struct writing *w, struct span word, struct buffer *codes)
{
	AUTO(freep) char *code = span_dup(word);

	if (is_cut_short(word))
		return error_set(w->err, ERROR_PERM,
				 "GenerateCopyOfDSNFor: \"%.40s\": cut short; set "
				 "$FormatEnumerationLimit = -1 and print it again",
				 code);
	if (!policy_is_status_pattern(code) || strchr(code, '*') != NULL)
		return error_set(w->err, ERROR_PERM,
				 "GenerateCopyOfDSNFor: \"%.40s\": a status as 5.4.6 is expected",
				 code);
	buffer_printf(codes, "%s\"%s\"", codes->len > 0 ? ", " : "", code);
	return 0;
}

/* "{5.4.8, 5.4.6}", "5.4.8,5.4.6" or "5.4.8 5.4.6" as a list for policy.conf. */
static int
read_codes(const struct writing *w, struct buffer *codes)
{
	static const char between[] = "{}, ;\t\r\n";
	const char *word = common_field(w, "GenerateCopyOfDSNFor");

	for (word += strspn(word, between); *word != '\0'; word += strspn(word, between)) {
		size_t len = strcspn(word, between);

		if (add_code(w, (struct span){ word, len }, codes) < 0)
			return -1;
		word += len;
	}
	return 0;
}

/* The postmaster's lines; *ret_copies: the row for "*" is to say copy = "each". */
static int
write_copies(const struct writing *w, bool *ret_copies)
{
	const char *address = common_field(w, "ExternalPostmasterAddress");
	bool usable = policy_is_address(address);
	AUTO(buffer_done) struct buffer codes = { 0 };

	if (read_codes(w, &codes) < 0)
		return -1;
	if (usable) {
		buffer_add_str(w->out, "postmaster = ");
		config_show_text(address, w->out);
		buffer_add_str(w->out, ";\n");
	} else if (address[0] != '\0') {
		buffer_printf(w->notes, "ExternalPostmasterAddress: \"%.80s\" is no address\n",
			      address);
	}
	if (codes.len > 0)
		buffer_printf(w->out, "copy_status = [ %s ];\n", codes.data);
	if (codes.len > 0 && !usable)
		buffer_add_str(
			w->notes,
			"GenerateCopyOfDSNFor: no copies are made yet, as no "
			"ExternalPostmasterAddress says for whom; put in postmaster = \"...\", "
			"and copy = \"each\" into the row for \"*\"\n");
	buffer_add_str(w->out, usable || codes.len > 0 ? "\n" : "");
	*ret_copies = codes.len > 0 && usable;
	return 0;
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

static bool
is_among(char *const *texts, size_t len, const char *text)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(texts[i], text) == 0)
			return true;
	return false;
}

/* One that no row has: "Name", "Name 2", … */
static char *
own_name(const struct rows *rows, const char *name, const char *domain)
{
	AUTO(freep) char *wanted = row_name(name, domain);
	char *own = xstrdup(wanted);

	for (unsigned n = 2; is_among(rows->names, rows->len, own); n++) {
		struct span most = cut(span_of(wanted), POLICY_NAME_SIZE - 8);

		free(own);
		own = xasprintf("%.*s %u", (int)most.len, most.data, n);
	}
	return own;
}

/* form: NULL for "*". */
static int
add_row(const struct writing *w, const char *domain, const char *form, bool subtree,
	const char *name)
{
	AUTO(freep)
	char *pattern = form == NULL ? xstrdup("*") : xasprintf("%s%s", subtree ? "*." : "", form);
	struct rows *rows = w->rows;

	if (is_among(rows->domains, rows->len, pattern))
		return error_set(w->err, ERROR_PERM, "DomainName \"%.80s\": is there twice",
				 domain);
	rows->domains[rows->len] = TAKE(pattern);
	rows->names[rows->len] = own_name(rows, name, domain);
	rows->len++;
	return 0;
}

#define COPY_EACH "\t\tcopy = \"each\";\n"

static void
write_action(struct buffer *out, const char *key, int on)
{
	if (on >= 0)
		buffer_printf(out, "\t\t%s = \"%s\";\n", key, on ? "send" : "hold");
}

static int
write_row(const struct writing *w, const struct exchange_domain *d, bool copies, bool last)
{
	const char *domain = field_of(d, "DomainName"), *name = field_of(d, "Name"), *wrong = NULL;
	int ndr, report, reply, oof, diagnostics;
	AUTO(freep) char *form = NULL;
	const char *row;
	bool subtree = false;

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
	if (add_row(w, domain, form, subtree, name != NULL ? name : "") < 0)
		return -1;
	row = w->rows->names[w->rows->len - 1];
	if (name != NULL && strcmp(row, name) != 0) {
		AUTO(freep) char *shown = text_to_printable(span_of(name));

		buffer_printf(w->notes, "%s: Name %s becomes %s\n", domain, shown, row);
	}
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
	if (copies && strcmp(domain, "*") == 0)
		buffer_add_str(w->out, COPY_EACH);
	buffer_add_str(w->out, last ? "\t}\n" : "\t},\n");
	return 0;
}

static bool
is_for_all(const struct exchange_domain *d)
{
	const char *domain = field_of(d, "DomainName");

	return domain != NULL && strcmp(domain, "*") == 0;
}

static int
write_rows(const struct writing *w, bool copies)
{
	const struct exchange_list *list = w->list;
	bool has_all = false;
	size_t left = 0;

	for (size_t i = 0; i < list->len; i++) {
		has_all |= is_for_all(&list->domains[i]);
		left += !is_transport(&list->domains[i]);
	}
	if (left > 0)
		buffer_add_str(w->out, "# delay follows NDREnabled, as Exchange has no switch for "
				       "delays.\n");
	if (left == 0 && !copies)
		return 0;
	buffer_add_str(w->out, "remote_domains = (\n");
	if (copies && !has_all)
		buffer_printf(w->out,
			      "\t{\n\t\tname = \"Default\";\n\t\tdomain = \"*\";\n" COPY_EACH
			      "\t}%s\n",
			      left > 0 ? "," : "");
	for (size_t i = 0; i < list->len; i++)
		if (!is_transport(&list->domains[i]) &&
		    write_row(w, &list->domains[i], copies, --left == 0) < 0)
			return -1;
	buffer_add_str(w->out, ");\n");
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
	AUTO(rows_done)
	struct rows rows = { .names = xcalloc(list->len + 1, sizeof(char *)),
			     .domains = xcalloc(list->len + 1, sizeof(char *)) };
	const struct writing w = { list, &rows, out, notes, err };
	bool copies;

	write_local(&w, local, local_len);
	note_ignored(&w, false);
	note_ignored(&w, true);
	if (write_copies(&w, &copies) < 0)
		return -1;
	return write_rows(&w, copies);
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
write_set(const struct policy_view *view, int copy, struct buffer *out, struct buffer *notes)
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
	if (view->values[POLICY_KEY_COPY][0].value != copy)
		buffer_printf(notes, "%s: copy: Exchange tells by status, not by domain\n",
			      view->pattern);
}

/* copy: what the row for "*" says. */
static void
write_transport(const struct policy *policy, int copy, struct buffer *out, struct buffer *notes)
{
	const struct config_list *statuses = &policy->told.copy_status;
	AUTO(buffer_done) struct buffer codes = { 0 };

	if (copy == POLICY_COPY_DIGEST)
		buffer_add_str(notes, "*: copy: Exchange sends no digest\n");
	for (size_t i = 0; copy == POLICY_COPY_EACH && i < statuses->len; i++)
		if (strchr(statuses->items[i], '*') != NULL)
			buffer_printf(notes, "copy_status: %s: Exchange takes whole codes alone\n",
				      statuses->items[i]);
		else
			buffer_printf(&codes, "%s%s", codes.len > 0 ? "," : "", statuses->items[i]);
	if (copy == POLICY_COPY_EACH && codes.len == 0)
		buffer_add_str(notes, "*: copy: Exchange makes copies of named codes alone, and "
				      "copy_status names none\n");
	if (codes.len == 0)
		return;
	buffer_printf(out,
		      "Set-TransportConfig -GenerateCopyOfDSNFor %s -ExternalPostmasterAddress ",
		      codes.data);
	add_quoted(out, policy->told.postmaster);
	buffer_add_char(out, '\n');
}

void
exchange_from_policy(const struct policy *policy, struct buffer *out, struct buffer *notes)
{
	AUTO(policy_view_done) struct policy_view star = { .pattern = NULL };
	int copy;

	policy_view_default(policy, &star);
	copy = star.values[POLICY_KEY_COPY][0].value;
	write_transport(policy, copy, out, notes);
	write_set(&star, copy, out, notes);
	for (size_t i = 0; i < policy_domains_len(policy); i++) {
		AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };
		bool subtree;
		const char *domain = policy_domain(policy, i, &subtree);

		policy_view(policy, domain, subtree, &view);
		write_set(&view, copy, out, notes);
	}
}
