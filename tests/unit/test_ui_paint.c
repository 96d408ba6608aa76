/*
 * Painting on a terminal of our own: random pages, one after the other, for every type, must look
 * there as they were meant.  After wide characters and marks, whose widths real terminals dispute,
 * this terminal's cursor stands anywhere; a corner written carelessly scrolls it.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "random.h"
#include "ui/glyph.h"
#include "ui/paint.h"

#define ROWS 12
#define COLS 50

struct pen {
	bool bold, reverse;
	int fg, bg;
};

struct spot {
	char text[GW_CELL_TEXT_MAX + 8];
	struct pen pen;
};

struct vt {
	const struct gw_termtype *type;
	uint64_t *seed;
	int rows, cols, row, col;
	int last_row, last_col; /* of the last character, for its marks */
	bool wrap, late;        /* wraps now; the next character will */
	struct pen pen;
	struct spot spot[ROWS][COLS];
};

static const struct pen plain = {.fg = -1, .bg = -1};

/* Half of a wide character cannot stay: both are blank before [from, to) is written over. */
static void part(struct vt *vt, int row, int from, int to)
{
	struct spot *spot = vt->spot[row];

	if (from < vt->cols && from > 0 && spot[from].text[0] == '\0')
		strcpy(spot[from - 1].text, " ");
	if (to < vt->cols && spot[to].text[0] == '\0')
		strcpy(spot[to].text, " ");
}

static void erase(struct vt *vt, int row, int from, int to)
{
	struct pen pen = plain;

	if (vt->type->fills[GW_ROLE_HEADLINE]) /* bce: the background in force */
		pen.bg = vt->pen.bg;
	part(vt, row, from, to);
	for (int col = from; col < to && col < vt->cols; col++)
		vt->spot[row][col] = (struct spot){.text = " ", .pen = pen};
}

static void clear(struct vt *vt)
{
	for (int row = 0; row < vt->rows; row++)
		erase(vt, row, 0, vt->cols);
	vt->row = vt->col = 0;
	vt->late = false;
}

static void line_feed(struct vt *vt)
{
	if (++vt->row < vt->rows)
		return;
	memmove(vt->spot[0], vt->spot[1], (size_t)(vt->rows - 1) * sizeof(vt->spot[0]));
	vt->row = vt->rows - 1;
	erase(vt, vt->row, 0, vt->cols);
}

static void wrap_line(struct vt *vt)
{
	vt->late = false;
	vt->col = 0;
	line_feed(vt);
}

static void advance(struct vt *vt, int width)
{
	vt->col += width;
	if (vt->col < vt->cols)
		return;
	vt->col = vt->cols - 1;
	if (vt->wrap && vt->type->wraps_late)
		vt->late = true;
	else if (vt->wrap)
		wrap_line(vt);
}

static void put(struct vt *vt, uint32_t c, const char *text, size_t len)
{
	int width = gw_glyph_width(c);
	struct spot *spot;

	if (width == 0) {
		spot = &vt->spot[vt->last_row][vt->last_col];
		strncat(spot->text, text, len);
		vt->col = (int)(random_next(vt->seed) % (unsigned)vt->cols);
		return;
	}
	if (vt->late)
		wrap_line(vt);
	part(vt, vt->row, vt->col, vt->col + width);
	spot = &vt->spot[vt->row][vt->col];
	memset(spot->text, 0, sizeof(spot->text));
	memcpy(spot->text, text, len);
	spot->pen = vt->pen;
	vt->last_row = vt->row;
	vt->last_col = vt->col;
	if (width == 2) {
		assert_true(vt->col + 1 < vt->cols);
		spot[1] = (struct spot){.text = "", .pen = vt->pen};
	}
	advance(vt, width);
	if (width == 2)
		vt->col = (int)(random_next(vt->seed) % (unsigned)vt->cols);
}

static void set_pen(struct vt *vt, const int *p, int n)
{
	for (int i = 0; i < n; i++) {
		if (p[i] == 0)
			vt->pen = plain;
		else if (p[i] == 1)
			vt->pen.bold = true;
		else if (p[i] == 7)
			vt->pen.reverse = true;
		else if (p[i] >= 30 && p[i] <= 37)
			vt->pen.fg = p[i] - 30;
		else if (p[i] >= 40 && p[i] <= 47)
			vt->pen.bg = p[i] - 40;
		else if (p[i] >= 90 && p[i] <= 97)
			vt->pen.fg = p[i] - 90 + 8;
		else if ((p[i] == 38 || p[i] == 48) && i + 2 < n)
			*(p[i] == 38 ? &vt->pen.fg : &vt->pen.bg) = p[i + 2], i += 2;
		else
			assert_true(p[i] == 10);
	}
}

static void control(struct vt *vt, char final, const int *p, int n)
{
	int first = n > 0 && p[0] > 0 ? p[0] : 1, second = n > 1 && p[1] > 0 ? p[1] : 1;

	if (final != 'm' && final != 'h' && final != 'l')
		vt->late = false;
	if (final == 'H')
		vt->row = first - 1, vt->col = second - 1;
	else if (final == 'G')
		vt->col = first - 1;
	else if (final == 'd')
		vt->row = first - 1;
	else if (final == 'C')
		vt->col += first;
	else if (final == 'X')
		erase(vt, vt->row, vt->col, vt->col + first);
	else if (final == 'K')
		erase(vt, vt->row, vt->col, vt->cols);
	else if (final == 'J')
		clear(vt);
	else if (final == 'm')
		set_pen(vt, p, n > 0 ? n : 1);
	else if (final == 'h' || final == 'l')
		vt->wrap = final == 'h';
	else
		fail_msg("unexpected control %c", final);
	assert_in_range(vt->row, 0, vt->rows - 1);
	assert_in_range(vt->col, 0, vt->cols - 1);
}

/* One escape sequence; returns its bytes. */
static size_t escape(struct vt *vt, const char *s)
{
	int p[8] = {0}, n = 0;
	size_t at = 2;

	if (s[1] == '(')
		return 3;
	if (s[1] == 'Y') { /* vt52 */
		vt->row = s[2] - ' ';
		vt->col = s[3] - ' ';
		return 4;
	}
	if (s[1] != '[') {
		control(vt, s[1], p, 0);
		return 2;
	}
	if (s[at] == '?')
		at++;
	for (; (s[at] >= '0' && s[at] <= '9') || s[at] == ';'; at++) {
		n = n == 0 ? 1 : n;
		if (s[at] == ';')
			n++;
		else
			p[n - 1] = p[n - 1] * 10 + (s[at] - '0');
	}
	control(vt, s[at], p, n);
	return at + 1;
}

static void feed(struct vt *vt, const char *s, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint32_t c;
		size_t n = gw_utf8_decode(s + at, len - at, &c);

		if (c == 033)
			n = escape(vt, s + at);
		else if (c >= 0x20)
			put(vt, c, s + at, n);
		else
			assert_true(c == 017); /* of vt100's sgr0 */
		at += n;
	}
}

/* --- what ought to be there ---------------------------------------------------------------------
 */

static struct pen pen_of(const struct gw_termtype *type, enum gw_role role)
{
	struct vt vt = {.type = type, .rows = 1, .cols = 1, .pen = plain};

	feed(&vt, type->look[role], strlen(type->look[role]));
	return vt.pen;
}

static bool same_pen(const struct pen *a, const struct pen *b, bool blank)
{
	if (a->reverse != b->reverse || a->bg != b->bg)
		return false;
	return (blank && !a->reverse) || (a->bold == b->bold && a->fg == b->fg);
}

static void check(const struct vt *vt, const struct gw_canvas *page, const char *name)
{
	bool corner = !vt->type->wraps || vt->type->wraps_late || vt->type->wrap_off[0] != '\0';

	for (int row = 0; row < page->rows; row++)
		for (int col = 0; col < page->cols; col++) {
			const struct gw_cell *cell = gw_canvas_at(page, row, col);
			const struct spot *spot = &vt->spot[row][col];
			struct pen pen = pen_of(vt->type, cell->role);
			char text[GW_CELL_TEXT_MAX];

			if (!corner && row == page->rows - 1 && col + 2 >= page->cols)
				continue; /* a wide character there is left out as well */
			gw_cell_text(page, cell, text);
			if (strcmp(text, spot->text) != 0 ||
			    (cell->width > 0 && !same_pen(&spot->pen, &pen, gw_cell_blank(cell))))
				fail_msg("%s, %dx%d: at %d,%d '%s' for '%s' (role %d)", name,
					 page->cols, page->rows, row, col, spot->text, text,
					 (int)cell->role);
		}
	assert_int_equal(vt->row, page->cursor_row);
	assert_int_equal(vt->col, page->cursor_col);
	assert_true(same_pen(&vt->pen, &plain, false));
}

/* --- random pages -------------------------------------------------------------------------------
 */

static void scribble(struct gw_canvas *page, uint64_t *seed)
{
	static const char *const words[] = {"Batteries",
					    "x",
					    "12.99",
					    "caf\u00E9",
					    "e\u0301a\u0308",
					    "\u62B9\u8336 tea",
					    "\u2500\u2500\u2500",
					    "  ",
					    "F2 Yes"};
	int n = (int)(random_next(seed) % 12);

	for (int i = 0; i < n; i++) {
		enum gw_role role = (enum gw_role)(random_next(seed) % GW_ROLE_COUNT);
		int row = (int)(random_next(seed) % ROWS), col = (int)(random_next(seed) % COLS);
		const char *word = words[random_next(seed) % (sizeof(words) / sizeof(words[0]))];

		if (random_next(seed) % 3 == 0)
			gw_canvas_fill(page, row, col, 1 + (int)(random_next(seed) % 3),
				       (int)(random_next(seed) % COLS), role);
		else
			gw_canvas_put(page, row, col, COLS, role, word);
	}
	page->cursor_row = (int)(random_next(seed) % (unsigned)page->rows);
	page->cursor_col = (int)(random_next(seed) % (unsigned)page->cols);
}

static void paint_all(const struct gw_termtype *type, const char *name, uint64_t *seed)
{
	struct gw_canvas *pages = calloc(2, sizeof(*pages));
	struct gw_out out = {0};
	struct vt *vt = calloc(1, sizeof(*vt));

	assert_true(pages != NULL && vt != NULL);
	*vt = (struct vt){.type = type, .seed = seed, .wrap = type->wraps, .pen = plain};
	vt->rows = 1 + (int)(random_next(seed) % ROWS);
	vt->cols = 2 + (int)(random_next(seed) % (COLS - 1));
	gw_out_text(&out, type->clear);
	for (int i = 0; i < 20; i++) {
		struct gw_canvas *now = &pages[i % 2];

		gw_canvas_start(now, vt->rows, vt->cols, false);
		if (i > 0) /* much stays as it was */
			memcpy(now, &pages[(i + 1) % 2], sizeof(*now));
		scribble(now, seed);
		gw_paint(type, now, i > 0 ? &pages[(i + 1) % 2] : NULL, &out);
		feed(vt, out.bytes, out.len);
		gw_out_clear(&out);
		check(vt, now, name);
	}
	gw_out_release(&out);
	free(vt);
	free(pages);
}

static void looks_as_meant(void **state)
{
	static const char *const types[] = {"xterm-256color", "xterm", "linux", "vt100", "vt220",
					    "screen",         "tmux",  "rxvt",  "ansi",  "vt52"};
	uint64_t seed = random_seed();
	struct gw_err err;
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (int colour = 0; colour < 2; colour++) {
			struct gw_termtype type;

			assert_int_equal(gw_termtype_load(&type, types[i], colour, &err), GW_OK);
			for (int n = 0; n < 40; n++, tried++)
				paint_all(&type, types[i], &seed);
		}
	assert_true(tried > 0);
}

static void unchanged_costs_nothing(void **state)
{
	struct gw_canvas *page = calloc(1, sizeof(*page));
	struct gw_out out = {0};
	struct gw_termtype type;
	struct gw_err err;

	(void)state;
	assert_non_null(page);
	assert_int_equal(gw_termtype_load(&type, "xterm", true, &err), GW_OK);
	gw_canvas_start(page, ROWS, COLS, false);
	gw_canvas_put(page, 3, 3, 20, GW_ROLE_HEADLINE, "e\u0301 Batteries");
	gw_out_text(&out, ""); /* what a type lacks, into a buffer without memory yet */
	gw_paint(&type, page, page, &out);
	assert_int_equal(out.len, strlen("\033[1;1H"));
	gw_out_release(&out);
	free(page);
}

/* Marked characters of two pages may have the same number and yet be two. */
static void marks_are_compared(void **state)
{
	struct gw_canvas *pages = calloc(2, sizeof(*pages));
	struct gw_out out = {0};
	struct gw_termtype type;
	struct gw_err err;

	(void)state;
	assert_non_null(pages);
	assert_int_equal(gw_termtype_load(&type, "xterm", true, &err), GW_OK);
	for (int i = 0; i < 2; i++) {
		gw_canvas_start(&pages[i], 1, 5, false);
		gw_canvas_put(&pages[i], 0, 0, 5, GW_ROLE_TEXT, i == 0 ? "e\u0301" : "a\u0308");
	}
	gw_paint(&type, &pages[1], &pages[0], &out);
	gw_out_add(&out, "", 1);
	assert_non_null(strstr(out.bytes, "a\u0308"));
	gw_out_release(&out);
	free(pages);
}

/* What a type says: padding is left out, what it lacks is not made up. */
static void types_differ(void **state)
{
	struct gw_termtype type;
	struct gw_err err;
	char bytes[GW_TERM_STRING_MAX];

	(void)state;
	assert_int_equal(gw_termtype_load(&type, "vt100", true, &err), GW_OK);
	assert_null(strstr(type.clear, "$<"));
	assert_false(type.colour);
	assert_int_equal(gw_termtype_number(&type, GW_TERM_CUP, 4, 9, bytes), 7);
	assert_memory_equal(bytes, "\033[5;10H", 7);
	assert_int_equal(gw_termtype_number(&type, GW_TERM_ECH, 4, 0, bytes), 0);
	assert_int_equal(gw_termtype_load(&type, "vt52", true, &err), GW_OK);
	assert_int_equal(gw_termtype_number(&type, GW_TERM_CUP, 4, 9, bytes), 4);
	assert_memory_equal(bytes, "\033Y$)", 4);
	assert_int_equal(gw_termtype_load(&type, "no-such-type", true, &err), GW_OK);
	assert_int_equal(gw_termtype_load(&type, "dumb", true, &err), GW_E_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_as_meant),
		cmocka_unit_test(unchanged_costs_nothing),
		cmocka_unit_test(marks_are_compared),
		cmocka_unit_test(types_differ),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
