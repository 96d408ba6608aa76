/* How a line comes into a sale, changes and goes: from a scan, or from a till that knows. */
#include "engine/core.h"

#include <string.h>

#include "base/when.h"

/* value / 10^from as a whole number of 1 / 10^to, half up. */
static int64_t rescale(int64_t value, int from, int to)
{
	for (; from < to && value < GW_PRICE_MAX; from++)
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
	if (l->price_minor >= 0 && l->price_minor < GW_PRICE_MAX / 1000)
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
		 s->measure.value >= 1 && s->measure.value <= GW_QTY_MAX)
		l->qty = (int32_t)s->measure.value;
	else if (variable && s->net_weight.value > 0)
		weigh(l, s->net_weight.value, s->net_weight.decimals);
	else if (variable && s->count >= 1 && s->count <= GW_QTY_MAX)
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

	gw_core_open(e);
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

/* The unconfirmed line that a scan or a till's own line is about, NULL. */
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

/* The till has the add-on that was accepted by key: no second line, but its price counts. */
static void confirm(struct gw_engine *e, const struct gw_sale_line *line, int64_t price_minor)
{
	struct gw_event *event = line_again(e, line);

	event->u.line.unconfirmed = false;
	if (price_minor >= 0)
		event->u.line.price_minor = price_minor;
	gw_core_commit(e, event);
}

void gw_core_scan(struct gw_engine *e, const struct gw_input *in)
{
	struct gw_sale_line *line;
	struct gw_ev_line draft;

	e->scan_config.year = gw_civil_from_ms(e->at_ms).year;
	if (gw_scan_decode(&e->scan_config, in->data, in->data_len, &e->scan) < 0) {
		refuse(e, &e->scan, true);
		return;
	}
	if (e->scan.kind == GW_SCAN_ADDON) /* it belongs to a magazine already on the slip */
		return;
	if (gw_core_control(e, in))
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
	line = unconfirmed_line(e, draft.code, draft.qty);
	if (line != NULL) { /* where nothing types it into the till, the cashier scans it */
		confirm(e, line, -1);
		gw_core_note(e, GW_NOTE_ADDED, gw_core_shown(e->sale, line)->name);
		gw_core_beep(e, GW_BEEP_OK);
		return;
	}
	draft.source = GW_SOURCE_SCAN;
	add_line(e, &draft, e->scan.measure.type == GW_MEASURE_PRICE || e->scan.price.value >= 0);
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

void gw_core_host_line(struct gw_engine *e, const struct gw_input *in)
{
	const char *code = in->code != NULL ? in->code : "";
	struct gw_sale_line *line;
	struct gw_ev_line draft;

	if (*code == '\0' || in->qty < -GW_QTY_MAX || in->qty > GW_QTY_MAX ||
	    in->price_minor > GW_PRICE_MAX) {
		gw_core_error(e, "A line needs a code, a quantity within %d and a fair price",
			      GW_QTY_MAX);
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

/* From now on a scan of the add-on is a second piece.  A sale that is over needs no telling. */
void gw_core_injected(struct gw_engine *e, const struct gw_input *in)
{
	for (int i = 0; e->sale != NULL && i < e->sale->line_count; i++) {
		const struct gw_sale_line *line = &e->sale->lines[i];

		if (line->unconfirmed && e->sale->shown[i].line == in->line &&
		    !e->sale->shown[i].voided &&
		    strcmp(e->sale->basket, in->text != NULL ? in->text : "") == 0)
			confirm(e, line, -1);
	}
}

void gw_core_change_qty(struct gw_engine *e, const struct gw_sale_line *line, int32_t qty)
{
	struct gw_event *event = line_again(e, line);

	event->u.line.qty = qty;
	event->u.line.unconfirmed = false;
	gw_core_commit(e, event);
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
