#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "facts/xtext.h"

#define S(literal)                                                                                 \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	struct span text, decoded;
} xtexts[] = {
	{ S(""), S("") },
	{ S("a@b"), S("a@b") },
	{ S("a+2Bb+3Dc@d"), S("a+b=c@d") },
	{ S("+2b"), S("+") },
	{ S("+00"), S("\0") },
	{ S("a+"), S("a+") },
	{ S("a+2"), S("a+2") },
	{ S("a+2G+20"), S("a+2G ") },
	{ S("++2B2B"), S("++2B") },
	{ S("\\x{436}\\x{5C}"), S("ж\\") },
	{ S("\\x{20AC}\\x{1F4E7}\\x{10FFFF}"), S("€📧\xF4\x8F\xBF\xBF") },
	{ S("\\x{41}\\x{e9}"), S("Aé") },
	{ S("\\x{}\\x{1}\\x{1234567}"), S("\\x{}\\x{1}\\x{1234567}") },
	{ S("\\x{D800}\\x{110000}\\x{00}"), S("\\x{D800}\\x{110000}\\x{00}") },
	{ S("\\x{41"), S("\\x{41") },
	{ S("\\x{"), S("\\x{") },
	{ S("\\"), S("\\") },
	{ S("жертва"), S("жертва") },
};

Test(xtext, is_decoded_and_what_is_malformed_stays)
{
	for (size_t i = 0; i < COUNT(xtexts); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		xtext_decode(xtexts[i].text, &out);
		cr_expect(span_equal(buffer_span(&out), xtexts[i].decoded), "case %zu: \"%.*s\"", i,
			  (int)out.len, out.data);
	}
}
