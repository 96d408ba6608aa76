/*
 * A page of character cells that the screens are composed on, before any terminal is involved:
 * goldens compare it, ui/paint.c shows it.  A cell holds one character with its combining
 * marks; a double-width character takes two cells, the right one with width 0.
 *
 * Nothing that controls a terminal or turns its writing direction can get into a cell, whatever
 * text is put; what does not fit is clipped on whole cells.  Every row has exactly `cols` cells.
 * Widths come from wcwidth(), so LC_CTYPE must be a UTF-8 locale where text is not ASCII.
 *
 * Owned by the caller (about 180 KB, of which only rows*cols cells are touched); never allocates.
 * One thread at a time.
 *
 *	gw_canvas_start(canvas, 24, 80, false);
 *	gw_canvas_put(canvas, 2, 1, 30, GW_ROLE_TEXT, item->name);
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_CANVAS_ROWS_MAX   100
#define GW_CANVAS_COLS_MAX   300
#define GW_CANVAS_MARKED_MAX 4000 /* beyond that characters lose their marks */
#define GW_CELL_TEXT_MAX     17   /* NUL included: a character and its marks */
#define GW_CELL_MARKS_MAX    3    /* more are left out */

/* What a cell means; how that looks (colour, mono) is the terminal's affair.  X(name, letter) */
#define GW_ROLE_MAP(X)                                                                             \
	X(GW_ROLE_TEXT, '.')     /* as the terminal writes */                                      \
	X(GW_ROLE_STRONG, 'B')   /* the total, names of keys, the message */                       \
	X(GW_ROLE_DIM, 'd')      /* what may be overlooked */                                      \
	X(GW_ROLE_FRAME, '-')    /* rules between the parts */                                     \
	X(GW_ROLE_HEADLINE, 'O') /* the offer */                                                   \
	X(GW_ROLE_GOOD, 'g')     /* a state as it should be */                                     \
	X(GW_ROLE_WARN, 'W')     /* a state that needs a person */                                 \
	X(GW_ROLE_PRACTICE, 'P') /* nothing is written */                                          \
	X(GW_ROLE_CHOSEN, 'C')   /* the line that keys act on */

enum gw_role {
#define GW_ROLE_ENUM(name, letter) name,
	GW_ROLE_MAP(GW_ROLE_ENUM)
#undef GW_ROLE_ENUM
		GW_ROLE_COUNT
};

/* Four bytes, since every cell is written and compared for each picture. */
struct gw_cell {
	uint32_t
		glyph : 24; /* code point; from GW_CELL_MARKED on the place of a marked character */
	uint32_t width : 2; /* cells: 1, 2, or 0 in the right half of a wide character */
	uint32_t role : 6;  /* enum gw_role */
};

#define GW_CELL_MARKED 0x200000u

struct gw_canvas {
	int rows, cols;
	int cursor_row, cursor_col; /* where the terminal's cursor rests */
	bool ascii;                 /* everything is written in ASCII */
	int marked_count;           /* characters with marks, in the order they were put */
	char marked[GW_CANVAS_MARKED_MAX][GW_CELL_TEXT_MAX];
	struct gw_cell cells[GW_CANVAS_ROWS_MAX * GW_CANVAS_COLS_MAX]; /* [row * cols + col] */
};

/* A blank page; rows and cols are clamped to 1..their maximum. */
void gw_canvas_start(struct gw_canvas *canvas, int rows, int cols, bool ascii);

/* The cell, which must be on the page. */
static inline const struct gw_cell *gw_canvas_at(const struct gw_canvas *canvas, int row, int col)
{
	return &canvas->cells[row * canvas->cols + col];
}

/* A cell's character and marks as UTF-8 with its NUL; "" in a right half.  Returns the bytes. */
size_t gw_cell_text(const struct gw_canvas *canvas, const struct gw_cell *cell,
		    char out[GW_CELL_TEXT_MAX]);

/* Whether two cells of two pages look the same. */
bool gw_cell_same(const struct gw_canvas *a_page, const struct gw_cell *a,
		  const struct gw_canvas *b_page, const struct gw_cell *b);

static inline bool gw_cell_blank(const struct gw_cell *cell)
{
	return cell->glyph == ' ';
}

/*
 * Writes text into at most `room` cells from (row, col); text that is longer ends in an ellipsis.
 * Parts outside the page are clipped.  Returns the cells used.
 */
int gw_canvas_put(struct gw_canvas *canvas, int row, int col, int room, enum gw_role role,
		  const char *text);

/* The same, ending at col + room. */
void gw_canvas_put_right(struct gw_canvas *canvas, int row, int col, int room, enum gw_role role,
			 const char *text);

/*
 * Writes text over several lines broken at blanks, from (row, col), room cells wide and at most
 * max_rows high; the last one ends in an ellipsis if there is more.  Returns the rows used.
 */
int gw_canvas_wrap(struct gw_canvas *canvas, int row, int col, int room, int max_rows,
		   enum gw_role role, const char *text);

/* Cells that text takes on this page, and the rows it takes when wrapped to `room`. */
int gw_canvas_cols(const struct gw_canvas *canvas, const char *text);
int gw_canvas_rows(const struct gw_canvas *canvas, int room, const char *text);

/* Blanks a rectangle in a role. */
void gw_canvas_fill(struct gw_canvas *canvas, int row, int col, int rows, int cols,
		    enum gw_role role);

/* A run of one character, such as "─", to the right or downwards. */
void gw_canvas_across(struct gw_canvas *canvas, int row, int col, int cols, const char *glyph);
void gw_canvas_down(struct gw_canvas *canvas, int row, int col, int rows, const char *glyph);

#endif
