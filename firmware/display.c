#include "firmware/display.h"

#include "firmware/display_pages.h"
#include "link/glyphs.h"

enum { ESC = 0x1B, US = 0x1F, CR = 0x0D, CLEAR = 0x0C, PAGE_437 = 0, PAGE_858 = 19 };

/* What is worth more than '?' beyond Latin Extended-A. */
static const struct {
	uint16_t code_point;
	uint8_t ascii;
} others[] = {
	{0x0192, 'f'},  {0x0218, 'S'}, {0x0219, 's'},  {0x021A, 'T'},  {0x021B, 't'},
	{0x02BC, '\''}, {0x1E9E, 'S'}, {0x2010, '-'},  {0x2011, '-'},  {0x2012, '-'},
	{0x2013, '-'},  {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''}, {0x201A, '\''},
	{0x201C, '"'},  {0x201D, '"'}, {0x201E, '"'},  {0x2022, '*'},  {0x2026, '.'},
	{0x202F, ' '},  {0x2039, '<'}, {0x203A, '>'},  {0x20AC, 'E'},  {0x2212, '-'},
};

/* Decodes one character; malformed bytes count as one '?' each. */
static size_t decode(const uint8_t *p, size_t len, uint32_t *code_point)
{
	unsigned more = p[0] >= 0xF0 ? 3 : p[0] >= 0xE0 ? 2 : p[0] >= 0xC2 ? 1 : 0;

	*code_point = p[0];
	if (p[0] < 0x80)
		return 1;
	*code_point = 0xFFFD;
	if (more == 0 || p[0] > 0xF4 || more >= len)
		return 1;
	uint32_t c = p[0] & (0x3Fu >> more);

	for (unsigned i = 1; i <= more; i++) {
		if ((p[i] & 0xC0u) != 0x80)
			return 1;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	*code_point = c;
	return more + 1;
}

static uint8_t in_page(const struct gw_display *d, uint32_t c)
{
	if (c >= 0x20 && c < 0x7F)
		return (uint8_t)c;
	if (c >= 0xA0 && c < 0x100)
		return d->page == GW_DISPLAY_CP858 ? gw_display_cp858[c - 0xA0]
						   : gw_display_cp437[c - 0xA0];
	if (c >= 0x100 && c < 0x180)
		return (uint8_t)gw_display_latin[c - 0x100];
	if (c == 0x20AC && d->page == GW_DISPLAY_CP858)
		return 0xD5;
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].code_point == c)
			return others[i].ascii;
	return '?';
}

void gw_display_line(const struct gw_display *d, uint8_t out[GW_DISPLAY_COLUMNS],
		     const uint8_t *text, size_t len)
{
	size_t n = 0, at = 0;

	while (at < len && n < GW_DISPLAY_COLUMNS) {
		uint32_t c;

		at += decode(text + at, len - at, &c);
		if (!gw_glyph_is_mark(c))
			out[n++] = in_page(d, c);
	}
	while (n < GW_DISPLAY_COLUMNS)
		out[n++] = ' ';
}

static size_t put_page(const struct gw_display *d, uint8_t *out)
{
	out[0] = ESC;
	out[1] = 't';
	out[2] = d->page == GW_DISPLAY_CP858 ? PAGE_858 : PAGE_437;
	return 3;
}

size_t gw_display_start(const struct gw_display *d, uint8_t out[GW_DISPLAY_MAX])
{
	size_t n = 0;

	/* After ESC Q only CLR is obeyed (CD5220 manual, note to the table of commands), and the
	 * display may have seen one before we were reset. */
	if (d->type == GW_DISPLAY_CD5220)
		out[n++] = CLEAR;
	out[n++] = ESC; /* both sets: initialise */
	out[n++] = '@';
	/* The code page.  The CD5220's own list has no such command, its clones take Epson's; one
	 * that takes it for text is cleared at the end. */
	n += put_page(d, out + n);
	out[n++] = CLEAR;
	return n;
}

static size_t put_prefix(const struct gw_display *d, uint8_t *out, uint8_t row)
{
	if (d->type == GW_DISPLAY_CD5220) {
		out[0] = ESC;
		out[1] = 'Q';
		out[2] = (uint8_t)('A' + row);
		return 3;
	}
	out[0] = US;
	out[1] = '$';
	out[2] = 1;
	out[3] = (uint8_t)(row + 1u);
	return 4;
}

size_t gw_display_show_lines(const struct gw_display *d, uint8_t out[GW_DISPLAY_MAX],
			     const uint8_t line1[GW_DISPLAY_COLUMNS],
			     const uint8_t line2[GW_DISPLAY_COLUMNS])
{
	size_t n = 0;

	/* It may have been switched on since the start.  A CD5220 obeys this no more. */
	if (d->type == GW_DISPLAY_ESCPOS)
		n += put_page(d, out);
	for (uint8_t row = 0; row < 2; row++) {
		const uint8_t *line = row == 0 ? line1 : line2;

		n += put_prefix(d, out + n, row);
		for (size_t i = 0; i < GW_DISPLAY_COLUMNS; i++)
			out[n++] = line[i];
		if (d->type == GW_DISPLAY_CD5220)
			out[n++] = CR;
	}
	return n;
}

size_t gw_display_show(const struct gw_display *d, uint8_t out[GW_DISPLAY_MAX],
		       const uint8_t *line1, size_t len1, const uint8_t *line2, size_t len2)
{
	uint8_t lines[2][GW_DISPLAY_COLUMNS];

	gw_display_line(d, lines[0], line1, len1);
	gw_display_line(d, lines[1], line2, len2);
	return gw_display_show_lines(d, out, lines[0], lines[1]);
}
