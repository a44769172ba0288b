/*
 * fuzz_pickup.c: any bytes as a file of Drop, Pickup or Replay.
 *
 * What holds for every input: the message begins inside it; no value could
 * break out of a line; limits are kept; a block that is written is read as
 * the same envelope, as long as its addresses need no guessing.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/pickup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_value(const char *value)
{
	assert(value == NULL || strpbrk(value, "\r\n") == NULL);
}

static bool
is_plain(const char *path)
{
	return strpbrk(path, "\"<> \t") == NULL;
}

static void
check_round_trip(const struct pickup *p)
{
	AUTO(buffer_done) struct buffer block = { 0 };
	AUTO(pickup_done) struct pickup again = { 0 };

	if (p->limits || p->sender == NULL || !is_plain(p->sender))
		return;
	for (size_t i = 0; i < p->rcpts_len; i++)
		if (!is_plain(p->rcpts[i].path))
			return;
	pickup_add_block(&block, p);
	pickup_read(buffer_span(&block), &again);
	assert(again.message_at == block.len && again.rcpts_len == p->rcpts_len);
	assert(strcmp(again.sender, p->sender) == 0 && again.mail_body == p->mail_body);
	for (size_t i = 0; i < p->rcpts_len; i++)
		assert(strcmp(again.rcpts[i].path, p->rcpts[i].path) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = { (const char *)data, size }, message, body;
	AUTO(pickup_done) struct pickup p = { 0 };
	AUTO(buffer_done) struct buffer header = { 0 };

	pickup_read(s, &p);
	assert(p.message_at <= size && p.rcpts_len <= PICKUP_RCPTS_MOST);
	assert(p.given || p.rcpts_len == 0);
	message = (struct span){ s.data + p.message_at, size - p.message_at };
	if (!p.given)
		pickup_read_header(message, &p);
	check_value(p.sender);
	check_value(p.ret);
	check_value(p.envid);
	for (size_t i = 0; i < p.rcpts_len; i++) {
		assert(p.rcpts[i].path[0] != '\0');
		check_value(p.rcpts[i].path);
		check_value(p.rcpts[i].orcpt);
		check_value(p.rcpts[i].notify);
	}
	check_round_trip(&p);
	pickup_add_header(message, &header, &body);
	assert(header.len + body.len <= message.len);
	return 0;
}
