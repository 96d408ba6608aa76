/*
 * Showing a canvas on a terminal that can place its cursor: what the type can do comes from
 * terminfo (ui/termtype.h), the bytes from ui/paint.h.  curses' own windows are not used: comparing
 * two pictures once, here, takes a fifth of the time.  Owned by ui.c; one thread.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include "ui/canvas.h"
#include "ui/tty.h"
#include "ui/ui.h"

struct gw_term;

/*
 * Takes the terminal type, or when the system does not know it the first it does of xterm-256color,
 * linux, vt100.  GW_E_UNSUPPORTED: the type cannot place its cursor: use lines.  GW_E_MEMORY.
 */
int gw_term_new(struct gw_term **term, struct gw_tty *tty, const char *type, bool colour,
		struct gw_err *err);
/* Leaves the screen; the tty's owner then pushes and frees the tty. */
void gw_term_free(struct gw_term *term);

/* The type's own size, for devices that do not know theirs. */
void gw_term_size(const struct gw_term *term, int *rows, int *cols);
bool gw_term_colours(const struct gw_term *term);

/*
 * Writes what differs between canvas and the one before, which must be what was shown last (any
 * will do the first time), to the tty's queue.
 */
void gw_term_show(struct gw_term *term, const struct gw_canvas *canvas,
		  const struct gw_canvas *before);
/* The next gw_term_show draws everything. */
void gw_term_redraw(struct gw_term *term);
/* To the plain screen before the process is stopped; the next gw_term_show comes back. */
void gw_term_leave(struct gw_term *term);

#endif
