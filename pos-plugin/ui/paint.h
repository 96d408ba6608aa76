/*
 * From two pictures to the bytes that turn the one into the other on a terminal.  Pure: it knows
 * what a type can do (ui/termtype.h) and touches no terminal.
 *
 * The row where the cursor rests is painted first, and what is below it: that is the offer while
 * there is one, and a slow line shows it before the rest.
 *
 * What it trusts a terminal with is little: to place its cursor, to write characters of one cell
 * side by side, and to erase.  After a wide character, a mark, or the last column the cursor is
 * placed anew rather than guessed.
 *
 * One thread; allocates only through `out`.
 */
#ifndef UI_PAINT_H
#define UI_PAINT_H

#include "ui/canvas.h"
#include "ui/out.h"
#include "ui/termtype.h"

/*
 * Writes what differs between `now` and `before`, a page of the same size that the terminal shows
 * in normal attributes; NULL: it has just been cleared.  Ends with the cursor at its place and
 * attributes normal.
 */
void gw_paint(const struct gw_termtype *type, const struct gw_canvas *now,
	      const struct gw_canvas *before, struct gw_out *out);

#endif
