/* What each event changes.  The same functions serve a running sale and one that is restored. */
#include "engine/core.h"

#include <stdlib.h>
#include <string.h>

uint32_t gw_core_find(const struct gw_engine *e, const char *code)
{
	return e->ground.table != NULL ? gw_table_find(e->ground.table, code, strlen(code))
				       : GW_NONE;
}

int64_t gw_core_amount(int32_t qty, int64_t price_minor)
{
	return price_minor < 0 ? -1 : qty * price_minor;
}

struct gw_sale_line *gw_core_line(struct gw_sale *sale, int number)
{
	return number >= 1 && number <= sale->line_count ? &sale->lines[number - 1] : NULL;
}

static struct gw_sale *find_sale(struct gw_engine *e, const char *basket)
{
	for (int i = 0; i < GW_SALES_MAX; i++)
		if (e->sales[i].used && strcmp(e->sales[i].basket, basket) == 0)
			return &e->sales[i];
	return NULL;
}

static struct gw_sale *free_sale(struct gw_engine *e)
{
	for (int i = 0; i < GW_SALES_MAX; i++)
		if (!e->sales[i].used)
			return &e->sales[i];
	return NULL;
}

/* Empties a sale but keeps its arrays. */
static void clear_sale(struct gw_sale *sale)
{
	struct gw_sale_line *lines = sale->lines;
	struct gw_view_line *shown = sale->shown;

	memset(sale, 0, sizeof(*sale));
	sale->lines = lines;
	sale->shown = shown;
}

/* The number at the end of a basket's id, 0 where there is none. */
static uint32_t basket_number(const char *basket)
{
	const char *dash = strrchr(basket, '-');

	return dash != NULL ? (uint32_t)strtoul(dash + 1, NULL, 10) : 0;
}

static int apply_open(struct gw_engine *e, const struct gw_event *event)
{
	struct gw_sale *sale = free_sale(e);

	if (e->sale != NULL || sale == NULL || event->basket[0] == '\0' ||
	    find_sale(e, event->basket) != NULL)
		return GW_E_INPUT;
	clear_sale(sale);
	sale->used = true;
	gw_core_copy(sale->basket, sizeof(sale->basket), event->basket);
	sale->number = basket_number(event->basket);
	if (sale->number >= e->next_basket)
		e->next_basket = sale->number % 999999 + 1;
	e->sale = sale;
	if (e->ground.fit != NULL)
		gw_fit_clear(e->ground.fit);
	return GW_OK;
}

static void count_line(struct gw_engine *e, struct gw_sale *sale, int32_t qty, int64_t price,
		       int sign)
{
	(void)e;
	sale->live += sign;
	sale->pieces += qty > 0 ? sign * qty : 0;
	if (price < 0)
		sale->unpriced += sign;
	else
		sale->total_minor += sign * gw_core_amount(qty, price);
}

static void match_line(struct gw_engine *e, const struct gw_sale_line *line, int32_t delta)
{
	if (e->ground.fit == NULL || line->item == GW_NONE || delta == 0)
		return;
	if (delta > 0)
		gw_fit_add(e->ground.fit, line->item, delta);
	else
		gw_fit_remove(e->ground.fit, line->item, -delta);
}

/* Item of a line: by its code, or by the offer whose till code it carries. */
static uint32_t line_item(const struct gw_engine *e, const struct gw_sale *sale, const char *code,
			  int offer)
{
	uint32_t item = gw_core_find(e, code);

	for (int i = 0; i < sale->slot_count && item == GW_NONE; i++)
		if (sale->slots[i].offer == offer && offer != 0)
			item = gw_core_find(e, sale->slots[i].code);
	return item;
}

static void fill_line(struct gw_engine *e, struct gw_sale *sale, struct gw_sale_line *line,
		      const struct gw_ev_line *l)
{
	struct gw_view_line *shown = gw_core_shown(sale, line);

	gw_core_copy(line->code, sizeof(line->code), l->code);
	gw_core_copy(line->lot, sizeof(line->lot), l->lot);
	gw_core_copy(line->expiry, sizeof(line->expiry), l->expiry);
	line->offer = l->offer;
	line->item = line_item(e, sale, l->code, l->offer);
	line->unconfirmed = l->unconfirmed;
	*shown = (struct gw_view_line){
		.line = l->line,
		.code = line->code,
		.name = line->item != GW_NONE ? e->ground.table->items[line->item].name
					      : line->code,
		.qty = l->qty,
		.milli = l->milli,
		.price_minor = l->price_minor,
		.amount_minor = gw_core_amount(l->qty, l->price_minor),
		.unknown = line->item == GW_NONE,
		.unconfirmed = l->unconfirmed,
		.source = l->source,
	};
}

static void note_cadence(struct gw_sale *sale, const struct gw_event *event)
{
	if (event->u.line.source != GW_SOURCE_SCAN)
		return;
	sale->cadence_ms[sale->scans % GW_CADENCE] = event->mono_ms;
	sale->scans++;
}

static int apply_line(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	const struct gw_ev_line *l = &event->u.line;
	struct gw_sale_line *line = gw_core_line(sale, l->line);
	const struct gw_view_line *shown;
	int32_t before = 0;

	if (l->line == sale->line_last + 1) {
		sale->line_last++;
		if (l->qty < 0)
			sale->returned = true;
		note_cadence(sale, event);
		count_line(e, sale, l->qty, l->price_minor, +1);
		sale->totalled = false;
		if (sale->line_count == GW_LINES_MAX)
			return GW_OK;
		line = &sale->lines[sale->line_count++];
	} else if (line == NULL || gw_core_shown(sale, line)->voided) {
		return GW_E_INPUT;
	} else {
		shown = gw_core_shown(sale, line);
		before = gw_core_pieces(shown);
		count_line(e, sale, shown->qty, shown->price_minor, -1);
		count_line(e, sale, l->qty, l->price_minor, +1);
	}
	fill_line(e, sale, line, l);
	match_line(e, line, gw_core_pieces(gw_core_shown(sale, line)) - before);
	return GW_OK;
}

static int apply_void(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	struct gw_sale_line *line = gw_core_line(sale, event->u.voided.line);
	struct gw_view_line *shown;

	if (line == NULL || gw_core_shown(sale, line)->voided)
		return GW_E_INPUT;
	shown = gw_core_shown(sale, line);
	match_line(e, line, -gw_core_pieces(shown));
	count_line(e, sale, shown->qty, shown->price_minor, -1);
	shown->voided = true;
	return GW_OK;
}

static uint32_t find_rule(const struct gw_engine *e, const char *id)
{
	const struct gw_table *t = e->ground.table;

	if (t == NULL)
		return GW_NONE;
	if (e->decided_rule != GW_NONE)
		return e->decided_rule;
	for (uint32_t r = 0; r < t->rule_count; r++)
		if (strcmp(t->rules[r].id, id) == 0)
			return r;
	return GW_NONE;
}

static void fill_slot(struct gw_engine *e, struct gw_slot *slot, const struct gw_event *event)
{
	const struct gw_ev_offer *o = &event->u.offer;

	*slot = (struct gw_slot){
		.offer = o->offer,
		.kind = o->kind,
		.price_minor = o->price_minor,
		.saves_minor = o->saves_minor,
		.shown_mono_ms = event->mono_ms,
		.ended_mono_ms = event->mono_ms + o->expires_ms,
		.expires_ms = o->expires_ms,
		.ghost = event->kind == GW_EV_GHOST,
		.open = true,
		.rule_index = find_rule(e, o->rule),
		.script = "",
	};
	gw_core_copy(slot->rule, sizeof(slot->rule), o->rule);
	gw_core_copy(slot->code, sizeof(slot->code), o->code);
	gw_core_copy(slot->pos_code, sizeof(slot->pos_code), o->pos_code);
	slot->item = gw_core_find(e, slot->code);
	slot->name = slot->item != GW_NONE ? e->ground.table->items[slot->item].name : slot->code;
	if (slot->rule_index != GW_NONE)
		slot->script = e->ground.table->rules[slot->rule_index].script;
	gw_core_reasons(e, slot);
}

static int apply_offer(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	if (sale->slot_count == GW_OFFERS_MAX || event->u.offer.offer != sale->slot_count + 1)
		return GW_E_INPUT;
	fill_slot(e, &sale->slots[sale->slot_count++], event);
	return GW_OK;
}

/* "Out of stock" is worth knowing for the rest of the day, whoever's sale it was. */
static void note_gone(struct gw_engine *e, const struct gw_event *event)
{
	const struct gw_ev_outcome *o = &event->u.outcome;
	struct gw_gone *gone = &e->gone[e->gone_count % GW_GONE_MAX];

	if (event->kind != GW_EV_OUTCOME || o->result != GW_RESULT_DECLINED ||
	    strcmp(o->why, "out_of_stock") != 0)
		return;
	gw_core_copy(gone->code, sizeof(gone->code), o->code);
	gone->day = gw_core_local(e, event->at_ms).day;
	e->gone_count++;
}

static int apply_outcome(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	const struct gw_ev_outcome *o = &event->u.outcome;
	struct gw_slot *slot;

	if (o->offer < 1 || o->offer > sale->slot_count || !sale->slots[o->offer - 1].open)
		return GW_E_INPUT;
	slot = &sale->slots[o->offer - 1];
	slot->open = false;
	if (!slot->ghost || event->mono_ms < slot->ended_mono_ms)
		slot->ended_mono_ms = event->mono_ms;
	if (o->result == GW_RESULT_DECLINED && o->why[0] == '\0')
		sale->refused_offer = true;
	note_gone(e, event);
	return GW_OK;
}

/* A till that has told of a payment once will tell of the next one too. */
static void note_tender(struct gw_engine *e, const struct gw_event *event)
{
	if (event->kind == GW_EV_CLOSE && event->u.close.reason == GW_CLOSE_TENDER)
		e->tenders = true;
}

static int apply_close(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	note_tender(e, event);
	sale->used = false;
	if (sale == e->sale) {
		e->sale = NULL;
		if (e->ground.fit != NULL)
			gw_fit_clear(e->ground.fit);
	}
	return GW_OK;
}

static int apply_suspend(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	if (sale != e->sale)
		return GW_E_INPUT;
	sale->suspended = true;
	sale->aside_at_ms = event->at_ms;
	sale->stamp = ++e->stamp;
	/* The table may be another one when it comes back. */
	for (int i = 0; i < sale->slot_count; i++) {
		sale->slots[i].name = sale->slots[i].script = "";
		memset(sale->slots[i].why, 0, sizeof(sale->slots[i].why));
	}
	for (int i = 0; i < sale->line_count; i++)
		sale->shown[i].name = sale->lines[i].code;
	e->sale = NULL;
	if (e->ground.fit != NULL)
		gw_fit_clear(e->ground.fit);
	return GW_OK;
}

/* Finds items and rules anew in the table in force, and matches the lines again. */
static void settle(struct gw_engine *e, struct gw_sale *sale)
{
	for (int i = 0; i < sale->line_count; i++) {
		struct gw_sale_line *line = &sale->lines[i];
		struct gw_view_line *shown = &sale->shown[i];

		line->item = line_item(e, sale, line->code, line->offer);
		shown->unknown = line->item == GW_NONE;
		shown->name = shown->unknown ? line->code : e->ground.table->items[line->item].name;
		match_line(e, line, gw_core_pieces(shown));
	}
	for (int i = 0; i < sale->slot_count; i++) {
		sale->slots[i].item = gw_core_find(e, sale->slots[i].code);
		sale->slots[i].rule_index = find_rule(e, sale->slots[i].rule);
	}
}

static int apply_resume(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	(void)event;
	if (e->sale != NULL || !sale->suspended)
		return GW_E_INPUT;
	sale->suspended = false;
	sale->scans = 0;
	e->sale = sale;
	settle(e, sale);
	return GW_OK;
}

static int apply_segment(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	(void)e;
	gw_core_copy(sale->segment, sizeof(sale->segment), event->u.id.id);
	return GW_OK;
}

static int apply_subtotal(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	(void)e;
	(void)event;
	sale->totalled = true;
	return GW_OK;
}

static int apply_mute(struct gw_engine *e, struct gw_sale *sale, const struct gw_event *event)
{
	(void)e;
	(void)event;
	sale->muted = true;
	return GW_OK;
}

/* Kinds that belong to a sale; all others change nothing in one. */
static int (*const appliers[GW_EV_COUNT])(struct gw_engine *e, struct gw_sale *sale,
					  const struct gw_event *event) = {
	[GW_EV_LINE] = apply_line,       [GW_EV_VOID] = apply_void,
	[GW_EV_OFFER] = apply_offer,     [GW_EV_GHOST] = apply_offer,
	[GW_EV_OUTCOME] = apply_outcome, [GW_EV_CLOSE] = apply_close,
	[GW_EV_SUSPEND] = apply_suspend, [GW_EV_RESUME] = apply_resume,
	[GW_EV_SEGMENT] = apply_segment, [GW_EV_SUBTOTAL] = apply_subtotal,
	[GW_EV_MUTE] = apply_mute,
};

/* True for what people do: an offer that runs out does not keep a sale alive. */
static bool is_activity(const struct gw_event *event)
{
	return event->kind != GW_EV_OUTCOME || event->u.outcome.result != GW_RESULT_EXPIRED;
}

/* What a restart may tell of sales that are over. */
static bool is_of_closed_sale(const struct gw_event *event)
{
	return event->kind == GW_EV_OUTCOME || event->kind == GW_EV_CLOSE;
}

int gw_core_apply(struct gw_engine *e, const struct gw_event *event)
{
	struct gw_sale *sale;
	int code;

	if (event->kind >= GW_EV_COUNT)
		return GW_E_INPUT;
	if (event->kind == GW_EV_LOGIN) {
		gw_core_copy(e->cashier, sizeof(e->cashier), event->u.id.id);
		return GW_OK;
	}
	if (event->kind == GW_EV_OPEN) {
		code = apply_open(e, event);
		sale = e->sale;
	} else {
		if (appliers[event->kind] == NULL)
			return GW_OK;
		sale = find_sale(e, event->basket);
		if (sale == NULL && is_of_closed_sale(event)) {
			note_gone(e, event);
			note_tender(e, event);
			return GW_OK;
		}
		if (sale == NULL || (sale->suspended && event->kind != GW_EV_RESUME &&
				     event->kind != GW_EV_CLOSE && event->kind != GW_EV_OUTCOME))
			return GW_E_INPUT;
		code = appliers[event->kind](e, sale, event);
	}
	if (code == GW_OK && is_activity(event))
		sale->active_mono_ms = event->mono_ms;
	return code;
}
