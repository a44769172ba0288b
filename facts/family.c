/*
 * family.c: the finding of the marks of families.
 *
 * All text marks are found in one pass over the folded text: where a word
 * begins, the next four bytes say by a small table whether any mark can.
 */
#include "facts/family.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/notice.h"

/* All marks of one kind, found by their first four bytes. */
#define HEADS      4096
#define MARKS_MOST 1024
struct mark {
	const char *text;
	uint16_t len, row, next; /* next: 1 + index, 0 ends */
};
struct marks {
	uint16_t head[HEADS];
	struct mark all[MARKS_MOST];
	size_t len;
};
static struct marks text_marks, subject_marks;

static unsigned
head_of(const char *s)
{
	uint32_t four;

	memcpy(&four, s, sizeof(four));
	return (four * UINT32_C(2654435761)) >> 20;
}

static void
add_mark(struct marks *marks, const char *text, size_t row)
{
	struct mark *mark = &marks->all[marks->len];
	unsigned head = head_of(text);

	assert(marks->len < MARKS_MOST && strlen(text) >= 4);
	*mark = (struct mark){ .text = text,
			       .len = (uint16_t)strlen(text),
			       .row = (uint16_t)row,
			       .next = marks->head[head] };
	marks->head[head] = (uint16_t)++marks->len;
}

void
family_init(void)
{
	if (text_marks.len > 0)
		return;
	for (size_t i = 0; i < families_len; i++)
		for (size_t k = 0; k < FAMILY_MARKS; k++) {
			if (families[i].text[k] != NULL)
				add_mark(&text_marks, families[i].text[k], i);
			if (families[i].subject[k] != NULL)
				add_mark(&subject_marks, families[i].subject[k], i);
		}
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static void
keep_better(struct family_hits *hits, const struct family *row)
{
	const struct family **best = &hits->of[row->class];

	if (*best == NULL || row->weight > (*best)->weight)
		*best = row;
}

/* What begins at the front of s. */
static void
match_here(const struct marks *marks, struct span s, struct family_hits *hits)
{
	for (unsigned i = s.len < 4 ? 0 : marks->head[head_of(s.data)]; i > 0;
	     i = marks->all[i - 1].next) {
		const struct mark *mark = &marks->all[i - 1];

		if (mark->len <= s.len && memcmp(s.data, mark->text, mark->len) == 0)
			keep_better(hits, &families[mark->row]);
	}
}

static void
match(const struct marks *marks, struct span s, struct family_hits *hits)
{
	for (size_t i = 0; i + 4 <= s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c >= 0x80 ? c >= 0xC0
			      : (i == 0 || !is_word(s.data[i - 1]) || !is_word(s.data[i])))
			match_here(marks, (struct span){ s.data + i, s.len - i }, hits);
	}
}

void
family_match_text(struct span folded, struct family_hits *ret)
{
	*ret = (struct family_hits){ 0 };
	match(&text_marks, folded, ret);
}

void
family_match_subject(struct span folded, bool start, struct family_hits *ret)
{
	*ret = (struct family_hits){ 0 };
	if (start)
		match_here(&subject_marks, folded, ret);
	else
		match(&subject_marks, folded, ret);
}

static bool
bears(const struct message *m, const char *mark)
{
	const char *colon = strchr(mark, ':');
	char name[64];
	size_t len = colon == NULL ? strlen(mark) : (size_t)(colon - mark);

	assert(len < sizeof(name));
	memcpy(name, mark, len);
	name[len] = '\0';
	if (colon == NULL)
		return message_has(m, name);
	return span_starts_nocase(message_field(m, name), colon + 2);
}

const struct family *
family_match_header(const struct message *m)
{
	for (size_t i = 0; i < families_len; i++)
		for (size_t k = 0; k < 4 && families[i].header[k] != NULL; k++)
			if (bears(m, families[i].header[k]))
				return &families[i];
	return NULL;
}
