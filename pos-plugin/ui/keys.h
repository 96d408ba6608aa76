/*
 * Keys and what they do.  One table holds every binding with its label, its help line and its
 * sentence in the manual; the key bar, the help screen and goeswith-keys.7 come from it.
 *
 * What a key is, is written here as a code: a Unicode character, or GW_KEY_... beyond them.  A
 * keymap is a small struct of the caller, started from the table and changed by the shop's
 * configuration (`[keys]`).  No allocation; pure functions.
 *
 *	struct gw_keymap map;
 *	gw_keymap_init(&map);
 *	gw_keymap_set(&map, "total", "F12 Ins", &err);
 *	enum gw_act act = gw_keymap_find(&map, key);
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Beyond the last Unicode character. */
enum gw_key {
	GW_KEY_NONE = 0x110000, /* bytes that mean nothing here */
	GW_KEY_F0,              /* GW_KEY_F0 + n is Fn, 1 <= n <= 24 */
	GW_KEY_F_LAST = GW_KEY_F0 + 24,
	GW_KEY_ESC,
	GW_KEY_ENTER,
	GW_KEY_TAB,
	GW_KEY_BACKSPACE,
	GW_KEY_UP,
	GW_KEY_DOWN,
	GW_KEY_LEFT,
	GW_KEY_RIGHT,
	GW_KEY_HOME,
	GW_KEY_END,
	GW_KEY_PAGE_UP,
	GW_KEY_PAGE_DOWN,
	GW_KEY_INSERT,
	GW_KEY_DELETE
};

/*
 * Everything a key can do.  X(act, name in the configuration, F-key or 0, other key or 0, label,
 * help line, sentence of the manual)
 */
#define GW_KEY_MAP(X)                                                                              \
	X(GW_ACT_HELP, "help", 1, '?', "Help", "this page",                                        \
	  "Show what every key does.  Any scan returns to the sale.")                              \
	X(GW_ACT_YES, "yes", 2, 'y', "Yes", "the customer takes the offer",                        \
	  "Take the offer on the screen.  Scanning the article itself does the same, with no key " \
	  "at all.")                                                                               \
	X(GW_ACT_NO, "no", 3, 'n', "No", "asked, and the customer said no",                        \
	  "Decline the offer.  It is not made again in this sale.")                                \
	X(GW_ACT_CANT, "cant", 4, 'c', "Can't", "out of stock, has it, does not fit ...",          \
	  "Say why the offer cannot be made: out of stock, the customer has it, it does not "      \
	  "suit, or there was no time to ask.  It helps the whole shop, and counts against "       \
	  "nobody.")                                                                               \
	X(GW_ACT_TOTAL, "total", 5, 't', "Total", "subtotal; once more ends the sale",             \
	  "Show the subtotal.  A second press ends the sale, where the till does not tell.")       \
	X(GW_ACT_VOID, "void", 6, 'v', "Void", "take out the last or the marked line",             \
	  "Take out the marked line, or the last one where none is marked.")                       \
	X(GW_ACT_HOLD, "hold", 7, 'h', "Hold", "put the sale aside, or take one up again",         \
	  "Put the open sale aside.  With no sale open, take up the one put aside last, or "       \
	  "choose among several.")                                                                 \
	X(GW_ACT_SCANNER, "scanner", 8, 's', "Scan", "what the scanner sent",                      \
	  "Show the last scans byte by byte, what was read from them, and whether the scanner's "  \
	  "settings fit.  A second press shows the dock: its kind, counters and link; a third "    \
	  "goes back to the sale.")                                                                \
	X(GW_ACT_TODAY, "today", 9, 'd', "Today", "the figures of the day",                        \
	  "Show the figures of the day.  Asks for the PIN where one is set.")                      \
	X(GW_ACT_QUIT, "quit", 10, 'q', "Quit", "stop the register (asks first)",                  \
	  "Stop the register, after a second press.  An open sale is kept and goes on at the "     \
	  "next start.")                                                                           \
	X(GW_ACT_MUTE, "mute", 0, 'm', "Mute", "no more offers in this sale",                      \
	  "No more offers in this sale.")                                                          \
	X(GW_ACT_CANCEL, "cancel", 0, 'x', "Cancel", "drop the whole sale (asks first)",           \
	  "Drop the whole sale, after a second press.")                                            \
	X(GW_ACT_PRACTICE, "practice", 0, 'p', "Practice", "practice on and off; writes nothing",  \
	  "Practice mode on and off, between sales.  Nothing that is done in it is written or "    \
	  "counted.")                                                                              \
	X(GW_ACT_UP, "up", 0, GW_KEY_UP, "Up", "mark the line above",                              \
	  "Mark the line above; on long pages, move up.")                                          \
	X(GW_ACT_DOWN, "down", 0, GW_KEY_DOWN, "Down", "mark the line below",                      \
	  "Mark the line below; on long pages, move down.")                                        \
	X(GW_ACT_MORE, "more", 0, '+', "More", "one piece more of the line",                       \
	  "One piece more of the marked or last line.")                                            \
	X(GW_ACT_LESS, "less", 0, '-', "Less", "one piece less of the line",                       \
	  "One piece less of the marked or last line, down to one.")                               \
	X(GW_ACT_BAR, "bar", 0, 'b', "Bar", "hide or show the row of keys",                        \
	  "Hide or show the row of keys at the bottom.")                                           \
	X(GW_ACT_REDRAW, "redraw", 0, 0x0C, "Redraw", "draw the screen anew",                      \
	  "Draw the whole screen anew, when something else has written on it.")                    \
	X(GW_ACT_BACK, "back", 0, GW_KEY_ESC, "Back", "back to the sale",                          \
	  "Back to the sale.  Esc and then a digit is a function key: Esc 2 is F2, Esc 0 is F10.")

enum gw_act {
#define GW_KEY_ENUM(act, name, f, key, label, help, manual) act,
	GW_KEY_MAP(GW_KEY_ENUM)
#undef GW_KEY_ENUM
		GW_ACT_COUNT
};

struct gw_binding {
	const char *name, *label, *help, *manual;
	uint32_t keys[2]; /* function key, other key; 0: none */
};

/* The row of the table, static. */
const struct gw_binding *gw_binding_of(enum gw_act act);

#define GW_KEYS_EACH 4

struct gw_keymap {
	uint32_t keys[GW_ACT_COUNT][GW_KEYS_EACH]; /* 0: none */
	bool letters; /* plain characters act; off where a keyboard-wedge scanner is slow */
};

/* The table's own keys. */
void gw_keymap_init(struct gw_keymap *map);

/*
 * Gives an act (by its name in the table) other keys: up to four words such as "F12", "Ins", "k",
 * "^T"; "" for none.  They are taken from the acts that had them.  GW_E_INPUT: no such act, no such
 * key, or `yes` or `no` on a key that a scanner can send at the end of a code (Enter, Tab, Esc, a
 * digit).  The map is then as before.
 */
int gw_keymap_set(struct gw_keymap *map, const char *act, const char *keys, struct gw_err *err);

/* The act of a key, GW_ACT_COUNT where it has none. */
enum gw_act gw_keymap_find(const struct gw_keymap *map, uint32_t key);

#define GW_KEY_NAME_MAX 12

/* "F2", "Esc", "^L", "y"; writes to out and returns it. */
char *gw_key_name(char out[GW_KEY_NAME_MAX], uint32_t key);

/* The key to show for an act: its function key if it has one, else its first; 0: none. */
uint32_t gw_keymap_show(const struct gw_keymap *map, enum gw_act act);

#endif
