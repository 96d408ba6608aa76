#include "ui/termtype.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

/* term.h defines these words as macros. */
#undef lines
#undef columns
#undef tab

#include "base/text.h"

/*
 * How roles look: attributes without colour; colours where there are eight; where there are 256.
 * Blue and orange, which people who cannot tell red from green tell apart; -1 is the terminal's
 * own, so that dark and light terminals both stay as their owner likes them.
 */
enum { BOLD = 1, REVERSE = 2 };

static const struct {
	int mono, colour;
	int fg8, bg8, fg256, bg256;
} looks[GW_ROLE_COUNT] = {
	[GW_ROLE_TEXT] = {0, 0, -1, -1, -1, -1},
	[GW_ROLE_STRONG] = {BOLD, BOLD, -1, -1, -1, -1},
	[GW_ROLE_DIM] = {0, 0, -1, -1, 245, -1},
	[GW_ROLE_FRAME] = {0, 0, COLOR_BLUE, -1, 67, -1},
	[GW_ROLE_HEADLINE] = {REVERSE | BOLD, BOLD, COLOR_BLACK, COLOR_YELLOW, 16, 214},
	[GW_ROLE_GOOD] = {0, 0, COLOR_CYAN, -1, 32, -1},
	[GW_ROLE_WARN] = {REVERSE, 0, COLOR_BLACK, COLOR_YELLOW, 16, 214},
	[GW_ROLE_PRACTICE] = {REVERSE | BOLD, BOLD, COLOR_WHITE, COLOR_BLUE, 231, 25},
	[GW_ROLE_CHOSEN] = {REVERSE, REVERSE, -1, -1, -1, -1},
};

/* Bits of terminfo's ncv: attributes that do not go together with colours. */
#define NCV_REVERSE 4
#define NCV_BOLD    32

/* A type the system knows, from what was asked for downwards.  False: none at all. */
static bool find(const char *type)
{
	const char *const types[] = {type, "xterm-256color", "linux", "vt100"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int problem;

		if (types[i] != NULL && types[i][0] != '\0' &&
		    setupterm(types[i], STDOUT_FILENO, &problem) == OK)
			return true;
	}
	return false;
}

/* Appends a string without its padding, "$<5>" or "$<2/>". */
static void add_unpadded(struct gw_text *t, const char *value)
{
	while (*value != '\0') {
		const char *end = value[0] == '$' && value[1] == '<' ? strchr(value, '>') : NULL;

		if (end != NULL) {
			value = end + 1;
			continue;
		}
		gw_text_add_char(t, *value++);
	}
}

/* "" where the type has none, or one that is longer than any real terminal's. */
static void capability(char out[GW_TERM_STRING_MAX], const char *name)
{
	struct gw_text t = gw_text_over(out, GW_TERM_STRING_MAX);
	const char *value = tigetstr(name);

	if (value != NULL && value != (char *)-1)
		add_unpadded(&t, value);
	if (t.cut)
		out[0] = '\0';
}

static int number(const char *name)
{
	int n = tigetnum(name);

	return n > 0 ? n : 0;
}

static int from_environment(const char *name, int otherwise)
{
	const char *text = getenv(name);
	char *end;
	long n = text != NULL ? strtol(text, &end, 10) : 0;

	return n > 0 && n < 10000 && *end == '\0' ? (int)n : otherwise;
}

static void add_colour(struct gw_text *t, const char *name, int colour)
{
	const char *pattern = tigetstr(name);

	if (colour >= 0 && pattern != NULL && pattern != (char *)-1)
		add_unpadded(t, tiparm(pattern, colour));
}

static void add_attributes(struct gw_text *t, int attributes)
{
	char value[GW_TERM_STRING_MAX];

	if ((attributes & BOLD) != 0) {
		capability(value, "bold");
		gw_text_add(t, value);
	}
	if ((attributes & REVERSE) != 0) {
		capability(value, "rev");
		gw_text_add(t, value);
	}
}

static void load_look(struct gw_termtype *type, int role)
{
	struct gw_text t = gw_text_over(type->look[role], GW_TERM_STRING_MAX);
	int colours = number("colors"), ncv = number("ncv");
	/* Beyond 256 a number is no place in a palette but a colour itself. */
	bool many = colours == 256;
	int fg = many ? looks[role].fg256 : looks[role].fg8;
	int bg = many ? looks[role].bg256 : looks[role].bg8;
	int attributes = type->colour ? looks[role].colour : looks[role].mono;

	if (type->colour && (fg >= 0 || bg >= 0))
		attributes &= ~((ncv & NCV_REVERSE ? REVERSE : 0) | (ncv & NCV_BOLD ? BOLD : 0));
	add_attributes(&t, attributes);
	if (type->colour) {
		add_colour(&t, "setaf", fg);
		add_colour(&t, "setab", bg);
	}
	type->solid[role] = (attributes & REVERSE) != 0 || (type->colour && bg >= 0);
	type->fills[role] =
		!type->solid[role] || ((attributes & REVERSE) == 0 && tigetflag("bce") > 0);
}

/* Back to normal; where that alone would leave the colours on, they are put back as well. */
static void load_normal(struct gw_termtype *type)
{
	struct gw_text t = gw_text_over(type->normal, GW_TERM_STRING_MAX);
	char value[GW_TERM_STRING_MAX];

	capability(value, "sgr0");
	gw_text_add(&t, value);
	if (!type->colour || strstr(value, "\033[m") != NULL || strstr(value, "\033[0") != NULL)
		return;
	capability(value, "op");
	gw_text_add(&t, value);
}

static void load_moves(struct gw_termtype *type)
{
	static const char *const words[] = {
#define WORD(name, word, form) word,
		GW_TERM_MOVE_MAP(WORD)
#undef WORD
	};
	static const char *const forms[] = {
#define FORM(name, word, form) form,
		GW_TERM_MOVE_MAP(FORM)
#undef FORM
	};

	for (int i = 0; i < GW_TERM_MOVES; i++) {
		capability(type->move[i], words[i]);
		type->common[i] = strcmp(type->move[i], forms[i]) == 0;
	}
}

static void load(struct gw_termtype *type, bool colour)
{
	char colours[GW_TERM_STRING_MAX];
	bool plain = number("xmc") > 0; /* attributes would take cells of their own */

	capability(colours, "setaf");
	type->colour = colour && !plain && number("colors") >= 8 && colours[0] != '\0';
	type->rows = from_environment("LINES", number("lines") > 0 ? number("lines") : 24);
	type->cols = from_environment("COLUMNS", number("cols") > 0 ? number("cols") : 80);
	type->wraps = tigetflag("am") > 0;
	type->wraps_late = tigetflag("xenl") > 0;
	capability(type->enter, "smcup");
	capability(type->leave, "rmcup");
	capability(type->clear, "clear");
	capability(type->erase_line, "el");
	capability(type->wrap_off, "rmam");
	capability(type->wrap_on, "smam");
	if (type->wrap_off[0] == '\0' || type->wrap_on[0] == '\0')
		type->wrap_off[0] = type->wrap_on[0] = '\0';
	load_normal(type);
	load_moves(type);
	for (int role = 0; role < GW_ROLE_COUNT && !plain && type->normal[0] != '\0'; role++)
		load_look(type, role);
}

int gw_termtype_load(struct gw_termtype *out, const char *type, bool colour, struct gw_err *err)
{
	memset(out, 0, sizeof(*out));
	memset(out->fills, true, sizeof(out->fills));
	if (find(type)) {
		load(out, colour);
		del_curterm(cur_term);
	}
	if (out->move[GW_TERM_CUP][0] == '\0' || out->clear[0] == '\0')
		return gw_err_set(err, GW_E_UNSUPPORTED, "terminal type %s cannot place its cursor",
				  type != NULL ? type : "(none)");
	return GW_OK;
}

static size_t add_number(char *out, int n)
{
	char digits[12];
	size_t len = 0, at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (at < sizeof(digits))
		out[len++] = digits[at++];
	return len;
}

/* The common forms, without terminfo's interpreter: ESC [ a ; b letter. */
static size_t common_form(enum gw_term_move move, int a, int b, char *out)
{
	static const char letters[] = "HGdCX";
	int from_one = move <= GW_TERM_VPA;
	size_t n = 0;

	out[n++] = '\033';
	out[n++] = '[';
	n += add_number(out + n, a + from_one);
	if (move == GW_TERM_CUP) {
		out[n++] = ';';
		n += add_number(out + n, b + from_one);
	}
	out[n++] = letters[move];
	return n;
}

size_t gw_termtype_number(const struct gw_termtype *type, enum gw_term_move move, int a, int b,
			  char out[GW_TERM_STRING_MAX])
{
	struct gw_text t = gw_text_over(out, GW_TERM_STRING_MAX);

	if (type->common[move])
		return common_form(move, a, b, out);
	if (type->move[move][0] != '\0')
		gw_text_add(&t, tiparm(type->move[move], a, b));
	return t.cut ? 0 : t.len;
}
