#include "ui/paint.h"

#include <string.h>

#define NEAR      4 /* so many unchanged cells are written again rather than stepped over */
#define ERASE_MIN 8 /* fewer blanks than that are written */

struct brush {
	const struct gw_termtype *type;
	const struct gw_canvas *now, *before; /* before NULL: a blank page */
	struct gw_out *out;
	int row, col; /* where the terminal's cursor is; row -1: not known */
	enum gw_role role;
};

static bool differs(const struct brush *b, int row, int col)
{
	const struct gw_cell *now = gw_canvas_at(b->now, row, col);

	if (b->before == NULL)
		return !gw_cell_blank(now) || b->type->solid[now->role];
	return !gw_cell_same(b->now, now, b->before, gw_canvas_at(b->before, row, col));
}

static void put_number(struct brush *b, enum gw_term_move move, int first, int second)
{
	char bytes[GW_TERM_STRING_MAX];

	gw_out_add(b->out, bytes, gw_termtype_number(b->type, move, first, second, bytes));
}

static void put_look(struct brush *b, enum gw_role role)
{
	if (role == b->role)
		return;
	if (b->type->look[b->role][0] != '\0')
		gw_out_text(b->out, b->type->normal);
	gw_out_text(b->out, b->type->look[role]);
	b->role = role;
}

/* The look for a cell; a blank that is only a blank may have any other that is no more. */
static void put_look_of(struct brush *b, const struct gw_cell *cell)
{
	if (gw_cell_blank(cell) && !b->type->solid[cell->role] && !b->type->solid[b->role])
		return;
	put_look(b, cell->role);
}

static void put_cell(struct brush *b, const struct gw_cell *cell)
{
	char text[GW_CELL_TEXT_MAX];

	put_look_of(b, cell);
	gw_out_add(b->out, text, gw_cell_text(b->now, cell, text));
	b->col += cell->width;
	if (cell->width != 1 || cell->glyph >= GW_CELL_MARKED || b->col >= b->now->cols)
		b->row = -1;
}

/* --- to the next cell ---------------------------------------------------------------------------
 */

/* Whether the cells up to col can be written over in less than a step over them takes. */
static bool writes_over(const struct brush *b, int col)
{
	const struct gw_cell *cell = gw_canvas_at(b->now, b->row, b->col);
	int n = col - b->col;

	if (n < 0 || n > NEAR)
		return false;
	for (int i = 0; i < n; i++)
		if (cell[i].width != 1 || cell[i].glyph >= 0x80 || cell[i].role != b->role)
			return false;
	return true;
}

static void step(struct brush *b, int col)
{
	const struct gw_cell *cell = gw_canvas_at(b->now, b->row, b->col);
	enum gw_term_move to = b->type->move[GW_TERM_HPA][0] != '\0' ? GW_TERM_HPA : GW_TERM_CUP;

	if (writes_over(b, col))
		for (int i = b->col; i < col; i++)
			put_cell(b, cell++);
	else if (col > b->col && b->type->move[GW_TERM_CUF][0] != '\0')
		put_number(b, GW_TERM_CUF, col - b->col, 0);
	else if (to == GW_TERM_HPA)
		put_number(b, to, col, 0);
	else
		put_number(b, to, b->row, col);
}

static void move_to(struct brush *b, int row, int col)
{
	if (b->row == row && b->col == col)
		return;
	if (b->row == row)
		step(b, col);
	else if (b->row >= 0 && b->col == col && b->type->move[GW_TERM_VPA][0] != '\0')
		put_number(b, GW_TERM_VPA, row, 0);
	else
		put_number(b, GW_TERM_CUP, row, col);
	b->row = row;
	b->col = col;
}

/* --- a row --------------------------------------------------------------------------------------
 */

/* How many blanks in one role stand from col on. */
static int blanks(const struct brush *b, int row, int col)
{
	const struct gw_cell *cell = gw_canvas_at(b->now, row, col);
	int n = 0;

	while (col + n < b->now->cols && gw_cell_blank(&cell[n]) && cell[n].role == cell->role)
		n++;
	return n;
}

/* Erases a stretch of blanks where that is shorter; returns the cells done, 0: write them. */
static int erase(struct brush *b, int row, int col)
{
	enum gw_role role = gw_canvas_at(b->now, row, col)->role;
	int n = blanks(b, row, col);
	bool to_end = col + n == b->now->cols && b->type->erase_line[0] != '\0' &&
		      b->now->cols < GW_CANVAS_COLS_MAX;

	if (n < ERASE_MIN || !b->type->fills[role] ||
	    (!to_end && b->type->move[GW_TERM_ECH][0] == '\0'))
		return 0;
	move_to(b, row, col);
	/* What is erased takes the background in force. */
	if (b->type->solid[role] || b->type->solid[b->role])
		put_look(b, role);
	if (to_end)
		gw_out_text(b->out, b->type->erase_line);
	else
		put_number(b, GW_TERM_ECH, n, 0);
	return n;
}

/* The cell in the corner, where a terminal that wraps at once would scroll everything up. */
static void put_corner(struct brush *b, int row, int col)
{
	const struct gw_cell *cell = gw_canvas_at(b->now, row, col);

	if (b->type->wraps && b->type->wrap_off[0] == '\0' && !b->type->wraps_late)
		return;
	move_to(b, row, col);
	if (b->type->wraps)
		gw_out_text(b->out, b->type->wrap_off);
	put_cell(b, cell);
	if (b->type->wraps)
		gw_out_text(b->out, b->type->wrap_on);
	b->row = -1;
}

static bool at_corner(const struct brush *b, int row, int end)
{
	return row == b->now->rows - 1 && end == b->now->cols;
}

/* Writes one changed cell, or a stretch of blanks with it; returns the cells done. */
static int put_changed(struct brush *b, int row, int col)
{
	const struct gw_cell *cell = gw_canvas_at(b->now, row, col);
	int n = gw_cell_blank(cell) ? erase(b, row, col) : 0;

	if (n > 0)
		return n;
	if (cell->width == 0)
		return 1; /* the right half: its character brought it along */
	if (at_corner(b, row, col + cell->width)) {
		put_corner(b, row, col);
	} else {
		move_to(b, row, col);
		put_cell(b, cell);
	}
	return cell->width;
}

/* Rows are compared whole first; where there are marks, a cell does not say all of itself. */
static bool row_same(const struct brush *b, int row)
{
	return b->before != NULL && b->now->marked_count == 0 && b->before->marked_count == 0 &&
	       memcmp(gw_canvas_at(b->now, row, 0), gw_canvas_at(b->before, row, 0),
		      (size_t)b->now->cols * sizeof(struct gw_cell)) == 0;
}

static void paint_row(struct brush *b, int row)
{
	int cols = b->now->cols;

	if (row_same(b, row))
		return;
	for (int col = 0; col < cols;)
		col += differs(b, row, col) ? put_changed(b, row, col) : 1;
}

void gw_paint(const struct gw_termtype *type, const struct gw_canvas *now,
	      const struct gw_canvas *before, struct gw_out *out)
{
	struct brush b = {
		.type = type,
		.now = now,
		.before = before,
		.out = out,
		.row = -1,
		.role = GW_ROLE_TEXT,
	};

	for (int row = now->cursor_row; row < now->rows; row++)
		paint_row(&b, row);
	for (int row = 0; row < now->cursor_row; row++)
		paint_row(&b, row);
	put_look(&b, GW_ROLE_TEXT);
	move_to(&b, now->cursor_row, now->cursor_col);
}
