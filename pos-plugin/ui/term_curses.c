#include "ui/term.h"

#include <curses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

/* term.h defines these words as macros. */
#undef lines
#undef columns
#undef tab

#include "base/utf8.h"

struct gw_term {
	SCREEN *screen;
	struct gw_tty *tty;
	int type_rows, type_cols; /* LINES, COLUMNS, or what the type says of itself */
	bool colour, all;
	bool left; /* gone to the plain screen */
};

/*
 * How roles look: attributes without colour; colours where there are eight; where there are 256.
 * Blue and orange, which people who cannot tell red from green tell apart; -1 is the terminal's
 * own, so that dark and light terminals both stay as their owner likes them.
 */
static const struct {
	attr_t mono, colour;
	short fg8, bg8, fg256, bg256;
} looks[GW_ROLE_COUNT] = {
	[GW_ROLE_TEXT] = {A_NORMAL, A_NORMAL, -1, -1, -1, -1},
	[GW_ROLE_STRONG] = {A_BOLD, A_BOLD, -1, -1, -1, -1},
	[GW_ROLE_DIM] = {A_NORMAL, A_NORMAL, -1, -1, 245, -1},
	[GW_ROLE_FRAME] = {A_NORMAL, A_NORMAL, COLOR_BLUE, -1, 67, -1},
	[GW_ROLE_HEADLINE] = {A_REVERSE | A_BOLD, A_BOLD, COLOR_BLACK, COLOR_YELLOW, 16, 214},
	[GW_ROLE_GOOD] = {A_NORMAL, A_NORMAL, COLOR_CYAN, -1, 32, -1},
	[GW_ROLE_WARN] = {A_REVERSE, A_NORMAL, COLOR_BLACK, COLOR_YELLOW, 16, 214},
	[GW_ROLE_PRACTICE] = {A_REVERSE | A_BOLD, A_BOLD, COLOR_WHITE, COLOR_BLUE, 231, 25},
	[GW_ROLE_CHOSEN] = {A_REVERSE, A_REVERSE, -1, -1, -1, -1},
};

/* ncurses catches these by itself; their handling belongs to the program. */
static const int its_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH, SIGCONT};
#define ITS_SIGNALS (sizeof(its_signals) / sizeof(its_signals[0]))

static SCREEN *open_screen(struct gw_tty *tty, const char *type)
{
	struct sigaction before[ITS_SIGNALS];
	SCREEN *screen;

	for (size_t i = 0; i < ITS_SIGNALS; i++)
		sigaction(its_signals[i], NULL, &before[i]);
	screen = newterm(type, gw_tty_sink(tty), gw_tty_sink(tty));
	for (size_t i = 0; i < ITS_SIGNALS; i++)
		sigaction(its_signals[i], &before[i], NULL);
	return screen;
}

static void set_colours(struct gw_term *term)
{
	if (!term->colour || !has_colors() || start_color() != OK) {
		term->colour = false;
		return;
	}
	use_default_colors();
	for (int role = 0; role < GW_ROLE_COUNT; role++)
		if (COLORS >= 256)
			init_pair((short)(role + 1), looks[role].fg256, looks[role].bg256);
		else
			init_pair((short)(role + 1), looks[role].fg8, looks[role].bg8);
}

/* A type the system knows, from what was asked for downwards; NULL: none at all. */
static const char *known_type(const char *type)
{
	const char *const types[] = {type, "xterm-256color", "linux", "vt100"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int problem;

		if (types[i] != NULL && types[i][0] != '\0' &&
		    setupterm(types[i], STDOUT_FILENO, &problem) == OK) {
			del_curterm(cur_term);
			return types[i];
		}
	}
	return NULL;
}

static const char *capability(const char *name)
{
	const char *value = tigetstr(name);

	return value == (char *)-1 ? NULL : value;
}

int gw_term_new(struct gw_term **out, struct gw_tty *tty, const char *type, bool colour,
		struct gw_err *err)
{
	struct gw_term *term = calloc(1, sizeof(*term));
	const char *known = known_type(type);

	*out = NULL;
	if (term == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for the screen");
	term->tty = tty;
	term->colour = colour;
	term->all = true;
	term->screen = known != NULL ? open_screen(tty, known) : NULL;
	if (term->screen == NULL || capability("cup") == NULL) {
		if (term->screen != NULL)
			gw_term_free(term);
		else
			free(term);
		return gw_err_set(err, GW_E_UNSUPPORTED, "terminal type %s cannot place its cursor",
				  type != NULL ? type : "(none)");
	}
	term->type_rows = LINES;
	term->type_cols = COLS;
	nonl();
	typeahead(-1); /* the sink is no keyboard */
	leaveok(stdscr, FALSE);
	set_colours(term);
	*out = term;
	return GW_OK;
}

void gw_term_free(struct gw_term *term)
{
	if (term == NULL)
		return;
	set_term(term->screen);
	if (!term->left)
		endwin();
	delscreen(term->screen);
	free(term);
}

void gw_term_size(const struct gw_term *term, int *rows, int *cols)
{
	*rows = term->type_rows;
	*cols = term->type_cols;
}

bool gw_term_colours(const struct gw_term *term)
{
	return term->colour;
}

void gw_term_redraw(struct gw_term *term)
{
	term->all = true;
}

void gw_term_leave(struct gw_term *term)
{
	set_term(term->screen);
	if (!term->left)
		endwin();
	term->left = true;
	term->all = true;
}

/*
 * ncurses could not ask the sink for a size, so it set the scrolling region of the type's; a later
 * program would scroll in a part of the window.  Setting it moves the cursor, which ncurses must
 * not notice.
 */
static void set_region(const struct gw_term *term, int rows)
{
	const char *save = capability("sc"), *region = capability("csr"), *back = capability("rc");

	if (save != NULL && region != NULL && back != NULL)
		dprintf(fileno(gw_tty_sink(term->tty)), "%s%s%s", save, tiparm(region, 0, rows - 1),
			back);
}

static void set_cell(const struct gw_term *term, const struct gw_cell *cell, cchar_t *out)
{
	wchar_t text[CCHARW_MAX + 1];
	size_t len = strlen(cell->text), n = 0;
	attr_t look = term->colour ? looks[cell->role].colour : looks[cell->role].mono;

	for (size_t i = 0; i < len && n < CCHARW_MAX;) {
		uint32_t c;

		i += gw_utf8_decode(cell->text + i, len - i, &c);
		text[n++] = (wchar_t)c;
	}
	text[n] = L'\0';
	setcchar(out, text, look, (short)(term->colour ? cell->role + 1 : 0), NULL);
}

static bool differs(const struct gw_cell *a, const struct gw_cell *b)
{
	return memcmp(a, b, sizeof(*a)) != 0;
}

/* A run of cells that changed, handed over at once. */
static void put_run(const struct gw_term *term, const struct gw_canvas *canvas, int row, int from,
		    int to)
{
	cchar_t run[GW_CANVAS_COLS_MAX];
	int n = 0;

	for (int col = from; col < to; col++) {
		const struct gw_cell *cell = gw_canvas_at(canvas, row, col);

		if (cell->width > 0)
			set_cell(term, cell, &run[n++]);
	}
	mvadd_wchnstr(row, from, run, n);
}

static void put_changes(const struct gw_term *term, const struct gw_canvas *canvas,
			const struct gw_canvas *before)
{
	for (int row = 0; row < canvas->rows; row++) {
		const struct gw_cell *now = gw_canvas_at(canvas, row, 0);
		const struct gw_cell *old = term->all ? NULL : gw_canvas_at(before, row, 0);

		for (int col = 0; col < canvas->cols; col++) {
			int from = col;

			while (col < canvas->cols && (old == NULL || now[col].width == 0 ||
						      differs(&now[col], &old[col])))
				col++;
			if (col > from)
				put_run(term, canvas, row, from, col);
		}
	}
}

void gw_term_show(struct gw_term *term, const struct gw_canvas *canvas,
		  const struct gw_canvas *before)
{
	bool all = term->all;

	set_term(term->screen);
	if (LINES != canvas->rows || COLS != canvas->cols) {
		resizeterm(canvas->rows, canvas->cols);
		all = true;
	}
	if (all) {
		term->all = true;
		clear();
		clearok(stdscr, TRUE);
	}
	put_changes(term, canvas, before);
	move(canvas->cursor_row, canvas->cursor_col);
	refresh();
	if (all)
		set_region(term, canvas->rows);
	term->left = false;
	term->all = false;
}
