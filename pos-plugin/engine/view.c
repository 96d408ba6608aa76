#include "engine/core.h"

#include <string.h>

#include "base/money.h"

static void view_offer(struct gw_engine *e)
{
	const struct gw_slot *slot = gw_core_offer(e);
	struct gw_view_offer *o = &e->view.offer;

	*o = (struct gw_view_offer){.rule = "", .code = "", .name = "", .script = ""};
	if (slot == NULL)
		return;
	*o = (struct gw_view_offer){
		.active = true,
		.offer = slot->offer,
		.rule = slot->rule,
		.code = slot->code,
		.name = slot->name,
		.script = slot->script,
		.kind = slot->kind,
		.price_minor = slot->price_minor,
		.saves_minor = slot->saves_minor,
		.why_more = slot->why_more,
		.shown_mono_ms = slot->shown_mono_ms,
		.expires_ms = slot->expires_ms,
	};
	memcpy(o->why, slot->why, sizeof(o->why));
}

static void view_sale(struct gw_engine *e)
{
	const struct gw_sale *sale = e->sale;
	struct gw_view *v = &e->view;

	v->state = sale == NULL     ? GW_VIEW_IDLE
		   : sale->totalled ? GW_VIEW_TOTALLED
				    : GW_VIEW_SELLING;
	v->basket = sale != NULL ? sale->basket : "";
	v->segment = sale != NULL ? sale->segment : "";
	v->lines = sale != NULL ? sale->shown : NULL;
	v->line_count = sale != NULL ? (size_t)sale->line_count : 0;
	v->items = sale != NULL ? sale->pieces : 0;
	v->total_minor = sale != NULL ? sale->total_minor : 0;
	v->total_partial = sale != NULL && sale->unpriced > 0;
	v->muted = sale != NULL && sale->muted;
	if (sale != NULL)
		v->sale_number = sale->number;
}

/* Kept in order of suspending by insertion: there are eight at most. */
static void view_held(struct gw_engine *e)
{
	const struct gw_sale *order[GW_SALES_MAX] = {NULL};
	struct gw_view *v = &e->view;

	v->suspended = 0;
	for (int i = 0; i < GW_SALES_MAX; i++) {
		const struct gw_sale *sale = &e->sales[i];
		uint32_t at = v->suspended;

		if (!sale->used || !sale->suspended)
			continue;
		for (; at > 0 && order[at - 1]->stamp < sale->stamp; at--)
			order[at] = order[at - 1];
		order[at] = sale;
		v->suspended++;
	}
	for (uint32_t i = 0; i < v->suspended && i < GW_VIEW_HELD_MAX; i++)
		v->held[i] = (struct gw_view_held){
			.basket = order[i]->basket,
			.items = order[i]->pieces,
			.total_minor = order[i]->total_minor,
			.since_ms = order[i]->aside_at_ms,
		};
}

void gw_core_view(struct gw_engine *e)
{
	const struct gw_table *t = e->ground.table;
	struct gw_view *v = &e->view;

	view_sale(e);
	view_held(e);
	view_offer(e);
	v->cashier = e->cashier;
	v->subject = e->subject;
	v->currency = e->currency[0] != '\0' ? e->currency : t != NULL ? t->currency : "EUR";
	v->decimals = t != NULL ? t->decimals : gw_money_decimals(v->currency);
	v->practice = e->practice;
	v->table_version = t != NULL ? t->version : "";
	v->table_issued_ms = t != NULL ? t->issued_ms : 0;
	v->table_expires_ms = t != NULL ? t->expires_ms : 0;
	v->suggestions_off = gw_core_suggestions_off(e);
}

const struct gw_view *gw_engine_view(const struct gw_engine *e)
{
	return &e->view;
}
