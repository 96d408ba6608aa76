#include "ui/glyph.h"

#include <stddef.h>
#include <wchar.h>

#include "base/utf8.h"

int gw_glyph_width(uint32_t c)
{
	if (c >= 0x20 && c < 0x7F)
		return 1;
	if (gw_utf8_is_unsafe(c))
		return -1;
	return wcwidth((wchar_t)c);
}

/* Letters of Latin-1 and Latin Extended-A without their marks, from U+00A0 and U+0100 on. */
static const char *const latin_1[96] = {
	" ",   "!",   "c",   "GBP", "?", "Y", "|",  "S",  "\"", "(c)", "a",  "<<", "-", "-",
	"(R)", "-",   "deg", "+-",  "2", "3", "'",  "u",  "P",  ".",   ",",  "1",  "o", ">>",
	"1/4", "1/2", "3/4", "?",   "A", "A", "A",  "A",  "A",  "A",   "AE", "C",  "E", "E",
	"E",   "E",   "I",   "I",   "I", "I", "D",  "N",  "O",  "O",   "O",  "O",  "O", "x",
	"O",   "U",   "U",   "U",   "U", "Y", "Th", "ss", "a",  "a",   "a",  "a",  "a", "a",
	"ae",  "c",   "e",   "e",   "e", "e", "i",  "i",  "i",  "i",   "d",  "n",  "o", "o",
	"o",   "o",   "o",   "/",   "o", "u", "u",  "u",  "u",  "y",   "th", "y",
};
static const char latin_a[] = "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlL"
			      "lLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
_Static_assert(sizeof(latin_a) - 1 == 128, "Latin Extended-A has 128 letters");

struct pair {
	uint32_t code_point;
	const char *ascii;
};

/* Ascending. */
static const struct pair others[] = {
	{0x2010, "-"},  {0x2011, "-"},   {0x2012, "-"},  {0x2013, "-"},  {0x2014, "-"},
	{0x2018, "'"},  {0x2019, "'"},   {0x201A, ","},  {0x201C, "\""}, {0x201D, "\""},
	{0x201E, "\""}, {0x2022, "*"},   {0x2026, "~"},  {0x2032, "'"},  {0x2039, "<"},
	{0x203A, ">"},  {0x20AC, "EUR"}, {0x2122, "TM"}, {0x2190, "<"},  {0x2191, "^"},
	{0x2192, ">"},  {0x2193, "v"},   {0x2212, "-"},  {0x2500, "-"},  {0x2502, "|"},
	{0x250C, "+"},  {0x2510, "+"},   {0x2514, "+"},  {0x2518, "+"},  {0x251C, "+"},
	{0x2524, "+"},  {0x252C, "+"},   {0x2534, "+"},  {0x253C, "+"},  {0x2588, "#"},
	{0x2591, "."},  {0x25B2, "^"},   {0x25BC, "v"},  {0x25CB, "o"},  {0x25CF, "*"},
	{0x2713, "v"},
};

const char *gw_glyph_ascii(uint32_t c)
{
	/* One string a letter, so that latin_a can stay readable. */
	static const char letters[] = "A\0B\0C\0D\0E\0F\0G\0H\0I\0J\0K\0L\0M\0N\0O\0P\0Q\0R\0S\0T\0"
				      "U\0V\0W\0X\0Y\0Z\0a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0"
				      "o\0p\0q\0r\0s\0t\0u\0v\0w\0x\0y\0z";

	if (c >= 0xA0 && c < 0x100)
		return latin_1[c - 0xA0];
	if (c == 0x152)
		return "OE";
	if (c == 0x153)
		return "oe";
	if (c >= 0x100 && c < 0x180) {
		char letter = latin_a[c - 0x100];
		size_t at = (size_t)(letter >= 'a' ? letter - 'a' + 26 : letter - 'A');

		return &letters[2 * at];
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].code_point == c)
			return others[i].ascii;
	return "?";
}
