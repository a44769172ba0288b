/*
 * error_code.c: a table.
 *
 * 0xC00402C7 is from a .bdr that an administrator quoted. 0x8007NNNN is Win32
 * error NNNN by definition; those of Winsock and DNS are what an SMTP service
 * meets. A code that is not here is shown as it is.
 */
#include "facts/error_code.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct error_code codes[] = {
	{ 0xC00402C7, NULL, "a delivery status notification that could not be delivered itself" },

	{ 0x80004001, "E_NOTIMPL", "not implemented" },
	{ 0x80004004, "E_ABORT", "aborted" },
	{ 0x80004005, "E_FAIL", "unspecified failure" },
	{ 0x8000FFFF, "E_UNEXPECTED", "unexpected failure" },
	{ 0x80070002, "ERROR_FILE_NOT_FOUND", "a file was not found" },
	{ 0x80070003, "ERROR_PATH_NOT_FOUND", "a folder was not found" },
	{ 0x80070005, "E_ACCESSDENIED", "access denied" },
	{ 0x80070008, "ERROR_NOT_ENOUGH_MEMORY", "not enough memory" },
	{ 0x8007000E, "E_OUTOFMEMORY", "out of memory" },
	{ 0x80070020, "ERROR_SHARING_VIOLATION", "a file was in use by another process" },
	{ 0x80070057, "E_INVALIDARG", "invalid argument" },
	{ 0x80070070, "ERROR_DISK_FULL", "the disk was full" },

	{ 0x80072743, "WSAENETUNREACH", "the network was unreachable" },
	{ 0x80072745, "WSAECONNABORTED", "the connection was aborted here" },
	{ 0x80072746, "WSAECONNRESET", "the connection was reset by the other side" },
	{ 0x8007274C, "WSAETIMEDOUT", "the connection timed out" },
	{ 0x8007274D, "WSAECONNREFUSED", "the connection was refused" },
	{ 0x80072751, "WSAEHOSTUNREACH", "the host was unreachable" },
	{ 0x80072AF9, "WSAHOST_NOT_FOUND", "the host name does not exist" },
	{ 0x80072AFA, "WSATRY_AGAIN", "the host name could not be looked up at that time" },
	{ 0x80072AFC, "WSANO_DATA", "the host name has no address" },

	{ 0x8007232A, "DNS_ERROR_RCODE_SERVER_FAILURE", "DNS server failure" },
	{ 0x8007232B, "DNS_ERROR_RCODE_NAME_ERROR", "the DNS name does not exist" },
	{ 0x8007251D, "DNS_INFO_NO_RECORDS", "DNS has no records for the query" },
};

const struct error_code *
error_code_find(uint32_t code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return &codes[i];
	return NULL;
}

const char *
error_code_meaning(uint32_t code)
{
	const struct error_code *known = error_code_find(code);

	return known != NULL ? known->meaning : "not known";
}

int
error_code_parse(const char *text, uint32_t *ret)
{
	size_t digits;

	if (strncasecmp(text, "0x", 2) != 0)
		return 0;
	digits = strspn(text + 2, "0123456789abcdefABCDEF");
	if (digits == 0 || digits > 8 || text[2 + digits] != '\0')
		return 0;
	*ret = (uint32_t)strtoul(text + 2, NULL, 16);
	return 1;
}
