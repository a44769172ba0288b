/*
 * wire.c: lines, replies and socket addresses.
 *
 * A line is looked for with memchr and never copied. A reply keeps at most
 * REPLY_KEPT bytes of text however long the relay talks; how many lines it may
 * send is for the caller to bound. Nothing here waits, logs or fails for want
 * of memory; what is malformed is a return value.
 */
#include "qmgr/wire.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define REPLY_KEPT 4096

int
wire_next_line(struct span data, size_t most, struct span *ret_line, size_t *ret_used)
{
	size_t len = data.len < most ? data.len : most;
	size_t from = 0;

	while (from < len) {
		const char *lf = memchr(data.data + from, '\n', len - from);
		size_t at;

		if (lf == NULL)
			break;
		at = (size_t)(lf - data.data);
		/* RFC 5321 2.3.8: CR LF ends a line, a bare LF does not. */
		if (at > 0 && lf[-1] == '\r') {
			*ret_line = (struct span){ data.data, at - 1 };
			*ret_used = at + 1;
			return 1;
		}
		from = at + 1;
	}
	return data.len >= most ? -1 : 0;
}

/* ---- replies ---------------------------------------------------------- */

/* RFC 5321 4.2: three digits, the first of them 2 to 5 (1yz was never used). 0: none. */
static int
reply_code(struct span line)
{
	int code = 0;

	if (line.len < 3 || line.data[0] < '2' || line.data[0] > '5')
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (line.data[i] < '0' || line.data[i] > '9')
			return 0;
		code = code * 10 + (line.data[i] - '0');
	}
	return code;
}

static void
reply_keep(struct wire_reply *reply, struct span text)
{
	size_t room;

	if (reply->lines > 0 && reply->text.len < REPLY_KEPT)
		buffer_add_char(&reply->text, '\n');
	room = REPLY_KEPT - reply->text.len;
	buffer_add(&reply->text, text.data, text.len < room ? text.len : room);
}

int
wire_reply_add(struct wire_reply *reply, struct span line)
{
	int code = reply_code(line);
	bool last;

	assert(reply->code == 0);
	if (code == 0)
		return -1;
	last = line.len == 3 || line.data[3] == ' ';
	if (!last && line.data[3] != '-')
		return -1;
	/* RFC 5321 4.2.1: every line of a reply bears the same code. */
	if (reply->lines > 0 && code != reply->first_code)
		return -1;
	reply_keep(reply, (struct span){ line.data + (line.len > 3 ? 4 : 3),
					 line.len - (line.len > 3 ? 4 : 3) });
	reply->first_code = code;
	reply->lines++;
	if (!last)
		return 0;
	reply->code = code;
	return 1;
}

void
wire_reply_done(struct wire_reply *reply)
{
	buffer_done(&reply->text);
	*reply = (struct wire_reply){ 0 };
}

/* ---- addresses of sockets --------------------------------------------- */

static bool
parse_port(const char *text, in_port_t *ret_port)
{
	unsigned long port = 0;

	if (*text == '\0' || strlen(text) > 5 || text[strspn(text, "0123456789")] != '\0')
		return false;
	port = strtoul(text, NULL, 10);
	if (port == 0 || port > 65535)
		return false;
	*ret_port = htons((uint16_t)port);
	return true;
}

static int
parse_unix(const char *path, struct sockaddr_storage *ret_address, unsigned *ret_len,
	   struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (path[0] != '/')
		return error_set(err, ERROR_PERM, "the socket unix:%s is no absolute path", path);
	if (len >= sizeof(address.sun_path))
		return error_set(err, ERROR_PERM, "the socket unix:%s is longer than %zu bytes",
				 path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, len + 1);
	memset(ret_address, 0, sizeof(*ret_address));
	memcpy(ret_address, &address, sizeof(address));
	*ret_len = (unsigned)sizeof(address);
	return 0;
}

/* host is without brackets, which say that it is an IPv6 address. */
static bool
parse_inet(const char *host, const char *port, bool brackets, struct sockaddr_storage *ret_address,
	   unsigned *ret_len)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (!parse_port(port, brackets ? &v6.sin6_port : &v4.sin_port))
		return false;
	if (inet_pton(brackets ? AF_INET6 : AF_INET, host,
		      brackets ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
		return false;
	memset(ret_address, 0, sizeof(*ret_address));
	*ret_len = (unsigned)(brackets ? sizeof(v6) : sizeof(v4));
	memcpy(ret_address, brackets ? (void *)&v6 : (void *)&v4, *ret_len);
	return true;
}

int
wire_parse_address(const char *text, struct sockaddr_storage *ret_address, unsigned *ret_len,
		   struct error *err)
{
	char host[INET6_ADDRSTRLEN + 1] = "";
	const char *colon = strrchr(text, ':');
	bool brackets = text[0] == '[';
	size_t len;

	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, ret_address, ret_len, err);
	if (colon != NULL && (!brackets || (colon - text >= 2 && colon[-1] == ']'))) {
		len = (size_t)(colon - text) - (brackets ? 2 : 0);
		if (len < sizeof(host)) {
			memcpy(host, text + (brackets ? 1 : 0), len);
			if (parse_inet(host, colon + 1, brackets, ret_address, ret_len))
				return 0;
		}
	}
	return error_set(err, ERROR_PERM,
			 "the address \"%s\" is neither unix:/path nor 127.0.0.1:25 nor [::1]:25",
			 text);
}

bool
wire_address_is_local(const struct sockaddr_storage *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (address->ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		memcpy(&v4, address, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		memcpy(&v6, address, sizeof(v6));
		return memcmp(&v6.sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
	}
	return false;
}
