/*
 * digest.c: gathering a digest.
 *
 * All questions see the store at one moment, so that the sums agree with the
 * lists. A struct digest owns every string in it; each is clean, whatever a
 * stranger had written.
 */
#include "report/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "facts/codes.h"
#include "report/columns.h"

const struct digest_column digest_columns[] = {
	{ "all", 0 },
	{ "held", 1U << RECORD_HELD },
	{ "deleted", 1U << RECORD_DELETED },
	{ "waiting", 1U << RECORD_SENDING | 1U << RECORD_RELEASING },
	{ "sent", 1U << RECORD_SENT },
	{ "released", 1U << RECORD_RELEASED },
	{ "failed", 1U << RECORD_FAILED },
	{ .heading = NULL },
};

static char *
clean(const struct digest *d, const char *text)
{
	return columns_clean(text != NULL ? span_of(text) : SPAN(""), d->ascii);
}

static int
take_count(const struct store_digest_count *count, void *ctx)
{
	struct digest *d = ctx;

	d->counts = array_grow(d->counts, &d->counts_size, d->counts_len, sizeof(*d->counts));
	d->counts[d->counts_len++] = (struct digest_count){
		.class = clean(d, count->class),
		.verdict = clean(d, count->verdict),
		.state = count->state,
		.records = count->records,
	};
	d->records += count->records;
	if (count->state == RECORD_HELD)
		d->held += count->records;
	return 0;
}

static int
take_domain(const struct store_digest_share *share, void *ctx)
{
	struct digest *d = ctx;

	d->domains[d->domains_len++] =
		(struct digest_share){ clean(d, share->name), share->records, share->held };
	return 0;
}

static int
take_status(const struct store_digest_share *share, void *ctx)
{
	struct digest *d = ctx;

	d->statuses[d->statuses_len++] =
		(struct digest_share){ clean(d, share->name), share->records, share->held };
	return 0;
}

static int
take_storm(const struct store_storm *storm, void *ctx)
{
	struct digest *d = ctx;

	d->storms[d->storms_len++] = (struct digest_storm){
		.id = storm->id,
		.rule = clean(d, storm->rule),
		.shared = clean(d, storm->shared),
		.began_at_ms = storm->began_at_ms,
		.last_at_ms = storm->last_at_ms,
		.members = storm->members,
	};
	return 0;
}

static int
take_held(const struct store_digest_held *held, void *ctx)
{
	struct digest *d = ctx;

	d->items[d->items_len++] = (struct digest_held){
		.id = held->id,
		.received_at_ms = held->received_at_ms,
		.rcpt = columns_clean(held->rcpt, d->ascii),
		.status = clean(d, held->status),
		.final = clean(d, held->final),
		.from = clean(d, held->from),
		.subject = clean(d, held->subject),
	};
	return 0;
}

static int
gather(struct store *store, const struct store_stretch *stretch, struct digest *d,
       struct error *err)
{
	if (store_digest_counts(store, stretch, take_count, d, err) < 0 ||
	    store_digest_top(store, stretch, DIGEST_BY_DOMAIN, DIGEST_TOP_MAX, take_domain, d,
			     err) < 0 ||
	    store_digest_top(store, stretch, DIGEST_BY_STATUS, DIGEST_TOP_MAX, take_status, d,
			     err) < 0 ||
	    store_digest_storms(store, d->from_ms, d->until_ms, DIGEST_TOP_MAX, take_storm, d,
				err) < 0 ||
	    store_digest_held(store, stretch, DIGEST_HELD_MAX, take_held, d, err) < 0 ||
	    store_digest_held_all(store, &d->held_all, err) < 0)
		return -1;
	return store_digest_copies(store, stretch, &d->copies, err);
}

int
digest_gather(struct store *store, const struct digest_request *request, struct digest **ret_digest,
	      struct error *err)
{
	AUTO(digest_freep) struct digest *d = xcalloc(1, sizeof(*d));
	int rc;

	d->hostname = xstrdup(request->hostname);
	d->from_ms = request->from_ms;
	d->until_ms = request->until_ms;
	d->ascii = request->ascii;
	if (store_snapshot_begin(store, err) < 0)
		return -1;
	rc = gather(store, &request->stretch, d, err);
	store_snapshot_end(store);
	if (rc == 0)
		*ret_digest = TAKE(d);
	return rc;
}

void
digest_freep(struct digest **digest)
{
	struct digest *d = TAKE(*digest);

	if (d == NULL)
		return;
	for (size_t i = 0; i < d->counts_len; i++) {
		free(d->counts[i].class);
		free(d->counts[i].verdict);
	}
	free(d->counts);
	for (size_t i = 0; i < DIGEST_TOP_MAX; i++) {
		free(d->domains[i].name);
		free(d->statuses[i].name);
	}
	for (size_t i = 0; i < d->storms_len; i++) {
		free(d->storms[i].rule);
		free(d->storms[i].shared);
	}
	for (size_t i = 0; i < d->items_len; i++) {
		free(d->items[i].rcpt);
		free(d->items[i].status);
		free(d->items[i].final);
		free(d->items[i].from);
		free(d->items[i].subject);
	}
	free(d->hostname);
	free(d);
}

bool
digest_is_empty(const struct digest *digest)
{
	return digest->records == 0 && digest->copies.left_out == 0 && digest->copies.failed == 0;
}

/* ---- words ------------------------------------------------------------- */

int64_t
digest_sum(const struct digest *digest, const char *class, const char *verdict, unsigned states)
{
	int64_t sum = 0;

	for (size_t i = 0; i < digest->counts_len; i++) {
		const struct digest_count *c = &digest->counts[i];

		if ((class == NULL || strcmp(c->class, class) == 0) &&
		    (verdict == NULL || strcmp(c->verdict, verdict) == 0) &&
		    (states == 0 || (states & 1U << c->state) != 0))
			sum += c->records;
	}
	return sum;
}

/* ", " between two, nothing for 0. */
static void
add_part(struct buffer *out, int64_t number, const char *word)
{
	char text[COLUMNS_NUMBER_SIZE];

	if (number > 0)
		buffer_printf(out, "%s%s %s", out->len > 0 ? ", " : "",
			      columns_number(number, text), word);
}

char *
digest_summary(const struct digest *digest)
{
	struct buffer out = { 0 };

	buffer_add_str(&out, "");
	for (const struct digest_column *c = &digest_columns[1]; c->heading != NULL; c++)
		add_part(&out, digest_sum(digest, NULL, NULL, c->states), c->heading);
	return buffer_take(&out);
}

char *
digest_verdicts(const struct digest *digest)
{
	static const char *const verdicts[] = { "send", "hold", "delete" };
	struct buffer out = { 0 };

	buffer_add_str(&out, "");
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		add_part(&out, digest_sum(digest, NULL, verdicts[i], 0), verdicts[i]);
	return buffer_take(&out);
}

char *
digest_copies(const struct digest *digest)
{
	const struct store_digest_copies *c = &digest->copies;
	struct buffer out = { 0 };

	buffer_add_str(&out, "");
	add_part(&out, c->sent, "sent");
	add_part(&out, c->waiting, "waiting");
	add_part(&out, c->failed, "refused by the relay");
	add_part(&out, c->left_out, "not made (copy_limit)");
	if (out.len == 0)
		buffer_done(&out);
	return out.len > 0 ? buffer_take(&out) : NULL;
}

char *
digest_subject(const struct digest *digest)
{
	AUTO(freep) char *summary = digest_summary(digest);
	AUTO(freep) char *copies = digest_copies(digest);

	if (summary[0] != '\0')
		return xasprintf("ndrq: %s", summary);
	return xasprintf("ndrq: %s%s", copies != NULL ? "copies: " : "nothing came",
			 copies != NULL ? copies : "");
}

char *
digest_cause(const char *status)
{
	struct facts_explanation explanation;

	if (status[0] == '\0')
		return xstrdup("(not said)");
	if (facts_explain(status, &explanation) == 0)
		return xstrdup(status);
	return xasprintf("%s %s", status, explanation.known->meaning);
}

const char *
digest_domain(const char *name)
{
	return name[0] != '\0' ? name : "(none)";
}

const char *
digest_time(int64_t at_ms, char out[DIGEST_TIME_SIZE])
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(out, DIGEST_TIME_SIZE, "%Y-%m-%d %H:%M %z", &tm) == 0)
		out[0] = '\0';
	return out;
}
