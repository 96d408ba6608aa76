/* What each input does.  A command decides and gives events; apply.c does what they say. */
#include "engine/core.h"

#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "base/when.h"

#define QTY_MAX   9999
#define PRICE_MAX 10000000000000LL

/* --- opening and closing */

static void open_sale(struct gw_engine *e)
{
	struct gw_event *event;
	struct gw_civil local;

	if (e->sale != NULL)
		return;
	local = gw_civil_from_ms(e->at_ms + e->utc_offset_min * 60000LL);
	event = gw_core_event(e, GW_EV_OPEN);
	snprintf(event->basket, sizeof(event->basket),
		 e->practice ? "%s-%s-%04d%02d%02d-P%05u" : "%s-%s-%04d%02d%02d-%06u", e->store,
		 e->terminal, local.year % 10000, local.month % 100, local.day % 100,
		 e->practice ? e->next_practice++ % 100000 : e->next_basket % 1000000);
	gw_core_commit(e, event);
}

static void close_sale(struct gw_engine *e, enum gw_close_reason reason, int64_t total_minor)
{
	char text[GW_MONEY_MAX];
	int64_t total = total_minor >= 0 ? total_minor : e->sale->total_minor;

	gw_core_close(e, reason, total_minor);
	gw_core_note(e, reason == GW_CLOSE_CANCEL ? GW_NOTE_CANCELLED : GW_NOTE_CLOSED,
		     gw_money_format(text, total, e->view.decimals));
}

/* --- lines */

/* value / 10^from as a whole number of 1 / 10^to, half up. */
static int64_t rescale(int64_t value, int from, int to)
{
	for (; from < to && value < PRICE_MAX; from++)
		value *= 10;
	for (; from > to; from--)
		value = from == to + 1 ? (value + 5) / 10 : value / 10;
	return value;
}

static void weigh(struct gw_ev_line *l, int64_t value, int decimals)
{
	int64_t milli = rescale(value, decimals, 3);

	if (milli <= 0 || milli > INT32_MAX)
		return;
	l->milli = (int32_t)milli;
	if (l->price_minor >= 0 && l->price_minor < PRICE_MAX / 1000)
		l->price_minor = (l->price_minor * milli + 500) / 1000;
}

/*
 * Takes the measure out of the code: a price is that of the piece; a weight multiplies the item's
 * price, which is then per unit of weight; a count is a quantity.  Weights and counts in GS1
 * element strings count for variable-measure items only, whose GTIN-14 begins with 9 (GS1 General
 * Specifications, section 2.1.11); on other items they describe the package.
 */
static void measure_line(const struct gw_engine *e, const struct gw_scan *s, struct gw_ev_line *l)
{
	int currency = e->view.decimals;
	bool variable = s->gtin[0] == '9';

	if (s->measure.type == GW_MEASURE_PRICE)
		l->price_minor = rescale(s->measure.value, s->measure.decimals, currency);
	else if (s->price.value >= 0)
		l->price_minor = rescale(s->price.value, s->price.decimals, currency);
	else if (s->measure.type == GW_MEASURE_WEIGHT)
		weigh(l, s->measure.value, s->measure.decimals);
	else if (s->measure.type == GW_MEASURE_COUNT && s->measure.decimals == 0 &&
		 s->measure.value >= 1 && s->measure.value <= QTY_MAX)
		l->qty = (int32_t)s->measure.value;
	else if (variable && s->net_weight.value > 0)
		weigh(l, s->net_weight.value, s->net_weight.decimals);
	else if (variable && s->count >= 1 && s->count <= QTY_MAX)
		l->qty = s->count;
}

/*
 * A tag of the item that tells of a recall: "recall" for all of it, "recall:LOT" for one lot.
 */
static bool is_recalled(const char *tags, const char *lot)
{
	size_t len;

	for (; *tags != '\0'; tags += len + (tags[len] == ' ')) {
		len = strcspn(tags, " ");
		if (len == 6 && memcmp(tags, "recall", 6) == 0)
			return true;
		if (len > 7 && memcmp(tags, "recall:", 7) == 0 && strlen(lot) == len - 7 &&
		    memcmp(tags + 7, lot, len - 7) == 0)
			return true;
	}
	return false;
}

static bool is_doubtful(const struct gw_scan *s)
{
	for (int i = 0; i < s->warning_count; i++)
		if (s->warnings[i].code == GW_WARN_VERIFIER)
			return true;
	return false;
}

/* True if the cashier was warned. */
static bool warn_of_line(struct gw_engine *e, uint32_t item, const struct gw_ev_line *l)
{
	const char *name = l->name != NULL ? l->name : l->code;
	int64_t day;

	if (item != GW_NONE && is_recalled(e->ground.table->items[item].tags, l->lot)) {
		gw_core_warn(e, "Recalled, do not sell: %s%s%s", name,
			     l->lot[0] != '\0' ? ", lot " : "", l->lot);
		return true;
	}
	if (gw_date_parse(l->expiry, strlen(l->expiry), &day) == GW_OK &&
	    day < gw_core_local(e, e->at_ms).day) {
		gw_core_warn(e, "Expired on %s: %s", l->expiry, name);
		return true;
	}
	if (l->source == GW_SOURCE_SCAN && is_doubtful(&e->scan)) {
		gw_core_warn(e, "Weight or price in the code is doubtful: %s", name);
		return true;
	}
	return false;
}

static void tell_unknown(struct gw_engine *e, const char *code, int line)
{
	struct gw_event *event = gw_core_event(e, GW_EV_UNKNOWN);

	gw_core_copy(event->u.code.code, sizeof(event->u.code.code), code);
	event->u.code.line = line;
	gw_core_commit(e, event);
	gw_core_note(e, GW_NOTE_UNKNOWN, code);
}

/* The price in the offer holds when what is scanned is what the offer has the till ring. */
static void price_by_offer(const struct gw_slot *slot, struct gw_ev_line *l)
{
	if (strcmp(l->code, slot->pos_code) == 0 && slot->price_minor >= 0 && l->milli == 0)
		l->price_minor = slot->price_minor;
}

/* Adds a line; draft has code, qty, price, source and what else the code told. */
static void add_line(struct gw_engine *e, const struct gw_ev_line *draft, bool own_price)
{
	uint32_t item = gw_core_find(e, draft->code);
	struct gw_slot *slot;
	struct gw_event *event;
	struct gw_ev_line *l;

	open_sale(e);
	slot = draft->qty > 0 ? gw_core_meets(e, draft->code, item) : NULL;
	event = gw_core_event(e, GW_EV_LINE);
	l = &event->u.line;
	*l = *draft;
	l->line = e->sale->line_last + 1;
	if (slot != NULL && !slot->ghost) {
		l->offer = slot->offer;
		item = slot->item;
		if (!own_price)
			price_by_offer(slot, l);
	}
	l->name = item != GW_NONE ? e->ground.table->items[item].name : NULL;
	gw_core_commit(e, event);
	gw_core_note(e, GW_NOTE_ADDED, l->name);
	if (l->name == NULL)
		tell_unknown(e, l->code, l->line);
	if (slot != NULL)
		gw_core_offer_met(e, slot, l->line);
	if (draft->source == GW_SOURCE_SCAN)
		gw_core_beep(e, GW_BEEP_OK);
	if (!warn_of_line(e, item, l))
		gw_core_consider(e, GW_MOMENT_SCAN);
}

static void refuse(struct gw_engine *e, const struct gw_scan *s, bool beep)
{
	struct gw_event *event = gw_core_event(e, GW_EV_REFUSED);

	gw_core_copy(event->u.text, sizeof(event->u.text), s->error);
	gw_core_commit(e, event);
	gw_core_note(e, s->secret ? GW_NOTE_CARD : GW_NOTE_REFUSED, s->error);
	if (beep)
		gw_core_beep(e, GW_BEEP_BAD);
}

static struct gw_ev_line draft_line(const struct gw_engine *e, const struct gw_scan *s)
{
	struct gw_ev_line l = {.qty = 1, .price_minor = -1};
	uint32_t item = gw_core_find(e, s->key);

	gw_core_copy(l.code, sizeof(l.code), s->key);
	gw_core_copy(l.lot, sizeof(l.lot), s->lot);
	gw_core_copy(l.expiry, sizeof(l.expiry), s->expiry);
	if (item != GW_NONE)
		l.price_minor = e->ground.table->items[item].price_minor;
	measure_line(e, s, &l);
	return l;
}

/* What is no item for sale unless the table has it: coupons, links, shipping labels. */
static bool is_item(const struct gw_engine *e, const struct gw_scan *s)
{
	if (s->kind == GW_SCAN_PRODUCT || s->kind == GW_SCAN_CODE)
		return s->key[0] != '\0';
	return s->key[0] != '\0' && gw_core_find(e, s->key) != GW_NONE;
}

static bool do_control(struct gw_engine *e, const struct gw_input *in)
{
	static const enum gw_input_kind kinds[GW_CONTROL_COUNT] = {
		[GW_CONTROL_ACCEPT] = GW_IN_ACCEPT,         [GW_CONTROL_DECLINE] = GW_IN_DECLINE,
		[GW_CONTROL_NOT_VOICED] = GW_IN_NOT_VOICED, [GW_CONTROL_TOTAL] = GW_IN_TOTAL,
		[GW_CONTROL_TENDER] = GW_IN_TENDER,         [GW_CONTROL_VOID] = GW_IN_VOID_LAST,
		[GW_CONTROL_CANCEL] = GW_IN_CANCEL,         [GW_CONTROL_SUSPEND] = GW_IN_SUSPEND,
		[GW_CONTROL_RESUME] = GW_IN_RESUME,         [GW_CONTROL_MUTE] = GW_IN_MUTE,
	};
	struct gw_input control = *in;
	enum gw_control what;

	if (!gw_settings_control(&e->settings, e->scan.key, &what))
		return false;
	control.kind = kinds[what];
	control.text = "";
	control.price_minor = -1;
	gw_core_command(e, &control);
	return true;
}

/*
 * The second code of a pack that was sold by its first: no line, but what only this one tells (lot,
 * use-by date) is heeded.
 */
static void on_twin(struct gw_engine *e)
{
	struct gw_ev_line draft = draft_line(e, &e->scan);
	uint32_t item = gw_core_find(e, draft.code);

	draft.name = item != GW_NONE ? e->ground.table->items[item].name : NULL;
	warn_of_line(e, item, &draft);
}

static void on_scan(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_ev_line draft;

	e->scan_config.year = gw_civil_from_ms(e->at_ms).year;
	if (gw_scan_decode(&e->scan_config, in->data, in->data_len, &e->scan) < 0) {
		refuse(e, &e->scan, true);
		return;
	}
	if (e->scan.kind == GW_SCAN_ADDON) /* it belongs to a magazine already on the slip */
		return;
	if (do_control(e, in))
		return;
	if (!is_item(e, &e->scan)) {
		tell_unknown(e, e->scan.key[0] != '\0' ? e->scan.key : e->scan.code, 0);
		return;
	}
	if (gw_scan_is_twin(&e->twin, &e->scan, e->mono_ms, GW_SCAN_TWIN_MS)) {
		on_twin(e);
		return;
	}
	draft = draft_line(e, &e->scan);
	draft.source = GW_SOURCE_SCAN;
	add_line(e, &draft, e->scan.measure.type == GW_MEASURE_PRICE || e->scan.price.value >= 0);
}

/* The unconfirmed line that a till's own line is about, NULL. */
static struct gw_sale_line *unconfirmed_line(struct gw_engine *e, const char *code, int32_t qty)
{
	for (int i = 0; e->sale != NULL && i < e->sale->line_count; i++) {
		struct gw_sale_line *line = &e->sale->lines[i];
		const struct gw_view_line *shown = &e->sale->shown[i];

		if (!line->unconfirmed || shown->voided || shown->qty != qty)
			continue;
		if (strcmp(line->code, code) == 0 ||
		    (line->offer >= 1 && line->offer <= e->sale->slot_count &&
		     strcmp(e->sale->slots[line->offer - 1].pos_code, code) == 0))
			return line;
	}
	return NULL;
}

/* The line once more, as it stands: for a change of quantity or price. */
static struct gw_event *line_again(struct gw_engine *e, const struct gw_sale_line *line)
{
	const struct gw_view_line *shown = gw_core_shown(e->sale, line);
	struct gw_event *event = gw_core_event(e, GW_EV_LINE);
	struct gw_ev_line *l = &event->u.line;

	l->line = shown->line;
	memcpy(l->code, line->code, sizeof(l->code));
	memcpy(l->lot, line->lot, sizeof(l->lot));
	memcpy(l->expiry, line->expiry, sizeof(l->expiry));
	l->name = shown->unknown ? NULL : shown->name;
	l->qty = shown->qty;
	l->price_minor = shown->price_minor;
	l->milli = shown->milli;
	l->source = shown->source;
	l->offer = line->offer;
	l->unconfirmed = line->unconfirmed;
	return event;
}

/* The till tells of the add-on we had it ring: no second line, but its price counts. */
static void confirm(struct gw_engine *e, const struct gw_sale_line *line, int64_t price_minor)
{
	struct gw_event *event = line_again(e, line);

	event->u.line.unconfirmed = false;
	if (price_minor >= 0)
		event->u.line.price_minor = price_minor;
	gw_core_commit(e, event);
}

/* A till's code as the table knows it: GW_E_INPUT, told, when it may not even be kept. */
static int draft_host_line(struct gw_engine *e, const char *code, struct gw_ev_line *draft)
{
	uint32_t item = gw_core_find(e, code);

	if (item != GW_NONE) {
		*draft = (struct gw_ev_line){
			.qty = 1, .price_minor = e->ground.table->items[item].price_minor};
		gw_core_copy(draft->code, sizeof(draft->code), code);
		return GW_OK;
	}
	if (gw_scan_decode(&e->scan_config, (const uint8_t *)code, strlen(code), &e->scan) < 0) {
		refuse(e, &e->scan, false);
		return GW_E_INPUT;
	}
	*draft = draft_line(e, &e->scan);
	if (draft->code[0] == '\0')
		gw_core_copy(draft->code, sizeof(draft->code), e->scan.code);
	return GW_OK;
}

static void on_line(struct gw_engine *e, const struct gw_input *in)
{
	const char *code = in->code != NULL ? in->code : "";
	struct gw_sale_line *line;
	struct gw_ev_line draft;

	if (*code == '\0' || in->qty < -QTY_MAX || in->qty > QTY_MAX ||
	    in->price_minor > PRICE_MAX) {
		gw_core_error(e, "A line needs a code, a quantity within %d and a fair price",
			      QTY_MAX);
		return;
	}
	if (draft_host_line(e, code, &draft) < 0)
		return;
	if (in->qty != 0)
		draft.qty = in->qty;
	line = unconfirmed_line(e, draft.code, draft.qty);
	if (line != NULL) {
		confirm(e, line, in->price_minor);
		return;
	}
	if (in->price_minor >= 0)
		draft.price_minor = in->price_minor;
	draft.source = GW_SOURCE_HOST;
	add_line(e, &draft, in->price_minor >= 0);
}

static struct gw_sale_line *last_line(struct gw_sale *sale)
{
	for (int i = sale->line_count; i-- > 0;)
		if (!sale->shown[i].voided)
			return &sale->lines[i];
	return NULL;
}

/* The line an input is about, told when there is none. */
static struct gw_sale_line *asked_line(struct gw_engine *e, int number)
{
	struct gw_sale_line *line =
		number == 0 ? last_line(e->sale) : gw_core_line(e->sale, number);

	if (line != NULL && !gw_core_shown(e->sale, line)->voided)
		return line;
	if (number == 0)
		gw_core_error(e, "The sale has no line");
	else if (line == NULL && number > GW_LINES_MAX && number <= e->sale->line_last)
		gw_core_error(e, "Line %d is beyond the %d that can be changed", number,
			      GW_LINES_MAX);
	else
		gw_core_error(e, "The sale has no line %d", number);
	return NULL;
}

void gw_core_change_qty(struct gw_engine *e, const struct gw_sale_line *line, int32_t qty)
{
	struct gw_event *event = line_again(e, line);

	event->u.line.qty = qty;
	event->u.line.unconfirmed = false;
	gw_core_commit(e, event);
}

static void on_qty(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_sale_line *line = asked_line(e, in->line);

	if (line == NULL)
		return;
	if (in->qty < 1 || in->qty > QTY_MAX) {
		gw_core_error(e, "A quantity is 1 to %d", QTY_MAX);
		return;
	}
	if (gw_core_shown(e->sale, line)->milli != 0) {
		gw_core_error(e, "A weighed item has no quantity");
		return;
	}
	gw_core_change_qty(e, line, in->qty);
	gw_core_note(e, GW_NOTE_ADDED, gw_core_shown(e->sale, line)->name);
	gw_core_check_offer(e);
	gw_core_consider(e, GW_MOMENT_SCAN);
}

void gw_core_void(struct gw_engine *e, const struct gw_sale_line *line)
{
	const struct gw_view_line *shown = gw_core_shown(e->sale, line);
	struct gw_event *event = gw_core_event(e, GW_EV_VOID);

	event->u.voided.line = shown->line;
	memcpy(event->u.voided.code, line->code, sizeof(event->u.voided.code));
	event->u.voided.qty = shown->qty;
	gw_core_commit(e, event);
}

static void void_line(struct gw_engine *e, int number)
{
	struct gw_sale_line *line = asked_line(e, number);

	if (line == NULL)
		return;
	gw_core_void(e, line);
	gw_core_note(e, GW_NOTE_VOIDED, gw_core_shown(e->sale, line)->name);
	gw_core_check_offer(e);
}

static void on_void(struct gw_engine *e, const struct gw_input *in)
{
	if (in->line < 1)
		gw_core_error(e, "Which line?");
	else
		void_line(e, in->line);
}

static void on_void_last(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	void_line(e, 0);
}

/* --- the offer */

static void on_accept(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	gw_core_accept(e);
}

static void end_by_key(struct gw_engine *e, enum gw_result result, const char *why,
		       enum gw_note note)
{
	struct gw_slot *slot = gw_core_offer(e);

	if (slot == NULL) {
		gw_core_error(e, "There is no offer");
		return;
	}
	gw_core_end_offer(e, slot, result, why);
	gw_core_note(e, note, NULL);
}

static void on_decline(struct gw_engine *e, const struct gw_input *in)
{
	const char *why = in->text != NULL ? in->text : "";

	if (*why != '\0' && strcmp(why, "out_of_stock") != 0 && strcmp(why, "has_it") != 0 &&
	    strcmp(why, "not_suitable") != 0)
		gw_core_error(e, "A reason is out_of_stock, has_it or not_suitable");
	else
		end_by_key(e, GW_RESULT_DECLINED, why, GW_NOTE_DECLINED);
}

static void on_not_voiced(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	end_by_key(e, GW_RESULT_NOT_VOICED, "", GW_NOTE_NOT_VOICED);
}

static void on_mute(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	if (e->sale->muted)
		return;
	/* Whoever wants silence did not ask. */
	if (gw_core_offer(e) != NULL)
		gw_core_end_offer(e, gw_core_offer(e), GW_RESULT_NOT_VOICED, "");
	gw_core_commit(e, gw_core_event(e, GW_EV_MUTE));
	gw_core_note(e, GW_NOTE_MUTED, NULL);
}

/* --- the end of a sale */

static void on_total(struct gw_engine *e, const struct gw_input *in)
{
	char text[GW_MONEY_MAX];

	(void)in;
	if (e->sale->totalled) {
		close_sale(e, GW_CLOSE_TOTAL, -1);
		return;
	}
	gw_core_commit(e, gw_core_event(e, GW_EV_SUBTOTAL));
	gw_core_note(e, GW_NOTE_SUBTOTAL,
		     gw_money_format(text, e->sale->total_minor, e->view.decimals));
	gw_core_consider(e, GW_MOMENT_TOTAL);
}

static void on_tender(struct gw_engine *e, const struct gw_input *in)
{
	e->tenders = true;
	if (e->sale == NULL)
		gw_core_error(e, "No sale is open");
	else
		close_sale(e, GW_CLOSE_TENDER, in->price_minor <= PRICE_MAX ? in->price_minor : -1);
}

static void on_cancel(struct gw_engine *e, const struct gw_input *in)
{
	(void)in;
	close_sale(e, GW_CLOSE_CANCEL, -1);
}

/* --- putting aside */

static struct gw_sale *find_aside(struct gw_engine *e, const char *basket, bool oldest)
{
	struct gw_sale *found = NULL;

	for (int i = 0; i < GW_SALES_MAX; i++) {
		struct gw_sale *sale = &e->sales[i];

		if (!sale->used || !sale->suspended ||
		    (*basket != '\0' && strcmp(basket, sale->basket) != 0))
			continue;
		if (found == NULL ||
		    (oldest ? sale->stamp < found->stamp : sale->stamp > found->stamp))
			found = sale;
	}
	return found;
}

static int count_aside(const struct gw_engine *e)
{
	int count = 0;

	for (int i = 0; i < GW_SALES_MAX; i++)
		count += e->sales[i].used && e->sales[i].suspended;
	return count;
}

/* Nobody came back for it: makes room for the next one. */
static void close_oldest(struct gw_engine *e)
{
	struct gw_sale *open = e->sale;

	e->sale = find_aside(e, "", true);
	gw_core_close_events(e, GW_CLOSE_IDLE, -1);
	e->sale = open;
}

static void on_suspend(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_slot *slot = gw_core_offer(e);

	(void)in;
	if (slot != NULL)
		gw_core_end_offer(e, slot, GW_RESULT_WITHDRAWN, "");
	if (count_aside(e) == GW_ASIDE_MAX)
		close_oldest(e);
	gw_core_commit(e, gw_core_event(e, GW_EV_SUSPEND));
	gw_core_note(e, GW_NOTE_SUSPENDED, NULL);
	gw_core_between_sales(e);
}

static void on_resume(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_sale *sale = find_aside(e, in->text != NULL ? in->text : "", false);
	struct gw_event *event;

	if (e->sale != NULL) {
		gw_core_error(e, "A sale is open: close it or put it aside first");
		return;
	}
	if (sale == NULL) {
		gw_core_error(e, "No such sale was put aside");
		return;
	}
	event = gw_core_event(e, GW_EV_RESUME);
	memcpy(event->basket, sale->basket, sizeof(event->basket));
	gw_core_commit(e, event);
	gw_core_note(e, GW_NOTE_RESUMED, NULL);
}

/* --- who, and how */

static void on_cashier(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_event *event = gw_core_event(e, GW_EV_LOGIN);

	gw_core_copy(event->u.id.id, sizeof(event->u.id.id), in->text);
	gw_core_commit(e, event);
}

/* A customer who is known before the first item begins the sale. */
static void on_segment(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_event *event;

	open_sale(e);
	event = gw_core_event(e, GW_EV_SEGMENT);
	gw_core_copy(event->u.id.id, sizeof(event->u.id.id), in->text);
	gw_core_commit(e, event);
	gw_core_check_offer(e);
}

static void on_practice(struct gw_engine *e, const struct gw_input *in)
{
	if (e->sale != NULL)
		gw_core_error(e, "Practice cannot begin or end within a sale");
	else
		e->practice = in->qty != 0;
}

static const struct {
	void (*run)(struct gw_engine *e, const struct gw_input *in);
	bool in_sale; /* only while a sale is open */
} commands[] = {
	[GW_IN_SCAN] = {on_scan, false},
	[GW_IN_LINE] = {on_line, false},
	[GW_IN_ACCEPT] = {on_accept, false},
	[GW_IN_DECLINE] = {on_decline, false},
	[GW_IN_NOT_VOICED] = {on_not_voiced, false},
	[GW_IN_QTY] = {on_qty, true},
	[GW_IN_VOID] = {on_void, true},
	[GW_IN_VOID_LAST] = {on_void_last, true},
	[GW_IN_TOTAL] = {on_total, true},
	[GW_IN_TENDER] = {on_tender, false},
	[GW_IN_CANCEL] = {on_cancel, true},
	[GW_IN_SUSPEND] = {on_suspend, true},
	[GW_IN_RESUME] = {on_resume, false},
	[GW_IN_CASHIER] = {on_cashier, false},
	[GW_IN_SEGMENT] = {on_segment, false},
	[GW_IN_MUTE] = {on_mute, true},
	[GW_IN_PRACTICE] = {on_practice, false},
	[GW_IN_TICK] = {NULL, false},
};

void gw_core_command(struct gw_engine *e, const struct gw_input *in)
{
	if (commands[in->kind].run == NULL)
		return;
	if (commands[in->kind].in_sale && e->sale == NULL)
		gw_core_error(e, "No sale is open");
	else
		commands[in->kind].run(e, in);
}
