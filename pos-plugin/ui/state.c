#include "ui/state.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define ESC_DIGIT_MS 1000

/* The actions of one call. */
struct out {
	struct gw_ui_action *actions;
	size_t room, n;
};

/* What a key is judged by. */
struct press {
	struct gw_ui_state *state;
	const struct gw_view *view;
	int64_t now_ms;
	struct out *out;
};

void gw_ui_state_init(struct gw_ui_state *state, const struct gw_ui_options *options)
{
	memset(state, 0, sizeof(*state));
	if (options->keys != NULL)
		state->keys = *options->keys;
	else
		gw_keymap_init(&state->keys);
	gw_keyseq_init(&state->seq);
	gw_burst_init(&state->burst, options->burst_gap_ms);
	snprintf(state->pin, sizeof(state->pin), "%s", options->pin != NULL ? options->pin : "");
	state->ascii = options->ascii == GW_UI_YES;
	state->mono = options->colour == GW_UI_NO;
	state->hide_bar = options->hide_bar;
	state->idle_clock = options->idle_clock;
	state->esc_ms = -1;
	state->wake_ms = -1;
}

static struct gw_ui_action *emit(struct out *out, enum gw_ui_action_kind kind)
{
	struct gw_ui_action *action = &out->actions[out->n < out->room ? out->n++ : out->room - 1];

	action->kind = kind;
	action->input = GW_IN_TICK;
	action->qty = 0;
	action->line = 0;
	action->text[0] = '\0';
	action->data_len = 0;
	return action;
}

static struct gw_ui_action *input(struct press *press, enum gw_input_kind kind)
{
	struct gw_ui_action *action = emit(press->out, GW_UI_INPUT);

	action->input = kind;
	return action;
}

static void hint(struct gw_ui_state *state, const char *text)
{
	snprintf(state->hint, sizeof(state->hint), "%s", text);
}

bool gw_ui_state_home(struct gw_ui_state *state)
{
	bool scanner = state->page == GW_PAGE_SCANNER;

	state->page = GW_PAGE_SALE;
	state->scroll = 0;
	state->entry_len = 0;
	state->dock_side = false;
	return scanner;
}

static void go_home(struct press *press)
{
	if (gw_ui_state_home(press->state))
		emit(press->out, GW_UI_LEFT_SCANS);
}

static void scan(struct press *press, const char *data, size_t len)
{
	struct gw_ui_action *action;

	if (press->state->page != GW_PAGE_SCANNER)
		go_home(press);
	press->state->entry_len = 0;
	action = emit(press->out, GW_UI_SCAN);
	memcpy(action->data, data, len);
	action->data_len = len;
}

/* --- the marked line ----------------------------------------------------------------------------
 */

static const struct gw_view_line *marked(const struct press *press)
{
	const struct gw_view *view = press->view;

	for (size_t i = view->line_count; i > 0; i--) {
		const struct gw_view_line *line = &view->lines[i - 1];

		if (line->voided)
			continue;
		if (press->state->marked_line == 0 || line->line == press->state->marked_line)
			return line;
	}
	return NULL;
}

/* The next line that is not voided, up (-1) or down (+1); below the last one nothing is marked. */
static void mark(struct press *press, int step)
{
	const struct gw_view *view = press->view;
	const struct gw_view_line *now = marked(press);
	ptrdiff_t i;

	if (now == NULL)
		return;
	if (press->state->marked_line == 0) {
		press->state->marked_line = step < 0 ? now->line : 0;
		return;
	}
	for (i = (now - view->lines) + step; i >= 0 && i < (ptrdiff_t)view->line_count; i += step)
		if (!view->lines[i].voided) {
			press->state->marked_line = view->lines[i].line;
			return;
		}
	if (step > 0)
		press->state->marked_line = 0;
}

static void change_qty(struct press *press, int32_t qty)
{
	const struct gw_view_line *line = marked(press);
	struct gw_ui_action *action;

	if (line == NULL) {
		hint(press->state, "There is no line to change");
		return;
	}
	if (line->milli != 0) {
		hint(press->state, "A weighed article has no pieces: void it and weigh again");
		return;
	}
	if (qty < 1 || qty > 9999) {
		hint(press->state, qty < 1 ? "F6 takes the line out" : "No more than 9999 pieces");
		return;
	}
	action = input(press, GW_IN_QTY);
	action->line = line->line;
	action->qty = qty;
}

static void void_line(struct press *press)
{
	const struct gw_view_line *line = marked(press);

	if (line == NULL) {
		hint(press->state, "There is no line to take out");
		return;
	}
	if (press->state->marked_line == 0)
		input(press, GW_IN_VOID_LAST);
	else
		input(press, GW_IN_VOID)->line = line->line;
	press->state->marked_line = 0;
}

/* --- what the keys do ---------------------------------------------------------------------------
 */

static void answer(struct press *press, enum gw_input_kind kind, const char *why)
{
	struct gw_ui_action *action;

	if (!press->view->offer.active) {
		hint(press->state, "There is no offer to answer");
		return;
	}
	action = input(press, kind);
	snprintf(action->text, sizeof(action->text), "%s", why);
}

static void hold(struct press *press)
{
	struct gw_ui_state *state = press->state;

	if (press->view->state != GW_VIEW_IDLE) {
		input(press, GW_IN_SUSPEND);
	} else if (press->view->suspended == 0) {
		hint(state, "No sale was put aside");
	} else if (state->held_count > 1) {
		state->page = GW_PAGE_HELD;
		state->held_chosen = 0;
	} else {
		input(press, GW_IN_RESUME);
	}
}

static void open_page(struct press *press, enum gw_ui_page page)
{
	struct gw_ui_state *state = press->state;

	state->scroll = 0;
	state->entry_len = 0;
	if (page == GW_PAGE_TODAY && state->pin[0] != '\0')
		page = GW_PAGE_PIN;
	state->page = page;
	if (page == GW_PAGE_TODAY)
		emit(press->out, GW_UI_WANT_TODAY);
	if (page == GW_PAGE_SCANNER)
		emit(press->out, GW_UI_WANT_SCANS);
}

/* For acts that need an open sale. */
static bool in_sale(struct press *press)
{
	if (press->view->state != GW_VIEW_IDLE)
		return true;
	hint(press->state, "No sale is open: scan the first article");
	return false;
}

static void act_on_line(struct press *press, enum gw_act act)
{
	const struct gw_view_line *line = marked(press);
	int32_t qty = line != NULL ? line->qty : 0;

	if (!in_sale(press))
		return;
	if (act == GW_ACT_VOID)
		void_line(press);
	else if (act == GW_ACT_UP || act == GW_ACT_DOWN)
		mark(press, act == GW_ACT_UP ? -1 : 1);
	else
		change_qty(press, act == GW_ACT_MORE ? qty + 1 : qty - 1);
}

static void act_in_sale(struct press *press, enum gw_act act)
{
	switch (act) {
	case GW_ACT_HELP:
		open_page(press, GW_PAGE_HELP);
		break;
	case GW_ACT_SCANNER:
		open_page(press, GW_PAGE_SCANNER);
		break;
	case GW_ACT_TODAY:
		open_page(press, GW_PAGE_TODAY);
		break;
	case GW_ACT_QUIT:
		open_page(press, GW_PAGE_QUIT);
		break;
	case GW_ACT_YES:
		answer(press, GW_IN_ACCEPT, "");
		break;
	case GW_ACT_NO:
		answer(press, GW_IN_DECLINE, "");
		break;
	case GW_ACT_CANT:
		if (press->view->offer.active)
			open_page(press, GW_PAGE_CANT);
		else
			hint(press->state, "There is no offer to answer");
		break;
	case GW_ACT_TOTAL:
		if (in_sale(press))
			input(press, GW_IN_TOTAL);
		break;
	case GW_ACT_HOLD:
		hold(press);
		break;
	case GW_ACT_MUTE:
		if (in_sale(press))
			input(press, GW_IN_MUTE);
		break;
	case GW_ACT_CANCEL:
		if (in_sale(press))
			open_page(press, GW_PAGE_CANCEL);
		break;
	case GW_ACT_PRACTICE:
		if (press->view->state != GW_VIEW_IDLE)
			hint(press->state, "End the sale first, then practise");
		else
			input(press, GW_IN_PRACTICE)->qty = !press->view->practice;
		break;
	default:
		act_on_line(press, act);
		break;
	}
}

/* Under the offer: why it cannot be made.  The keys of the bar, with other labels. */
static void act_cant(struct press *press, enum gw_act act)
{
	go_home(press);
	if (act == GW_ACT_YES)
		answer(press, GW_IN_DECLINE, "out_of_stock");
	else if (act == GW_ACT_NO)
		answer(press, GW_IN_DECLINE, "has_it");
	else if (act == GW_ACT_CANT)
		answer(press, GW_IN_DECLINE, "not_suitable");
	else if (act == GW_ACT_TOTAL)
		answer(press, GW_IN_NOT_VOICED, "");
}

static void act_held(struct press *press, enum gw_act act)
{
	struct gw_ui_state *state = press->state;

	if (act == GW_ACT_UP && state->held_chosen > 0)
		state->held_chosen--;
	else if (act == GW_ACT_DOWN && state->held_chosen + 1 < state->held_count)
		state->held_chosen++;
	if (act == GW_ACT_UP || act == GW_ACT_DOWN)
		return;
	if ((act == GW_ACT_HOLD || act == GW_ACT_YES) && state->held_chosen < state->held_count)
		snprintf(input(press, GW_IN_RESUME)->text, GW_BASKET_ID_MAX, "%s",
			 state->held[state->held_chosen]);
	go_home(press);
}

/* Behind the scans is the dock, whose figures are asked anew, and behind that the sale again. */
static void turn_over(struct press *press)
{
	if (press->state->dock_side) {
		go_home(press);
		return;
	}
	open_page(press, GW_PAGE_SCANNER);
	press->state->dock_side = true;
}

/* Pages to read: up and down move, any other key goes back to the sale without doing more. */
static void act_reading(struct press *press, enum gw_act act)
{
	struct gw_ui_state *state = press->state;

	if (act == GW_ACT_DOWN)
		state->scroll++;
	else if (act == GW_ACT_UP)
		state->scroll -= state->scroll > 0;
	else if (act == GW_ACT_SCANNER && state->page == GW_PAGE_SCANNER)
		turn_over(press);
	else
		go_home(press);
}

static void act_asked(struct press *press, enum gw_act act)
{
	enum gw_ui_page page = press->state->page;

	go_home(press);
	if (page == GW_PAGE_QUIT && act == GW_ACT_QUIT)
		emit(press->out, GW_UI_QUIT);
	if (page == GW_PAGE_CANCEL && act == GW_ACT_CANCEL)
		input(press, GW_IN_CANCEL);
}

static void act(struct press *press, enum gw_act act)
{
	if (act == GW_ACT_REDRAW) {
		press->state->redraw = true;
		return;
	}
	if (act == GW_ACT_BAR) {
		press->state->hide_bar = !press->state->hide_bar;
		return;
	}
	switch (press->state->page) {
	case GW_PAGE_SALE:
		if (act != GW_ACT_BACK)
			act_in_sale(press, act);
		break;
	case GW_PAGE_CANT:
		act_cant(press, act);
		break;
	case GW_PAGE_HELD:
		act_held(press, act);
		break;
	case GW_PAGE_CANCEL:
	case GW_PAGE_QUIT:
		act_asked(press, act);
		break;
	default:
		act_reading(press, act);
		break;
	}
}

/* --- typing -------------------------------------------------------------------------------------
 */

static bool is_digit(uint32_t key)
{
	return key >= '0' && key <= '9';
}

static void type(struct gw_ui_state *state, uint32_t key)
{
	if (key >= 0x20 && key < 0x7F && state->entry_len + 1 < sizeof(state->entry))
		state->entry[state->entry_len++] = (char)key;
}

static void enter_pin(struct press *press)
{
	struct gw_ui_state *state = press->state;
	bool right = strlen(state->pin) == state->entry_len &&
		     memcmp(state->pin, state->entry, state->entry_len) == 0;

	memset(state->entry, 0, sizeof(state->entry));
	go_home(press);
	if (!right) {
		hint(state, "That was not the PIN");
		return;
	}
	state->page = GW_PAGE_TODAY;
	emit(press->out, GW_UI_WANT_TODAY);
}

/* A digit, a quantity, a code by hand.  False: the key is not part of typing. */
static bool typing(struct press *press, uint32_t key)
{
	struct gw_ui_state *state = press->state;
	bool pin = state->page == GW_PAGE_PIN;
	int32_t qty = 0;

	if (state->page != GW_PAGE_SALE && !pin)
		return false;
	if (key == GW_KEY_ENTER && pin) {
		enter_pin(press);
		return true;
	}
	if (is_digit(key) || (state->entry_len > 0 && key > 0x20 && key < 0x7F && key != '*')) {
		type(state, key);
		return true;
	}
	if (state->entry_len == 0)
		return false;
	if (key == GW_KEY_BACKSPACE) {
		state->entry_len--;
	} else if (key == GW_KEY_ENTER) {
		scan(press, state->entry, state->entry_len);
	} else if (key == '*') {
		for (size_t i = 0; i < state->entry_len; i++)
			qty = is_digit((uint8_t)state->entry[i]) && qty < 100000
				      ? qty * 10 + (state->entry[i] - '0')
				      : 100000;
		state->entry_len = 0;
		if (in_sale(press))
			change_qty(press, qty);
	} else if (key == GW_KEY_ESC && !pin) {
		state->entry_len = 0;
		return false;
	} else {
		return false;
	}
	return true;
}

/* Pages whose keys are answers, which must work as Esc and a digit too. */
static bool asks(enum gw_ui_page page)
{
	return page == GW_PAGE_CANT || page == GW_PAGE_HELD || page == GW_PAGE_CANCEL ||
	       page == GW_PAGE_QUIT;
}

static void press_key(struct press *press, uint32_t key)
{
	struct gw_ui_state *state = press->state;
	bool after_esc = state->esc_ms >= 0 && press->now_ms - state->esc_ms <= ESC_DIGIT_MS;
	enum gw_act what;

	state->hint[0] = '\0';
	state->esc_ms = key == GW_KEY_ESC ? press->now_ms : -1;
	if (after_esc && is_digit(key)) {
		key = GW_KEY_F0 + (key == '0' ? 10 : key - '0');
		if (state->page == GW_PAGE_SALE && asks(state->esc_page))
			state->page = state->esc_page;
	}
	if (key == GW_KEY_ESC)
		state->esc_page = state->page;
	if (key == 0x1A) {
		state->stop = true;
		return;
	}
	if (typing(press, key))
		return;
	if (key == GW_KEY_ENTER && state->page == GW_PAGE_HELD)
		what = GW_ACT_YES;
	else
		what = key == 0x03 ? GW_ACT_QUIT : gw_keymap_find(&state->keys, key);
	if (what != GW_ACT_COUNT)
		act(press, what);
}

static void deliver(struct press *press, enum gw_burst_result result)
{
	struct gw_burst *burst = &press->state->burst;

	if (result == GW_BURST_SCAN && burst->cut) {
		hint(press->state, "That was too long for a code: not read");
	} else if (result == GW_BURST_SCAN && burst->chars == 1 && press->state->entry_len > 0) {
		/* A scanner slower than the gap: its code came as if typed, but for the end. */
		press_key(press, burst->first);
		press_key(press, GW_KEY_ENTER);
	} else if (result == GW_BURST_SCAN) {
		scan(press, burst->data, burst->len);
	} else if (result == GW_BURST_TYPED && burst->chars == 1) {
		press_key(press, burst->first);
	} else if (result == GW_BURST_TYPED) {
		for (size_t i = 0; i < burst->len; i++)
			press_key(press, (uint8_t)burst->data[i]);
	}
}

/* A key from the decoder: into the burst if a scanner could have sent it there, else acted on. */
static void take(struct press *press, uint32_t key)
{
	struct gw_burst *burst = &press->state->burst;
	bool busy = gw_burst_busy(burst, press->now_ms);
	bool printable = key >= 0x20 && key < GW_KEY_NONE && key != 0x7F;

	if (printable || (busy && key < 0x20) || (key == '\n' && burst->after_cr)) {
		deliver(press, gw_burst_add(burst, key, press->now_ms));
		return;
	}
	if (busy || key == GW_KEY_NONE)
		return; /* no person hits a function key within a scan */
	if (key == '\r' || key == '\n')
		key = GW_KEY_ENTER;
	else if (key == '\t')
		key = GW_KEY_TAB;
	else if (key == 0x08 || key == 0x7F)
		key = GW_KEY_BACKSPACE;
	press_key(press, key);
}

static void pass_time(struct press *press)
{
	uint32_t key;

	deliver(press, gw_burst_poll(&press->state->burst, press->now_ms));
	key = gw_keyseq_poll(&press->state->seq, press->now_ms);
	if (key != GW_KEY_NONE)
		take(press, key);
}

size_t gw_ui_state_bytes(struct gw_ui_state *state, const struct gw_view *view,
			 const uint8_t *bytes, size_t len, size_t *used, int64_t mono_ms,
			 struct gw_ui_action *actions, size_t room)
{
	struct out out = {actions, room, 0};
	struct press press = {state, view, mono_ms, &out};

	*used = 0;
	pass_time(&press);
	while (*used < len && out.n + GW_ACTIONS_ROOM <= room) {
		bool again;
		uint32_t key = gw_keyseq_add(&state->seq, bytes[*used], mono_ms, &again);

		if (!again)
			++*used;
		if (key != GW_KEY_NONE)
			take(&press, key);
	}
	return out.n;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

int64_t gw_ui_state_deadline(const struct gw_ui_state *state)
{
	int64_t at = sooner(gw_keyseq_deadline(&state->seq), gw_burst_deadline(&state->burst));

	return sooner(at, state->wake_ms);
}
