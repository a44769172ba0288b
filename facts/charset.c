/*
 * charset.c: one list of names.
 *
 * From the IANA registry (preferred MIME names and the aliases that mailers
 * write), with the names of old Microsoft mailers that are in no registry. A
 * charset that is missing here costs a garbled subject, never memory.
 */
#include "facts/charset.h"

#include <string.h>
#include <strings.h>

/* Names that iconv does not know, or knows better by another. */
static const struct {
	const char *name, *iconv;
} aliases[] = {
	{ "unicode-1-1-utf-7", "UTF-7" },
	{ "utf8", "UTF-8" },
	{ "utf-8-mac", "UTF-8" },
	{ "ks_c_5601-1987", "CP949" },
	{ "ks_c_5601", "CP949" },
	{ "ksc5601", "CP949" },
	{ "euc-kr", "CP949" },
	{ "gb2312", "GBK" },
	{ "x-gbk", "GBK" },
	{ "hz-gb-2312", "GBK" },
	{ "x-sjis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "shift_jis", "CP932" },
	{ "windows-31j", "CP932" },
	{ "x-euc-jp", "EUC-JP" },
	{ "x-big5", "BIG5" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-8-e", "ISO-8859-8" },
	{ "x-mac-roman", "MACINTOSH" },
	{ "windows-874", "CP874" },
};

static const char *const names[] = {
	"us-ascii",
	"ascii",
	"ansi_x3.4-1968",
	"iso646-us",
	"utf-8",
	"utf-7",
	"utf-16",
	"utf-16le",
	"utf-16be",
	"utf-32",
	"utf-32le",
	"utf-32be",
	"iso-8859-1",
	"iso-8859-2",
	"iso-8859-3",
	"iso-8859-4",
	"iso-8859-5",
	"iso-8859-6",
	"iso-8859-7",
	"iso-8859-8",
	"iso-8859-9",
	"iso-8859-10",
	"iso-8859-11",
	"iso-8859-13",
	"iso-8859-14",
	"iso-8859-15",
	"iso-8859-16",
	"iso8859-1",
	"iso8859-2",
	"iso8859-5",
	"iso8859-7",
	"iso8859-8",
	"iso8859-9",
	"iso8859-15",
	"iso_8859-1",
	"iso_8859-2",
	"iso_8859-5",
	"iso_8859-7",
	"iso_8859-8",
	"iso_8859-9",
	"iso_8859-15",
	"latin1",
	"latin2",
	"latin5",
	"latin-9",
	"windows-1250",
	"windows-1251",
	"windows-1252",
	"windows-1253",
	"windows-1254",
	"windows-1255",
	"windows-1256",
	"windows-1257",
	"windows-1258",
	"cp1250",
	"cp1251",
	"cp1252",
	"cp1253",
	"cp1254",
	"cp1255",
	"cp1256",
	"cp1257",
	"cp1258",
	"cp437",
	"cp737",
	"cp775",
	"cp850",
	"cp852",
	"cp855",
	"cp857",
	"cp858",
	"cp860",
	"cp861",
	"cp862",
	"cp863",
	"cp865",
	"cp866",
	"cp869",
	"cp874",
	"cp932",
	"cp936",
	"cp949",
	"cp950",
	"ibm437",
	"ibm850",
	"ibm852",
	"ibm855",
	"ibm857",
	"ibm866",
	"koi8-r",
	"koi8-u",
	"koi8-t",
	"gbk",
	"gb18030",
	"big5",
	"big5-hkscs",
	"euc-jp",
	"euc-tw",
	"euc-cn",
	"sjis",
	"iso-2022-jp",
	"iso-2022-jp-1",
	"iso-2022-jp-2",
	"iso-2022-jp-3",
	"iso-2022-kr",
	"iso-2022-cn",
	"iso-2022-cn-ext",
	"johab",
	"tis-620",
	"viscii",
	"tcvn",
	"armscii-8",
	"georgian-academy",
	"georgian-ps",
	"macintosh",
	"mac-cyrillic",
	"maccyrillic",
	"hp-roman8",
};

static bool
is_name(struct span span, const char *name)
{
	return strlen(name) == span.len && strncasecmp(span.data, name, span.len) == 0;
}

const char *
charset_iconv_name(struct span name)
{
	/* RFC 2231 5: "utf-8*en" names a language as well */
	const char *star = name.len == 0 ? NULL : memchr(name.data, '*', name.len);

	if (star != NULL)
		name.len = (size_t)(star - name.data);
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (is_name(name, aliases[i].name))
			return aliases[i].iconv;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_name(name, names[i]))
			return names[i];
	return NULL;
}

/* GMime leaves out what stands behind an asterisk, and looks the rest up in any case. */
static void
tame_word(char *name, size_t len)
{
	static const char ascii[] = "us-ascii";

	if (charset_iconv_name((struct span){ name, len }) != NULL)
		return;
	if (len >= sizeof(ascii) - 1) {
		/* the name, and the rest of its place as a language */
		memset(name, '*', len);
		memcpy(name, ascii, sizeof(ascii) - 1);
		return;
	}
	name[-1] = ' '; /* too short a name to be one: no encoded word */
}

void
charset_tame_words(char *text)
{
	for (char *at = text; (at = strstr(at, "=?")) != NULL;) {
		char *name = at + 2;
		size_t len = strcspn(name, "? \t\r\n");

		if (name[len] == '?' && len > 0)
			tame_word(name, len);
		at = name + len;
	}
}
