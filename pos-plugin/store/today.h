/*
 * A day of a shop in numbers, as plain data: what `goeswith-report today` prints and the register's
 * small statistics screen shows.  Made by gw_store_today or gw_ledger_today (store/ledger.h).
 *
 * Counted are sales that closed in the period and were not cancelled, and the offers shown in them;
 * ghosts (offers withheld by a holdout) are no offers.  Amounts in minor units.
 */
#ifndef STORE_TODAY_H
#define STORE_TODAY_H

#include "base/err.h"
#include "goeswith/event.h"
#include "store/period.h"

#define GW_TODAY_RULES 40

struct gw_answers;

struct gw_today_rule {
	char rule[GW_ID_MAX];
	char name[64]; /* of the add-on, cut; "" when unknown */
	int64_t shown, accepted, declined, not_voiced;
	int64_t accepted_value_minor;
};

struct gw_today {
	int64_t sales, items, total_minor;
	int64_t assumed;       /* of these sales: they do not tell their shop's offset */
	int64_t cancelled;     /* sales given up, counted nowhere else */
	int64_t shown;         /* offers */
	int64_t sales_offered; /* sales with at least one */
	int64_t result[GW_RESULT_COUNT];
	int64_t unanswered; /* offers whose end is not known */
	int64_t ghosts;     /* offers withheld */
	int64_t accepted_value_minor;
	int64_t accepted_margin_minor;        /* of those whose cost is known */
	int64_t kept, kept_value_minor;       /* accepted and not taken out again */
	int64_t sales_with, total_with_minor; /* sales with an accepted offer */
	int64_t items_with;
	int64_t rule_count; /* all; of them the most shown in rule[] */
	struct gw_today_rule rule[GW_TODAY_RULES];
};

/* share of a whole in ppm, rounded; 0 of 0 is 0. */
int64_t gw_today_ppm(int64_t part, int64_t whole);
/* total / count, rounded half away from zero; 0 when count is 0. */
int64_t gw_today_mean(int64_t total, int64_t count);

/* Accepted by key and by scan. */
int64_t gw_today_accepted(const struct gw_today *today);

/* Asks for the day (or days). */
int gw_today_ask(const struct gw_answers *answers, const struct gw_period *period,
		 struct gw_today *today, struct gw_err *err);

/* Reads one journal, also while a register writes it.  Codes as gw_reader_open. */
int gw_store_today(const char *journal, const struct gw_period *period, struct gw_today *today,
		   struct gw_err *err);

/* ISO 4217 code of the rule table in a home's table.db.  GW_E_NOT_FOUND. */
int gw_store_currency(const char *home, char currency[4]);

#endif
