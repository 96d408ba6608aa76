/*
 * What stands around every page:
 *
 *	row 0        store, terminal, cashier          scanner, rules, sent          clock
 *	             (the page)
 *	             what needs a person, while it does
 *	             what just happened
 *	last row     the keys
 *
 * On low screens the two message rows are one; a need gives way to what just happened for a few
 * seconds.  On narrow ones the parts of row 0 and the keys at the end fall away one by one.
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen.h"

#define NOTE_MS   5000 /* how long what happened covers what needs a person */
#define MINUTE_MS 60000LL
#define HOUR_MS   (60 * MINUTE_MS)

/* --- the status line ----------------------------------------------------------------------------
 */

/* One state: a dot, a word, and the word for how it is. */
struct chip {
	const char *name;
	char how[32];
	bool good, calm; /* calm: neither good nor bad */
};

/* "ok", "3 h"; n -1: no number. */
static void chip_how(struct chip *chip, int64_t n, const char *word)
{
	struct gw_text t = gw_text_over(chip->how, sizeof(chip->how));

	if (n >= 0)
		gw_text_add_int(&t, n, 1);
	gw_text_add(&t, word);
}

static void scanner_chip(const struct screen *s, struct chip *chip)
{
	static const char *const how[] = {"none", "starting", "ok", "LOST"};

	chip->name = "scanner";
	chip->good = s->status->scanner == GW_UI_SCANNER_OK;
	chip->calm = s->status->scanner == GW_UI_SCANNER_NONE ||
		     s->status->scanner == GW_UI_SCANNER_STARTING;
	chip_how(chip, -1, how[s->status->scanner]);
}

static void rules_chip(const struct screen *s, struct chip *chip)
{
	int64_t issued = s->view->table_issued_ms, expires = s->view->table_expires_ms;
	int64_t age = s->status->now_ms - issued;

	chip->name = "rules";
	chip->good = !s->view->suggestions_off;
	if (gw_or_empty(s->view->table_version)[0] == '\0')
		chip_how(chip, -1, "NONE");
	else if (expires > 0 && s->status->now_ms >= expires)
		chip_how(chip, -1, "OLD");
	else if (s->view->suggestions_off)
		chip_how(chip, -1, "OFF");
	else if (issued <= 0 || age < 0)
		chip_how(chip, -1, "ok");
	else if (age < HOUR_MS)
		chip_how(chip, age / MINUTE_MS, " min");
	else if (age < 48 * HOUR_MS)
		chip_how(chip, age / HOUR_MS, " h");
	else
		chip_how(chip, age / (24 * HOUR_MS), " d");
}

static void sent_chip(const struct screen *s, struct chip *chip)
{
	const struct gw_ui_status *status = s->status;

	chip->name = "sent";
	chip->good = !status->journal_failing && gw_or_empty(status->sync_text)[0] == '\0';
	if (status->journal_failing)
		snprintf(chip->how, sizeof(chip->how), "WAIT %lld",
			 (long long)status->journal_waiting);
	else if (status->unsent < 0)
		chip->calm = true, chip->name = "saved", chip->how[0] = '\0';
	else if (status->unsent > 0)
		chip_how(chip, status->unsent, " wait");
	else
		chip_how(chip, -1, "ok");
}

/* "● rules 3 h": the word for a good state is left out where the colour says it. */
static void chip_text(const struct screen *s, const struct chip *chip, bool brief,
		      struct gw_text *t)
{
	bool plain_ok = strcmp(chip->how, "ok") == 0;

	gw_text_add(t, chip->good ? "\u25CF " : "\u25CB ");
	gw_text_add(t, brief && strcmp(chip->name, "scanner") == 0 ? "scan" : chip->name);
	if (chip->how[0] != '\0' && !(plain_ok && !s->state->mono && !s->state->ascii) &&
	    !(brief && chip->good)) {
		gw_text_add_char(t, ' ');
		gw_text_add(t, chip->how);
	}
}

/* Writes a chip and its gap ending before `end`; returns its first column. */
static int draw_chip(struct screen *s, const struct chip *chip, int end, bool brief)
{
	char room[64];
	struct gw_text t = gw_text_over(room, sizeof(room));
	enum gw_role role = chip->good || chip->calm ? GW_ROLE_TEXT : GW_ROLE_WARN;
	int cols;

	chip_text(s, chip, brief, &t);
	cols = gw_canvas_cols(s->canvas, room);
	gw_canvas_put(s->canvas, 0, end - cols, cols, role, room);
	if (chip->good)
		gw_canvas_put(s->canvas, 0, end - cols, 1, GW_ROLE_GOOD, "\u25CF");
	return end - cols - (brief ? 1 : 2);
}

static int chip_cols(const struct screen *s, const struct chip *chip, bool brief)
{
	char room[64];
	struct gw_text t = gw_text_over(room, sizeof(room));

	chip_text(s, chip, brief, &t);
	return gw_canvas_cols(s->canvas, room) + (brief ? 1 : 2);
}

static bool clock_runs(const struct screen *s)
{
	return s->view->state != GW_VIEW_IDLE || s->state->idle_clock;
}

static int draw_clock(struct screen *s, int end)
{
	char text[8];

	if (end < 6 || (!clock_runs(s) && end < 70))
		return end; /* on a wide row its place stays, so that the chips keep theirs */
	if (clock_runs(s))
		gw_canvas_put_right(s->canvas, 0, end - 5, 5, GW_ROLE_TEXT,
				    gw_words_clock(s->status, s->status->now_ms, text));
	return end - 5 - (end >= 70 ? 10 : 2);
}

/* Left part: practice, store, terminal, cashier; what does not fit is left out from the right. */
static void draw_names(struct screen *s, int end)
{
	char room[120];
	struct gw_text t = gw_text_over(room, sizeof(room));
	const char *cashier = gw_or_empty(s->view->cashier);
	int col = 0;

	if (s->view->practice)
		col = gw_canvas_put(s->canvas, 0, 0, end, GW_ROLE_PRACTICE, " PRACTICE ") + 1;
	if (end - col >= 24) {
		gw_text_add(&t, gw_or_empty(s->status->store));
		gw_text_add_char(&t, ' ');
	}
	gw_text_add(&t, gw_or_empty(s->status->terminal));
	if (cashier[0] != '\0' && end - col >= 24) {
		gw_text_add(&t, "  Cashier ");
		gw_text_add(&t, cashier);
	}
	if (end > col)
		gw_canvas_put(s->canvas, 0, col, end - col, GW_ROLE_TEXT, room);
}

#define CHIPS 3

/*
 * The chips keep their places; where there is no room for all of them, what is well is left out
 * before what is wrong.
 */
static void draw_status(struct screen *s)
{
	struct chip chips[CHIPS] = {{0}};
	bool shown[CHIPS] = {false}, brief = s->canvas->cols < 70;
	int end = draw_clock(s, s->canvas->cols);
	int room = end - 1 - (s->view->practice ? 11 : 0) -
		   gw_canvas_cols(s->canvas, gw_or_empty(s->status->terminal));

	scanner_chip(s, &chips[0]);
	rules_chip(s, &chips[1]);
	sent_chip(s, &chips[2]);
	for (int well = 0; well < 2; well++)
		for (int i = 0; i < CHIPS; i++) {
			int cols = chip_cols(s, &chips[i], brief);

			if ((chips[i].good || chips[i].calm) != (well == 1) || cols > room)
				continue;
			shown[i] = true;
			room -= cols;
		}
	for (int i = CHIPS - 1; i >= 0; i--)
		if (shown[i])
			end = draw_chip(s, &chips[i], end, brief);
	draw_names(s, end - 1);
}

/* --- messages -----------------------------------------------------------------------------------
 */

static enum gw_role note_role(const struct screen *s)
{
	enum gw_note note = s->view->note;
	bool bad = note == GW_NOTE_CARD || note == GW_NOTE_REFUSED || note == GW_NOTE_WARNING;

	if (gw_or_empty(s->status->said)[0] != '\0')
		bad = s->status->said_bad;
	return bad && s->state->hint[0] == '\0' ? GW_ROLE_WARN : GW_ROLE_STRONG;
}

static void draw_entry(struct screen *s, int row)
{
	struct gw_ui_state *state = s->state;
	char room[GW_ENTRY_MAX + 64];
	struct gw_text t = gw_text_over(room, sizeof(room));
	int cols;

	gw_text_addf(&t, "Code: %.*s", (int)state->entry_len, state->entry);
	cols = gw_canvas_put(s->canvas, row, 0, s->canvas->cols, GW_ROLE_STRONG, room);
	s->canvas->cursor_row = row;
	s->canvas->cursor_col = cols < s->canvas->cols ? cols : s->canvas->cols - 1;
	gw_canvas_put(s->canvas, row, cols + 2, s->canvas->cols - cols - 2, GW_ROLE_DIM,
		      "Enter: ring it up   *: that many pieces   Esc: forget it");
}

/* Rows are [row, row + rows); what happened stands in the last one. */
static void draw_messages(struct screen *s, int row, int rows)
{
	char alert_room[300], note_room[300];
	struct gw_text alert = gw_text_over(alert_room, sizeof(alert_room));
	struct gw_text note = gw_text_over(note_room, sizeof(note_room));
	int64_t fresh_until = s->state->note_ms + NOTE_MS;
	int cols = s->canvas->cols, last = row + rows - 1, used = 0;
	enum gw_role role = gw_words_alert(s, &alert);

	gw_words_note(s, &note);
	if (rows < 2 && alert.len > 0 && note.len > 0) {
		if (s->now_ms >= fresh_until)
			gw_text_clear(&note);
		else
			gw_wake_at(s, fresh_until);
	}
	if (s->state->page == GW_PAGE_SALE && s->state->entry_len > 0) {
		draw_entry(s, last);
		used = 1;
	} else if (note.len > 0) {
		used = alert.len > 0 ? 1 : gw_canvas_rows(s->canvas, cols, note_room);
		if (used > rows)
			used = rows;
		gw_canvas_wrap(s->canvas, last - used + 1, 0, cols, used, note_role(s), note_room);
	}
	if (alert.len > 0 && rows - used > 0)
		gw_canvas_wrap(s->canvas, row, 0, cols, rows - used, role, alert_room);
}

/* --- the key bar --------------------------------------------------------------------------------
 */

/* The keys of a page in the order of the bar; where room is short the later ones fall away first.
 */
static const char *label_of(const struct screen *s, enum gw_act act)
{
	const struct gw_view *view = s->view;

	if (s->state->page == GW_PAGE_CANT) {
		static const char *const why[] = {"Sold out", "Has it", "No fit", "Unasked"};

		return act >= GW_ACT_YES && act <= GW_ACT_TOTAL ? why[act - GW_ACT_YES] : NULL;
	}
	if (act == GW_ACT_TOTAL && view->state == GW_VIEW_TOTALLED)
		return "End";
	if (act == GW_ACT_HOLD && view->state == GW_VIEW_IDLE)
		return view->suspended > 0 ? "Held" : NULL;
	if (view->state == GW_VIEW_IDLE && (act == GW_ACT_TOTAL || act == GW_ACT_VOID))
		return NULL;
	if (!view->offer.active && act >= GW_ACT_YES && act <= GW_ACT_CANT)
		return NULL;
	return gw_binding_of(act)->label;
}

/* Where keys on narrow screens are left out, these go first. */
static bool dispensable(const struct screen *s, enum gw_act act)
{
	return act == GW_ACT_SCANNER || act == GW_ACT_QUIT ||
	       (act == GW_ACT_HOLD && s->view->state != GW_VIEW_IDLE);
}

static int key_cols(const struct screen *s, enum gw_act act, bool few)
{
	char name[GW_KEY_NAME_MAX];
	const char *label = label_of(s, act);
	uint32_t key = gw_keymap_show(&s->state->keys, act);

	if (label == NULL || key == 0 || (few && dispensable(s, act)))
		return 0;
	return gw_canvas_cols(s->canvas, gw_key_name(name, key)) + 1 +
	       gw_canvas_cols(s->canvas, label);
}

static int draw_key(struct screen *s, int row, int col, enum gw_act act)
{
	char name[GW_KEY_NAME_MAX];
	int room = s->canvas->cols - col;
	int used = gw_canvas_put(s->canvas, row, col, room, GW_ROLE_STRONG,
				 gw_key_name(name, gw_keymap_show(&s->state->keys, act)));

	return col + used + 1 +
	       gw_canvas_put(s->canvas, row, col + used + 1, room - used - 1, GW_ROLE_TEXT,
			     label_of(s, act));
}

static void draw_back(struct screen *s, int row)
{
	int used = gw_canvas_put(s->canvas, row, 0, s->canvas->cols, GW_ROLE_STRONG, "Esc");

	gw_canvas_put(s->canvas, row, used + 1, s->canvas->cols - used - 1, GW_ROLE_TEXT,
		      s->canvas->cols < 60 ? "back to the sale; or scan"
					   : "back to the sale; a scan goes on with it");
}

/* Keys side by side from the left; where room is short, first some and then the last go. */
static void draw_packed(struct screen *s, int row)
{
	int cols = s->canvas->cols, need = 0, col = 0, gap, keys = 0;
	bool few;

	for (int act = 0; act <= GW_ACT_QUIT; act++) {
		int n = key_cols(s, (enum gw_act)act, false);

		need += n;
		keys += n > 0;
	}
	few = need + (keys - 1) > cols;
	gap = !few && need + 2 * (keys - 1) <= cols ? 2 : 1;
	for (int act = 0; act <= GW_ACT_QUIT; act++) {
		int n = key_cols(s, (enum gw_act)act, few);

		if (n == 0 || col + n > cols)
			continue;
		col = draw_key(s, row, col, (enum gw_act)act) + gap;
	}
}

/* What a key takes with the label it has at most times; 0: it has no key. */
static int slot_cols(const struct screen *s, enum gw_act act)
{
	char name[GW_KEY_NAME_MAX];
	uint32_t key = gw_keymap_show(&s->state->keys, act);

	return key == 0 ? 0
			: gw_canvas_cols(s->canvas, gw_key_name(name, key)) + 1 +
				  gw_canvas_cols(s->canvas, gw_binding_of(act)->label);
}

/* Where all of them fit, each key has its place for good: one that does nothing now leaves it
 * blank.  False: they do not fit. */
static bool draw_places(struct screen *s, int row)
{
	int need = 0, keys = 0, col = 0, gap;

	for (int act = 0; act <= GW_ACT_QUIT; act++) {
		need += slot_cols(s, (enum gw_act)act);
		keys += slot_cols(s, (enum gw_act)act) > 0;
	}
	if (need + keys - 1 > s->canvas->cols)
		return false;
	gap = need + 2 * (keys - 1) <= s->canvas->cols ? 2 : 1;
	for (int act = 0; act <= GW_ACT_QUIT; act++) {
		int n = slot_cols(s, (enum gw_act)act);

		if (n > 0 && label_of(s, (enum gw_act)act) != NULL)
			draw_key(s, row, col, (enum gw_act)act);
		col += n > 0 ? n + gap : 0;
	}
	return true;
}

static void draw_bar(struct screen *s, int row)
{
	if (s->state->page == GW_PAGE_CANT)
		draw_packed(s, row);
	else if (s->state->page != GW_PAGE_SALE)
		draw_back(s, row);
	else if (!draw_places(s, row))
		draw_packed(s, row);
}

/* --- all of it ----------------------------------------------------------------------------------
 */

void gw_draw_title(struct screen *s, int row, const char *title, const char *right)
{
	int cols = s->canvas->cols, used, n = gw_canvas_cols(s->canvas, right);

	gw_canvas_across(s->canvas, row, 0, cols, "\u2500");
	used = gw_canvas_put(s->canvas, row, 2, cols - 4, GW_ROLE_STRONG, title);
	gw_canvas_put(s->canvas, row, 1, 1, GW_ROLE_TEXT, " ");
	gw_canvas_put(s->canvas, row, 2 + used, 1, GW_ROLE_TEXT, " ");
	if (n == 0 || used + n + 8 > cols)
		return;
	gw_canvas_put(s->canvas, row, cols - n - 3, 1, GW_ROLE_TEXT, " ");
	gw_canvas_put(s->canvas, row, cols - n - 2, n, GW_ROLE_TEXT, right);
	gw_canvas_put(s->canvas, row, cols - 2, 1, GW_ROLE_TEXT, " ");
}

void gw_wake_at(struct screen *s, int64_t mono_ms)
{
	if (s->state->wake_ms < 0 || mono_ms < s->state->wake_ms)
		s->state->wake_ms = mono_ms;
}

struct area gw_draw_chrome(struct screen *s)
{
	int rows = s->canvas->rows, cols = s->canvas->cols;
	bool bar = !s->state->hide_bar && rows >= 4;
	int messages = rows >= 18 ? 2 : 1;

	if (clock_runs(s)) {
		int64_t wall = s->status->now_ms;

		gw_wake_at(s, s->now_ms + MINUTE_MS - wall % MINUTE_MS);
	}
	draw_status(s);
	if (bar)
		draw_bar(s, rows - 1);
	draw_messages(s, rows - (bar ? 1 : 0) - messages, messages);
	return (struct area){1, 0, rows - 1 - (bar ? 1 : 0) - messages, cols};
}
