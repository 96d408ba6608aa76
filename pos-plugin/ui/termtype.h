/*
 * What a type of terminal can do, out of ncurses' terminfo, in the form that painting needs: whole
 * strings for what never changes, patterns for what carries numbers.  termtype.c is the only file
 * that knows curses.h.
 *
 * Padding (delays for terminals of the seventies) is left out: the terminals still in use that name
 * it, as vt100 does, hold the line themselves.  A plain struct of the caller's; threads: one, since
 * terminfo keeps its current type in a global.
 *
 *	struct gw_termtype type;
 *	rc = gw_termtype_load(&type, getenv("TERM"), true, &err);
 *	n = gw_termtype_number(&type, GW_TERM_CUP, row, col, bytes);
 */
#ifndef UI_TERMTYPE_H
#define UI_TERMTYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ui/canvas.h"

#define GW_TERM_STRING_MAX 64

/* Sequences that carry numbers.  X(name, terminfo's word, the form nearly every terminal has) */
#define GW_TERM_MOVE_MAP(X)                                                                        \
	X(GW_TERM_CUP, "cup", "\033[%i%p1%d;%p2%dH") /* to row, column */                          \
	X(GW_TERM_HPA, "hpa", "\033[%i%p1%dG")       /* to a column of the row */                  \
	X(GW_TERM_VPA, "vpa", "\033[%i%p1%dd")       /* to a row of the column */                  \
	X(GW_TERM_CUF, "cuf", "\033[%p1%dC")         /* so many columns on */                      \
	X(GW_TERM_ECH, "ech", "\033[%p1%dX")         /* blank so many cells, staying put */

enum gw_term_move {
#define GW_TERM_ENUM(name, word, form) name,
	GW_TERM_MOVE_MAP(GW_TERM_ENUM)
#undef GW_TERM_ENUM
		GW_TERM_MOVES
};

struct gw_termtype {
	int rows, cols; /* LINES, COLUMNS, or what the type says of itself */
	bool colour;
	bool wraps;      /* a character in the last column moves on to the next row ... */
	bool wraps_late; /* ... but only when another one follows */
	char enter[GW_TERM_STRING_MAX], leave[GW_TERM_STRING_MAX]; /* a page of its own; "" none */
	char clear[GW_TERM_STRING_MAX];
	char erase_line[GW_TERM_STRING_MAX]; /* from the cursor to the end of the row; "" none */
	char wrap_off[GW_TERM_STRING_MAX], wrap_on[GW_TERM_STRING_MAX]; /* both or none */
	char normal[GW_TERM_STRING_MAX];
	char look[GW_ROLE_COUNT][GW_TERM_STRING_MAX]; /* from normal to a role; "" the same */
	bool solid[GW_ROLE_COUNT];                    /* a blank in this role is not just a blank */
	bool fills[GW_ROLE_COUNT];                    /* erasing leaves cells in this role */
	char move[GW_TERM_MOVES][GW_TERM_STRING_MAX]; /* terminfo patterns; "" none */
	bool common[GW_TERM_MOVES];                   /* the pattern is the form above */
};

/*
 * Loads `type`, or when the system does not know it the first it does of xterm-256color, linux,
 * vt100.  colour: wanted, if the type has it.  GW_E_UNSUPPORTED: the type cannot place its cursor
 * or not clear its screen.
 */
int gw_termtype_load(struct gw_termtype *out, const char *type, bool colour, struct gw_err *err);

/* Writes a sequence with one or two numbers; returns its bytes, 0 where the type has none. */
size_t gw_termtype_number(const struct gw_termtype *type, enum gw_term_move move, int a, int b,
			  char out[GW_TERM_STRING_MAX]);

#endif
