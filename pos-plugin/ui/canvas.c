#include "ui/canvas.h"

#include <string.h>

#include "base/utf8.h"
#include "ui/glyph.h"

static int clamp(int n, int least, int most)
{
	return n < least ? least : n > most ? most : n;
}

static struct gw_cell cell_of(uint32_t glyph, int width, enum gw_role role)
{
	return (struct gw_cell){
		.glyph = glyph & 0xFFFFFFu, .width = (unsigned)width & 3u, .role = role & 0x3Fu};
}

static void blank(struct gw_cell *cell, enum gw_role role)
{
	*cell = cell_of(' ', 1, role);
}

void gw_canvas_start(struct gw_canvas *canvas, int rows, int cols, bool ascii)
{
	canvas->rows = clamp(rows, 1, GW_CANVAS_ROWS_MAX);
	canvas->cols = clamp(cols, 1, GW_CANVAS_COLS_MAX);
	canvas->cursor_row = canvas->cursor_col = 0;
	canvas->ascii = ascii;
	canvas->marked_count = 0;
	for (int i = 0; i < canvas->rows * canvas->cols; i++)
		canvas->cells[i] = cell_of(' ', 1, GW_ROLE_TEXT);
}

static struct gw_cell *cell_at(struct gw_canvas *canvas, int row, int col)
{
	return &canvas->cells[row * canvas->cols + col];
}

size_t gw_cell_text(const struct gw_canvas *canvas, const struct gw_cell *cell,
		    char out[GW_CELL_TEXT_MAX])
{
	size_t len = 0;

	if (cell->glyph >= GW_CELL_MARKED) {
		memcpy(out, canvas->marked[cell->glyph - GW_CELL_MARKED], GW_CELL_TEXT_MAX);
		return strlen(out);
	}
	if (cell->width > 0)
		len = gw_utf8_encode(cell->glyph, out);
	out[len] = '\0';
	return len;
}

bool gw_cell_same(const struct gw_canvas *a_page, const struct gw_cell *a,
		  const struct gw_canvas *b_page, const struct gw_cell *b)
{
	if (a->role != b->role || a->width != b->width)
		return false;
	if (a->glyph < GW_CELL_MARKED || b->glyph < GW_CELL_MARKED)
		return a->glyph == b->glyph;
	return strcmp(a_page->marked[a->glyph - GW_CELL_MARKED],
		      b_page->marked[b->glyph - GW_CELL_MARKED]) == 0;
}

static bool on_page(const struct gw_canvas *canvas, int row, int col)
{
	return row >= 0 && row < canvas->rows && col >= 0 && col < canvas->cols;
}

/* Before a cell is overwritten: the other half of a wide character there must not stay behind. */
static void release(struct gw_canvas *canvas, int row, int col)
{
	struct gw_cell *cell = cell_at(canvas, row, col);

	if (cell->width == 0 && col > 0)
		blank(cell - 1, cell[-1].role);
	if (cell->width == 2 && col + 1 < canvas->cols)
		blank(cell + 1, cell[1].role);
}

/* One step through a text: what goes into the next cell. */
struct glyph {
	uint32_t base;               /* the character */
	int width;                   /* 0: nothing to show */
	size_t len;                  /* of text; 0: no marks */
	char text[GW_CELL_TEXT_MAX]; /* the character with its marks */
};

/* What stands in the cell for a character with marks; without them where there is no more room. */
static uint32_t keep_marks(struct gw_canvas *canvas, const struct glyph *one)
{
	char *room;

	if (one->len == 0 || canvas->marked_count == GW_CANVAS_MARKED_MAX)
		return one->base;
	room = canvas->marked[canvas->marked_count];
	memcpy(room, one->text, one->len);
	room[one->len] = '\0';
	return GW_CELL_MARKED + (uint32_t)canvas->marked_count++;
}

static void set(struct gw_canvas *canvas, int row, int col, enum gw_role role,
		const struct glyph *one)
{
	struct gw_cell *cell;

	if (!on_page(canvas, row, col))
		return;
	release(canvas, row, col);
	cell = cell_at(canvas, row, col);
	blank(cell, role);
	if (one->width == 2) {
		if (col + 1 >= canvas->cols)
			return; /* half of it would hang over the edge: left blank */
		release(canvas, row, col + 1);
		cell[1] = cell_of(0, 0, role);
	}
	*cell = cell_of(keep_marks(canvas, one), one->width, role);
}

/* In ASCII one character may become several; the rest of them waits here. */
struct glyphs {
	const char *at, *end;
	const char *pending;
	int filler; /* cells of '?' still to come */
	bool ascii;
};

static struct glyphs glyphs_of(const char *text, size_t len, bool ascii)
{
	return (struct glyphs){.at = text, .end = text + len, .pending = "", .ascii = ascii};
}

static struct glyph single(char c)
{
	return (struct glyph){.base = (unsigned char)c, .width = 1};
}

/* Marks that sit on the character join its cell as long as there is room for them. */
static void take_marks(struct glyphs *g, struct glyph *out)
{
	int marks = 0;

	while (g->at < g->end) {
		uint32_t c;
		size_t n = gw_utf8_decode(g->at, (size_t)(g->end - g->at), &c);
		bool unsafe = gw_utf8_is_unsafe(c) && c >= 0xA0;

		if (c < 0x80 || (!unsafe && gw_glyph_width(c) != 0))
			return;
		if (!unsafe && !g->ascii && marks < GW_CELL_MARKS_MAX) {
			if (marks++ == 0)
				out->len = gw_utf8_encode(out->base, out->text);
			memcpy(out->text + out->len, g->at, n);
			out->len += n;
		}
		g->at += n;
	}
}

static struct glyph in_ascii(struct glyphs *g, uint32_t c, int width)
{
	g->pending = gw_glyph_ascii(c);
	if (g->pending[0] == '?')
		g->filler = width - 1;
	return single(*g->pending++);
}

/* False at the end of the text. */
static bool next_glyph(struct glyphs *g, struct glyph *out)
{
	uint32_t c;
	size_t n;
	int width;

	if (*g->pending != '\0') {
		*out = single(*g->pending++);
		return true;
	}
	if (g->filler > 0) {
		g->filler--;
		*out = single('?');
		return true;
	}
	for (;;) {
		if (g->at >= g->end)
			return false;
		n = gw_utf8_decode(g->at, (size_t)(g->end - g->at), &c);
		g->at += n;
		if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029)
			c = ' ';
		width = gw_glyph_width(c);
		if (width > 0)
			break;
		if (width < 0 && !gw_utf8_is_unsafe(c)) {
			c = 0xFFFD; /* no character this system knows */
			width = 1;
			break;
		}
		/* a mark without a character to sit on, or an invisible one: left out */
	}
	if (g->ascii && c >= 0x80) {
		*out = in_ascii(g, c, width);
	} else {
		out->base = c;
		out->width = width;
		out->len = 0;
	}
	take_marks(g, out);
	return true;
}

static int cols_of(const char *text, size_t len, bool ascii)
{
	struct glyphs g = glyphs_of(text, len, ascii);
	struct glyph one;
	int cols = 0;
	size_t plain = 0;

	while (plain < len && text[plain] >= 0x20 && text[plain] <= 0x7E)
		plain++;
	if (plain == len)
		return len < GW_CANVAS_COLS_MAX * GW_CANVAS_ROWS_MAX
			       ? (int)len
			       : GW_CANVAS_COLS_MAX * GW_CANVAS_ROWS_MAX;
	while (cols < GW_CANVAS_COLS_MAX * GW_CANVAS_ROWS_MAX && next_glyph(&g, &one))
		cols += one.width;
	return cols;
}

int gw_canvas_cols(const struct gw_canvas *canvas, const char *text)
{
	return cols_of(text, strlen(text), canvas->ascii);
}

/* Most text is ASCII and fits: it goes straight into the cells.  False: it does not. */
static bool put_plain(struct gw_canvas *canvas, int row, int col, int room, enum gw_role role,
		      const char *text, size_t len)
{
	if (len > (size_t)room || row < 0 || row >= canvas->rows || col < 0 || col > canvas->cols ||
	    len > (size_t)(canvas->cols - col))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7E)
			return false;
	for (size_t i = 0; i < len; i++) {
		int at = col + (int)i;
		struct gw_cell *cell = cell_at(canvas, row, at);

		if (cell->width != 1)
			release(canvas, row, at);
		*cell = cell_of((unsigned char)text[i], 1, role);
	}
	return true;
}

static int put_bytes(struct gw_canvas *canvas, int row, int col, int room, enum gw_role role,
		     const char *text, size_t len)
{
	struct glyphs g = glyphs_of(text, len, canvas->ascii);
	struct glyph one;
	int used = 0, limit = room;
	bool cut;

	if (room <= 0)
		return 0;
	if (put_plain(canvas, row, col, room, role, text, len))
		return (int)len;
	cut = cols_of(text, len, canvas->ascii) > room;
	if (cut)
		limit = room - 1;
	while (next_glyph(&g, &one) && used + one.width <= limit) {
		set(canvas, row, col + used, role, &one);
		used += one.width;
	}
	if (!cut)
		return used;
	one = (struct glyph){.base = canvas->ascii ? '~' : 0x2026, .width = 1};
	set(canvas, row, col + used, role, &one);
	return used + 1;
}

int gw_canvas_put(struct gw_canvas *canvas, int row, int col, int room, enum gw_role role,
		  const char *text)
{
	return put_bytes(canvas, row, col, room, role, text, strlen(text));
}

void gw_canvas_put_right(struct gw_canvas *canvas, int row, int col, int room, enum gw_role role,
			 const char *text)
{
	int cols = gw_canvas_cols(canvas, text);

	if (cols > room)
		cols = room;
	gw_canvas_put(canvas, row, col + room - cols, cols, role, text);
}

/* Bytes of the next line of at most room cells, broken at a blank if there is one. */
static size_t line_bytes(const char *text, int room, bool ascii)
{
	size_t fits = 0, len = strlen(text);

	if (cols_of(text, len, ascii) <= room)
		return len;
	for (size_t i = 1; i <= len; i++) {
		if (text[i] != ' ' && text[i] != '\0')
			continue;
		if (cols_of(text, i, ascii) > room)
			break;
		fits = i;
	}
	if (fits > 0)
		return fits;
	for (size_t i = 1; i <= len; i++) {
		if (((unsigned char)text[i] & 0xC0) == 0x80)
			continue;
		if (cols_of(text, i, ascii) > room)
			break;
		fits = i;
	}
	return fits > 0 ? fits : len;
}

static int wrap(struct gw_canvas *canvas, int row, int col, int room, int max_rows,
		enum gw_role role, const char *text, bool write)
{
	int rows = 0;

	if (room <= 0)
		return 0;
	while (*text != '\0' && rows < max_rows) {
		size_t n =
			rows + 1 == max_rows ? strlen(text) : line_bytes(text, room, canvas->ascii);

		if (write)
			put_bytes(canvas, row + rows, col, room, role, text, n);
		text += n;
		while (*text == ' ')
			text++;
		rows++;
	}
	return rows;
}

int gw_canvas_wrap(struct gw_canvas *canvas, int row, int col, int room, int max_rows,
		   enum gw_role role, const char *text)
{
	return wrap(canvas, row, col, room, max_rows, role, text, true);
}

int gw_canvas_rows(const struct gw_canvas *canvas, int room, const char *text)
{
	/* Measuring writes nothing, so the page may be any. */
	return wrap((struct gw_canvas *)canvas, 0, 0, room, GW_CANVAS_ROWS_MAX, GW_ROLE_TEXT, text,
		    false);
}

void gw_canvas_fill(struct gw_canvas *canvas, int row, int col, int rows, int cols,
		    enum gw_role role)
{
	int row_end = row + rows < canvas->rows ? row + rows : canvas->rows;
	int col_end = col + cols < canvas->cols ? col + cols : canvas->cols;

	for (int r = row < 0 ? 0 : row; r < row_end; r++)
		for (int c = col < 0 ? 0 : col; c < col_end; c++) {
			struct gw_cell *cell = cell_at(canvas, r, c);

			if (cell->width != 1)
				release(canvas, r, c);
			*cell = cell_of(' ', 1, role);
		}
}

/* Copies a cell n - 1 times, `step` cells apart. */
static void repeat(struct gw_cell *first, int n, int step)
{
	for (int i = 1; i < n; i++)
		first[(ptrdiff_t)i * step] = *first;
}

void gw_canvas_across(struct gw_canvas *canvas, int row, int col, int cols, const char *glyph)
{
	if (cols > canvas->cols - col)
		cols = canvas->cols - col;
	if (cols <= 0 || !on_page(canvas, row, col))
		return;
	gw_canvas_fill(canvas, row, col, 1, cols, GW_ROLE_FRAME);
	gw_canvas_put(canvas, row, col, 1, GW_ROLE_FRAME, glyph);
	repeat(cell_at(canvas, row, col), cols, 1);
}

void gw_canvas_down(struct gw_canvas *canvas, int row, int col, int rows, const char *glyph)
{
	if (rows > canvas->rows - row)
		rows = canvas->rows - row;
	if (rows <= 0 || !on_page(canvas, row, col))
		return;
	gw_canvas_fill(canvas, row, col, rows, 1, GW_ROLE_FRAME);
	gw_canvas_put(canvas, row, col, 1, GW_ROLE_FRAME, glyph);
	repeat(cell_at(canvas, row, col), rows, canvas->cols);
}
