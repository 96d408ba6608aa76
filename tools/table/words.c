#include "tools/table/words.h"

#include <string.h>

#include "base/money.h"
#include "base/when.h"

static void add_money(struct gw_text *out, const struct gw_table *t, int64_t minor)
{
	char room[GW_MONEY_MAX];

	gw_text_add(out, gw_money_format(room, minor, t->decimals));
}

static void add_day(struct gw_text *out, int32_t day)
{
	char when[GW_WHEN_MAX];

	gw_text_add_bytes(out, gw_when_format(when, day * GW_DAY_MS), 10);
}

static void add_conditions(struct gw_text *out, const struct gw_table *t, const struct gw_rule *r)
{
	for (int i = 0; i < r->condition_count; i++) {
		const struct gw_condition *c = &r->conditions[i];

		gw_text_add(out, i == 0 ? "with " : " and ");
		if (c->is_category)
			gw_text_addf(out, "anything of %s", t->categories[c->index]);
		else
			gw_text_add(out, t->items[c->index].name);
	}
	if (r->condition_count == 0)
		gw_text_add(out, "always");
}

/* Names of the days set, runs joined: "mon-fri", "sat,sun". */
static void add_days(struct gw_text *out, uint8_t days)
{
	static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	const char *comma = "";

	for (int d = 0; d < 7; d++) {
		int last = d;

		if ((days >> d & 1) == 0)
			continue;
		while (last < 6 && (days >> (last + 1) & 1) != 0)
			last++;
		gw_text_addf(out, "%s%s", comma, names[d]);
		if (last > d)
			gw_text_addf(out, "%s%s", last > d + 1 ? "-" : ",", names[last]);
		comma = ",";
		d = last;
	}
}

static void add_dates(struct gw_text *out, int32_t from, int32_t to)
{
	if (from != INT32_MIN) {
		gw_text_add(out, ", from ");
		add_day(out, from);
	}
	if (to != INT32_MAX) {
		gw_text_add(out, ", until ");
		add_day(out, to);
	}
}

static void add_when(struct gw_text *out, const struct gw_rule *r)
{
	add_dates(out, r->from_day, r->to_day);
	if (r->days != 0x7F) {
		gw_text_add(out, ", ");
		add_days(out, r->days);
	}
	if (r->from_minute != 0 || r->to_minute != 1440)
		gw_text_addf(out, ", %02d:%02d-%02d:%02d", r->from_minute / 60, r->from_minute % 60,
			     r->to_minute / 60, r->to_minute % 60);
	if (r->moment == GW_MOMENT_TOTAL)
		gw_text_add(out, ", at the total");
}

void gw_rule_in_words(const struct gw_table *t, const struct gw_rule *r, struct gw_text *out)
{
	static const char *const verbs[] = {"", "upgrade to ", "bundle with "};
	const struct gw_item *item = &t->items[r->suggest];

	add_conditions(out, t, r);
	gw_text_addf(out, ": %s%s", verbs[r->kind], item->name);
	if (r->price_minor >= 0) {
		gw_text_add(out, " for ");
		add_money(out, t, r->price_minor);
	}
	if (r->saves_minor > 0) {
		gw_text_add(out, " (saves ");
		add_money(out, t, r->saves_minor);
		gw_text_add(out, ")");
	}
	add_when(out, r);
	if (r->min_subtotal_minor > 0) {
		gw_text_add(out, ", sales from ");
		add_money(out, t, r->min_subtotal_minor);
	}
	if (r->segment[0] != '\0')
		gw_text_addf(out, ", segment %s", r->segment);
	if (r->arm[0] != '\0')
		gw_text_addf(out, ", arm %s", r->arm);
	if (r->priority != 0)
		gw_text_addf(out, ", priority %d", r->priority);
	if (strcmp(r->pos_code, item->code) != 0)
		gw_text_addf(out, ", rung as %s", r->pos_code);
}

void gw_item_in_words(const struct gw_table *t, const struct gw_item *item, struct gw_text *out)
{
	gw_text_addf(out, "%s", item->name);
	if (item->price_minor >= 0) {
		gw_text_add(out, ", ");
		add_money(out, t, item->price_minor);
	}
	if (item->category != GW_NONE)
		gw_text_addf(out, ", %s", t->categories[item->category]);
	if (item->kind == GW_ITEM_SERVICE)
		gw_text_add(out, ", service");
	if (item->stock >= 0)
		gw_text_addf(out, ", %d in stock", item->stock);
}

void gw_experiment_in_words(const struct gw_experiment *e, struct gw_text *out)
{
	gw_text_addf(out, "\"%s\"", e->hypothesis);
	add_dates(out, e->from_day, e->to_day);
	gw_text_addf(out, ", hold-out %g %%", e->holdout_ppm / 10000.0);
	for (uint32_t i = 0; i < e->arm_count; i++)
		gw_text_addf(out, ", %s %g %%", e->arms[i].name, e->arms[i].share_ppm / 10000.0);
	if (e->metric[0] != '\0')
		gw_text_addf(out, ", measured by %s", e->metric);
}
