/* Cells: clipping, wide characters, marks, unsafe characters, ASCII. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ui/canvas.h"
#include "ui/glyph.h"

static struct gw_canvas *page;

/* A row as text, the right halves of wide characters as '>'. */
static const char *row_text(int row, char out[200])
{
	struct gw_text t = gw_text_over(out, 200);

	for (int col = 0; col < page->cols; col++) {
		const struct gw_cell *cell = gw_canvas_at(page, row, col);

		char text[GW_CELL_TEXT_MAX];

		gw_text_add_bytes(&t, text, gw_cell_text(page, cell, text));
		if (cell->width == 0)
			gw_text_add_char(&t, '>');
	}
	return out;
}

static void put_clips(void **state)
{
	/* into 8 cells from column 1, `room` wide */
	static const struct {
		int col, room;
		bool ascii;
		const char *text, *want;
		int used;
	} rows[] = {
		{1, 6, false, "apple", " apple  ", 5},
		{1, 5, false, "apples", " appl\u2026  ", 5},
		{1, 5, true, "apples", " appl~  ", 5},
		{1, 0, false, "apple", "        ", 0},
		{1, -3, false, "apple", "        ", 0},
		{6, 5, false, "apple", "      ap", 5},
		{-2, 5, false, "apple", "ple     ", 5},
		/* two cells each; what would be cut in half is left out */
		{1, 6, false, "\u62B9\u8336", " \u62B9>\u8336>   ", 4},
		{1, 4, false, "\u62B9\u8336\u7D05", " \u62B9>\u2026    ", 3},
		{1, 5, false, "\u62B9\u8336\u7D05", " \u62B9>\u8336>\u2026  ", 5},
		{7, 2, false, "\u62B9", "        ", 2},
		{1, 6, true, "\u62B9a", " ??a    ", 3},
		/* marks sit on their character, three at most; without one they go */
		{1, 6, false, "e\u0301a", " e\u0301a     ", 2},
		{1, 6, false, "\u0301a", " a      ", 1},
		{1, 6, false, "z\u0300\u0301\u0302\u0303\u0304\u0305\u0306",
		 " z\u0300\u0301\u0302      ", 1},
		{1, 6, true, "e\u0301a", " ea     ", 2},
		/* controls become blanks, invisible characters nothing */
		{1, 6, false, "a\rb\033c", " a b c  ", 5},
		{1, 6, false, "a\u202Eb\u200Bc", " abc    ", 3},
		{1, 6, false, "a\u00ADb", " ab     ", 2},
		{1, 6, false,
		 "a\xFF"
		 "b",
		 " a\uFFFD"
		 "b    ",
		 3},
		{1, 6, true, "\u00C4\u00DF\u20AC", " AssEUR ", 6},
	};
	char got[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gw_canvas_start(page, 1, 8, rows[i].ascii);
		assert_int_equal(gw_canvas_put(page, 0, rows[i].col, rows[i].room, GW_ROLE_TEXT,
					       rows[i].text),
				 rows[i].used);
		assert_string_equal(row_text(0, got), rows[i].want);
	}
}

/* What begins beyond the edge must not go on in the next row. */
static void nothing_beyond_the_edge(void **state)
{
	char got[200];

	(void)state;
	gw_canvas_start(page, 2, 8, false);
	gw_canvas_put(page, 0, 9, 5, GW_ROLE_TEXT, "apple");
	gw_canvas_put(page, 0, 8, 5, GW_ROLE_TEXT, "apple");
	gw_canvas_fill(page, 0, 9, 1, 3, GW_ROLE_WARN);
	assert_string_equal(row_text(0, got), "        ");
	assert_string_equal(row_text(1, got), "        ");
}

static void halves_do_not_stay_behind(void **state)
{
	static const struct {
		int col;
		const char *text, *want;
	} rows[] = {
		{1, "x", " x    "},           /* over the left half */
		{2, "x", "  x   "},           /* over the right half */
		{0, "\u8336", "\u8336>    "}, /* wide over the left half */
		{2, "\u8336", "  \u8336>  "}, /* wide over the right half */
	};
	char got[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gw_canvas_start(page, 1, 6, false);
		gw_canvas_put(page, 0, 1, 2, GW_ROLE_TEXT, "\u62B9");
		gw_canvas_put(page, 0, rows[i].col, 4, GW_ROLE_TEXT, rows[i].text);
		assert_string_equal(row_text(0, got), rows[i].want);
	}
	gw_canvas_start(page, 1, 6, false);
	gw_canvas_put(page, 0, 1, 2, GW_ROLE_TEXT, "\u62B9");
	gw_canvas_fill(page, 0, 2, 1, 3, GW_ROLE_WARN);
	assert_string_equal(row_text(0, got), "      ");
	assert_int_equal(gw_canvas_at(page, 0, 2)->role, GW_ROLE_WARN);
	assert_int_equal(gw_canvas_at(page, 0, 1)->role, GW_ROLE_TEXT);
}

static void right_aligned(void **state)
{
	char got[200];

	(void)state;
	gw_canvas_start(page, 1, 10, false);
	gw_canvas_put_right(page, 0, 0, 10, GW_ROLE_TEXT, "12.99");
	assert_string_equal(row_text(0, got), "     12.99");
	gw_canvas_start(page, 1, 10, false);
	gw_canvas_put_right(page, 0, 2, 4, GW_ROLE_TEXT, "\u62B9");
	assert_string_equal(row_text(0, got), "    \u62B9>    ");
	gw_canvas_start(page, 1, 10, false);
	gw_canvas_put_right(page, 0, 2, 4, GW_ROLE_TEXT, "1234567");
	assert_string_equal(row_text(0, got), "  123\u2026    ");
}

static void wraps(void **state)
{
	static const struct {
		int room, max_rows, rows;
		const char *text, *want[3];
	} rows[] = {
		{12, 3, 1, "one two", {"one two     "}},
		{4, 3, 2, "one two", {"one         ", "two         "}},
		{4, 1, 1, "one two", {"one\u2026        "}},
		{3, 3, 3, "abcdefgh", {"abc         ", "def         ", "gh          "}},
		{6, 2, 2, "one  twofold x", {"one         ", "twofo\u2026      "}},
		{4, 3, 2, "\u62B9\u8336\u7D05", {"\u62B9>\u8336>        ", "\u7D05>          "}},
		{1, 3, 1, "\u62B9", {"\u2026           "}},
		{5, 3, 0, "", {NULL}},
		{0, 3, 0, "x", {NULL}},
	};
	char got[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gw_canvas_start(page, 3, 12, false);
		assert_int_equal(gw_canvas_wrap(page, 0, 0, rows[i].room, rows[i].max_rows,
						GW_ROLE_TEXT, rows[i].text),
				 rows[i].rows);
		for (int r = 0; r < rows[i].rows; r++)
			assert_string_equal(row_text(r, got), rows[i].want[r]);
	}
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	gw_canvas_start(page, 0, -5, false);
	assert_int_equal(page->rows, 1);
	assert_int_equal(page->cols, 1);
	gw_canvas_start(page, 10000, 10000, false);
	assert_int_equal(page->rows, GW_CANVAS_ROWS_MAX);
	assert_int_equal(page->cols, GW_CANVAS_COLS_MAX);
}

static void every_letter_has_an_ascii_form(void **state)
{
	(void)state;
	for (uint32_t c = 0xA0; c < 0x180; c++) {
		const char *ascii = gw_glyph_ascii(c);

		assert_in_range(strlen(ascii), 1, 4);
		for (; *ascii != '\0'; ascii++)
			assert_in_range(*ascii, 0x20, 0x7E);
	}
	assert_string_equal(gw_glyph_ascii(0x142), "l");
	assert_string_equal(gw_glyph_ascii(0x17D), "Z");
	assert_string_equal(gw_glyph_ascii(0x159), "r");
	assert_string_equal(gw_glyph_ascii(0x2502), "|");
	assert_string_equal(gw_glyph_ascii(0x62B9), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_clips),
		cmocka_unit_test(nothing_beyond_the_edge),
		cmocka_unit_test(halves_do_not_stay_behind),
		cmocka_unit_test(right_aligned),
		cmocka_unit_test(wraps),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(every_letter_has_an_ascii_form),
	};
	int failed;

	setlocale(LC_CTYPE, "C.UTF-8");
	page = calloc(1, sizeof(*page));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(page);
	return failed;
}
