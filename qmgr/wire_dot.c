/*
 * wire_dot.c: the body of DATA, both ways (RFC 5321 4.1.1.4, 4.5.2).
 *
 * Every byte of every message runs through here in the loop thread, so both
 * directions go from line end to line end with memchr and hand on runs. Only
 * CR LF . CR LF ends a message; a bare CR or LF never does (else a message
 * could hold a second one: "SMTP smuggling"). Received bytes are kept as they
 * are but for the stuffed dots; sent bytes know no line end but CR LF.
 */
#include "qmgr/wire.h"

#include <string.h>

/*
 *	          CR LF          "."            CR            LF
 *	IN_LINE ────────► START ─────► DOT ────────► DOT_CR ─────► the end
 *	   ▲ ▲              │ else      │ else         │ else
 *	   │ └──────────────┴───────────┘              ▼
 *	   └────────────────────────────────────── AFTER_CR  (LF ──► START)
 *
 * In DOT the dot is withheld and already dropped; in DOT_CR a CR as well, which
 * is given after all when no LF follows. AFTER_CR: the last byte was a CR, which
 * matters only where the stream is cut.
 */
enum undot_state { UNDOT_START = 0, UNDOT_IN_LINE, UNDOT_AFTER_CR, UNDOT_DOT, UNDOT_DOT_CR };

struct undot_run {
	const char *start;
	void (*emit)(void *ctx, const char *data, size_t len);
	void *ctx;
};

static void
run_emit(struct undot_run *run, const char *stop)
{
	if (stop > run->start)
		run->emit(run->ctx, run->start, (size_t)(stop - run->start));
	run->start = stop;
}

/* From within a line to the first byte behind its LF, or to end. */
static const char *
undot_line(struct wire_undot *u, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	if (lf == NULL) {
		u->state = end[-1] == '\r' ? UNDOT_AFTER_CR : UNDOT_IN_LINE;
		return end;
	}
	u->state = lf > p && lf[-1] == '\r' ? UNDOT_START : UNDOT_IN_LINE;
	return lf + 1;
}

/* One step; the byte that ends the message leaves NULL. */
static const char *
undot_step(struct wire_undot *u, struct undot_run *run, const char *p, const char *end)
{
	switch ((enum undot_state)u->state) {
	case UNDOT_START:
		u->state = UNDOT_IN_LINE;
		if (*p != '.')
			return undot_line(u, p, end);
		/* RFC 5321 4.5.2: a dot that begins a line is dropped. */
		run_emit(run, p);
		run->start = p + 1;
		u->state = UNDOT_DOT;
		return p + 1;
	case UNDOT_IN_LINE:
		return undot_line(u, p, end);
	case UNDOT_AFTER_CR:
		u->state = UNDOT_IN_LINE;
		if (*p != '\n')
			return undot_line(u, p, end);
		u->state = UNDOT_START;
		return p + 1;
	case UNDOT_DOT:
		u->state = UNDOT_IN_LINE;
		if (*p != '\r')
			return p;
		run->start = p + 1;
		u->state = UNDOT_DOT_CR;
		return p + 1;
	case UNDOT_DOT_CR:
		u->state = UNDOT_START;
		if (*p == '\n')
			return NULL;
		run->emit(run->ctx, "\r", 1);
		u->state = UNDOT_AFTER_CR;
		return p;
	}
	return NULL;
}

bool
wire_undot(struct wire_undot *u, struct span in, size_t *ret_used,
	   void (*emit)(void *ctx, const char *data, size_t len), void *ctx)
{
	struct undot_run run = { in.data, emit, ctx };
	const char *p = in.data;
	const char *end = in.len > 0 ? p + in.len : p;

	while (p < end) {
		const char *next = undot_step(u, &run, p, end);

		if (next == NULL) {
			*ret_used = (size_t)(p + 1 - in.data);
			return true;
		}
		p = next;
	}
	run_emit(&run, end);
	*ret_used = in.len;
	return false;
}

/* ---- sending ---------------------------------------------------------- */

/* DOT_AFTER_CR: a CR LF was written for a CR; a LF now would be its own. */
enum dot_state { DOT_START = 0, DOT_IN_LINE, DOT_AFTER_CR };

static void
dot_line_end(struct wire_dot *d, struct buffer *out, enum dot_state next)
{
	buffer_add(out, "\r\n", 2);
	d->state = (int)next;
}

/* Bytes without LF. */
static void
dot_text(struct wire_dot *d, const char *p, const char *end, struct buffer *out)
{
	while (p < end) {
		const char *cr = memchr(p, '\r', (size_t)(end - p));
		const char *stop = cr != NULL ? cr : end;

		if (stop > p) {
			if (*p == '.' && d->state != DOT_IN_LINE && !d->plain)
				buffer_add_char(out, '.');
			buffer_add(out, p, (size_t)(stop - p));
			d->state = DOT_IN_LINE;
		}
		if (cr == NULL)
			return;
		dot_line_end(d, out, DOT_AFTER_CR);
		p = cr + 1;
	}
}

void
wire_dot(struct wire_dot *d, struct span in, struct buffer *out)
{
	const char *p = in.data;
	const char *end = in.len > 0 ? p + in.len : p;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		dot_text(d, p, lf != NULL ? lf : end, out);
		if (lf == NULL)
			return;
		if (d->state == DOT_AFTER_CR)
			d->state = DOT_START;
		else
			dot_line_end(d, out, DOT_START);
		p = lf + 1;
	}
}

void
wire_dot_finish_line(struct wire_dot *d, struct buffer *out)
{
	if (d->state == DOT_IN_LINE)
		dot_line_end(d, out, DOT_START);
}

void
wire_dot_end(struct wire_dot *d, struct buffer *out)
{
	wire_dot_finish_line(d, out);
	buffer_add(out, ".\r\n", 3);
	d->state = DOT_START;
}
