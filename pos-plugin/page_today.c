#include "page_today.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

static struct gw_ui_figures figures_of(const struct gw_today *t)
{
	struct gw_ui_figures f = {
		.sales = t->sales,
		.items = t->items,
		.value_minor = t->total_minor,
		.offered = t->shown,
		.accepted = gw_today_accepted(t),
		.declined = t->result[GW_RESULT_DECLINED],
		.not_voiced = t->result[GW_RESULT_NOT_VOICED],
		.ignored = t->result[GW_RESULT_IGNORED],
		.expired = t->result[GW_RESULT_EXPIRED],
		.addon_minor = t->accepted_value_minor,
		.margin_minor = t->accepted_margin_minor,
		.sales_with_addon = t->sales_with,
		.value_with_addon_minor = t->total_with_minor,
	};

	return f;
}

/* The rules offered at least a few times, by share taken: the first ones and the last ones. */
#define SHOWN_LEAST 5

static int by_share(const void *a, const void *b)
{
	const struct gw_today_rule *x = a, *y = b;
	int64_t left = x->accepted * y->shown, right = y->accepted * x->shown;

	if (left != right)
		return left > right ? -1 : 1;
	return x->shown != y->shown ? (x->shown > y->shown ? -1 : 1) : strcmp(x->rule, y->rule);
}

static void name_rule(struct gw_ui_rule *out, const struct gw_today_rule *rule)
{
	out->name = rule->name[0] != '\0' ? rule->name : rule->rule;
	out->accepted = rule->accepted;
	out->offered = rule->shown;
}

static void fill_rules(struct gw_page_today *page)
{
	struct gw_today *t = &page->day;
	size_t n = 0, listed = (size_t)t->rule_count < GW_TODAY_RULES ? (size_t)t->rule_count
								      : GW_TODAY_RULES;

	for (size_t i = 0; i < listed; i++)
		if (t->rule[i].shown >= SHOWN_LEAST)
			t->rule[n++] = t->rule[i];
	qsort(t->rule, n, sizeof(t->rule[0]), by_share);
	for (size_t i = 0; i < n && i < GW_UI_RULES_MAX && t->rule[i].accepted > 0; i++)
		name_rule(&page->shown.best[i], &t->rule[i]);
	for (size_t i = 0; i < n && i < GW_UI_RULES_MAX && t->rule[n - 1 - i].accepted == 0; i++)
		name_rule(&page->shown.rest[i], &t->rule[n - 1 - i]);
}

static bool ask(struct gw_page_today *page, const char *journal, int64_t day)
{
	struct gw_period period = gw_period_here(day, day);
	struct gw_err err = {0};

	if (gw_store_today(journal, &period, &page->day, &err) == GW_OK)
		return true;
	snprintf(page->problem, sizeof(page->problem), "%.*s", (int)sizeof(page->problem) - 1,
		 err.text);
	return false;
}

void gw_page_today_fill(struct gw_page_today *page, const char *journal, struct gw_now now)
{
	int64_t ahead_ms = gw_clock_utc_offset_min(now.at_ms) * 60000LL;
	int64_t day = (now.at_ms + ahead_ms) / GW_DAY_MS;

	memset(&page->shown, 0, sizeof(page->shown));
	page->shown.day = day;
	if (ask(page, journal, day - 7) && page->day.sales > 0) {
		page->shown.has_before = true;
		page->shown.before_name = "a week ago";
		page->shown.before = figures_of(&page->day);
	}
	if (!ask(page, journal, day)) {
		page->shown.problem = page->problem;
		return;
	}
	page->shown.today = figures_of(&page->day);
	fill_rules(page);
}
