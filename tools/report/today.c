/* The day on one screen, or as one JSON object. */
#include "tools/report/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/when.h"

#define WEEKS_BACK 4
#define BAR        36
#define RULES      10 /* on the screen */

/* The same weekday of the weeks before, for comparison: sums over the days that had sales. */
struct before {
	int days;
	int64_t sales, items, total_minor;
};

/* "Mon 2026-11-23", or "2026-11-01 to 2026-11-22". */
static void name_period(const struct report *r, char *out, size_t size)
{
	static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	struct gw_civil a = gw_civil_from_ms(r->from_day * GW_DAY_MS);
	struct gw_civil b = gw_civil_from_ms(r->to_day * GW_DAY_MS);

	if (r->from_day == r->to_day)
		snprintf(out, size, "%s %04d-%02d-%02d", names[a.weekday], a.year, a.month, a.day);
	else
		snprintf(out, size, "%04d-%02d-%02d to %04d-%02d-%02d", a.year, a.month, a.day,
			 b.year, b.month, b.day);
}

static int load_before(struct report *r, const struct report_sales *s, struct before *b,
		       struct gw_err *err)
{
	int rc = GW_OK;

	memset(b, 0, sizeof(*b));
	if (r->from_day != r->to_day)
		return GW_OK;
	for (int week = 1; week <= WEEKS_BACK && rc == GW_OK; week++) {
		int64_t day = r->from_day - 7LL * week;
		struct gw_period period = report_period(r, day, day);
		struct gw_today t;

		rc = gw_today_ask(&s->answers, &period, &t, err);
		if (rc == GW_OK && t.sales > 0) {
			b->days++;
			b->sales += t.sales;
			b->items += t.items;
			b->total_minor += t.total_minor;
		}
	}
	return rc;
}

/* --- text ------------------------------------------------------------------------------------- */

static void print_bar(const struct report *r, int64_t part, int64_t whole)
{
	int64_t filled = whole > 0 ? (part * BAR + whole / 2) / whole : 0;

	for (int i = 0; i < BAR; i++)
		fputs(i < filled ? (r->utf8 ? "█" : "#") : (r->utf8 ? "░" : "."), stdout);
}

static void print_share(const struct report *r, const char *name, int64_t part, int64_t whole,
			const char *of)
{
	char share[24];

	printf("%-13s%7" PRId64 "  ", name, part);
	print_bar(r, part, whole);
	printf("  %s of %s\n", report_share(share, part, whole), of);
}

static void print_change(const struct report *r, int64_t now, int64_t then)
{
	int64_t ppm = gw_today_ppm(now - then, then);
	int64_t percent = (ppm >= 0 ? ppm + 5000 : ppm - 5000) / 10000;

	if (then <= 0)
		return;
	if (percent == 0)
		printf("   no change");
	else if (r->utf8)
		printf("   %s %" PRId64 " %%", percent > 0 ? "▲" : "▼",
		       percent < 0 ? -percent : percent);
	else
		printf("   %+" PRId64 " %%", percent);
}

static void print_tenths(int64_t milli)
{
	printf("%12" PRId64 ".%" PRId64, (milli + 50) / 1000, (milli + 50) % 1000 / 100);
}

static void print_sales(const struct report *r, const struct gw_today *t, const struct before *b)
{
	char money[GW_MONEY_MAX];
	int64_t average = gw_today_mean(t->total_minor, t->sales);

	printf("Sales        %14" PRId64, t->sales);
	if (b->days > 0) {
		printf("    same weekday before: %" PRId64, gw_today_mean(b->sales, b->days));
		print_change(r, t->sales, gw_today_mean(b->sales, b->days));
	}
	printf("\nAverage sale %14s", report_money(r, money, average));
	if (b->days > 0) {
		int64_t then = gw_today_mean(b->total_minor, b->sales);

		printf("    %20s %s", "", report_money(r, money, then));
		print_change(r, average, then);
	}
	printf("\nUnits a sale ");
	print_tenths(gw_today_mean(t->items * 1000, t->sales));
	printf("\nTurnover     %14s %s\n", report_money(r, money, t->total_minor), r->currency);
	if (t->cancelled > 0)
		printf("Cancelled    %14" PRId64 "    not counted above or below\n", t->cancelled);
}

static void print_offers(const struct report *r, const struct gw_today *t)
{
	static const struct {
		const char *name;
		enum gw_result result;
	} rest[] = {{"  Declined", GW_RESULT_DECLINED},
		    {"  Not voiced", GW_RESULT_NOT_VOICED},
		    {"  Ignored", GW_RESULT_IGNORED},
		    {"  Expired", GW_RESULT_EXPIRED},
		    {"  Withdrawn", GW_RESULT_WITHDRAWN}};
	int64_t voiced = t->shown - t->result[GW_RESULT_NOT_VOICED];

	putchar('\n');
	print_share(r, "Offered in", t->sales_offered, t->sales, "sales");
	printf("%-13s%7" PRId64 "\n", "Offers shown", t->shown);
	if (t->shown == 0)
		return;
	print_share(r, "  Accepted", gw_today_accepted(t), t->shown, "offers");
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		print_share(r, rest[i].name, t->result[rest[i].result], t->shown, "offers");
	if (t->unanswered > 0)
		print_share(r, "  No answer", t->unanswered, t->shown, "offers");
	if (t->result[GW_RESULT_NOT_VOICED] > 0)
		print_share(r, "Accepted", gw_today_accepted(t), voiced, "offers voiced");
}

static void print_value(const struct report *r, const struct gw_today *t)
{
	char a[GW_MONEY_MAX], b[GW_MONEY_MAX];
	int64_t without = t->sales - t->sales_with;

	if (t->shown == 0)
		return;
	printf("\nAccepted add-ons %10s %s", report_money(r, a, t->accepted_value_minor),
	       r->currency);
	if (t->kept < gw_today_accepted(t))
		printf("   kept: %" PRId64 " for %s", t->kept,
		       report_money(r, b, t->kept_value_minor));
	printf("   known margin %s\n", report_money(r, b, t->accepted_margin_minor));
	printf("Average sale     %10s with an accepted add-on (%" PRId64 ")\n",
	       report_money(r, a, gw_today_mean(t->total_with_minor, t->sales_with)),
	       t->sales_with);
	printf("                 %10s without (%" PRId64 ")\n",
	       report_money(r, a, gw_today_mean(t->total_minor - t->total_with_minor, without)),
	       without);
	if (t->ghosts > 0)
		printf("Withheld for comparison: %" PRId64 "\n", t->ghosts);
}

static void print_rules(const struct report *r, const struct gw_today *t)
{
	char money[GW_MONEY_MAX];

	if (t->rule_count == 0)
		return;
	printf("\n%-28s %-14s %6s %9s %9s %10s\n", "Add-on", "Rule", "Shown", "Accepted",
	       "Declined", "Value");
	for (int i = 0; i < t->rule_count && i < RULES; i++) {
		const struct gw_today_rule *u = &t->rule[i];
		size_t name = report_cut(u->name, strlen(u->name), 28);

		/* Pads by columns, which printf's width does not. */
		printf("%.*s%*s %-14.14s %6" PRId64 " %9" PRId64 " %9" PRId64 " %10s\n", (int)name,
		       u->name, 28 - report_width(u->name, name), "", u->rule, u->shown,
		       u->accepted, u->declined, report_money(r, money, u->accepted_value_minor));
	}
	if (t->rule_count > RULES)
		printf("and %" PRId64 " more: goeswith-report rules\n", t->rule_count - RULES);
}

static void print_text(const struct report *r, const struct gw_today *t, const struct before *b)
{
	char period[64];

	name_period(r, period, sizeof(period));
	printf("%s\n\n", period);
	print_sales(r, t, b);
	print_offers(r, t);
	print_value(r, t);
	print_rules(r, t);
	if (t->shown > 0)
		printf("\nThese are observed shares.  Sales with an add-on differ from others for "
		       "many "
		       "reasons;\nwhat offers cause, only a holdout can tell.\n");
	report_assumed(r, t->assumed);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void add_shares(struct gw_json *j, const struct gw_today *t)
{
	static const char *const counts[GW_RESULT_COUNT] = {
		"accepted_by_key", "accepted_by_scan", "declined", "not_voiced",
		"ignored",         "expired",          "withdrawn"};
	static const char *const shares[GW_RESULT_COUNT] = {
		NULL,          NULL,          "declined_ppm", "not_voiced_ppm",
		"ignored_ppm", "expired_ppm", "withdrawn_ppm"};

	gw_json_member_int(j, "shown", t->shown);
	gw_json_member_int(j, "accepted", gw_today_accepted(t));
	for (int i = 0; i < GW_RESULT_COUNT; i++)
		gw_json_member_int(j, counts[i], t->result[i]);
	gw_json_member_int(j, "unanswered", t->unanswered);
	gw_json_member_int(j, "accepted_ppm", gw_today_ppm(gw_today_accepted(t), t->shown));
	for (int i = 0; i < GW_RESULT_COUNT; i++)
		if (shares[i] != NULL)
			gw_json_member_int(j, shares[i], gw_today_ppm(t->result[i], t->shown));
	gw_json_member_int(
		j, "accepted_of_voiced_ppm",
		gw_today_ppm(gw_today_accepted(t), t->shown - t->result[GW_RESULT_NOT_VOICED]));
	gw_json_member_int(j, "sales_offered", t->sales_offered);
	gw_json_member_int(j, "sales_offered_ppm", gw_today_ppm(t->sales_offered, t->sales));
	gw_json_member_int(j, "withheld", t->ghosts);
}

static void add_part(struct gw_json *j, const char *key, int64_t sales, int64_t items,
		     int64_t total_minor)
{
	gw_json_key(j, key);
	gw_json_begin(j, '{');
	gw_json_member_int(j, "sales", sales);
	gw_json_member_int(j, "units", items);
	gw_json_member_int(j, "total_minor", total_minor);
	gw_json_member_int(j, "average_value_minor", gw_today_mean(total_minor, sales));
	gw_json_end(j, '}');
}

static void add_rules(struct gw_json *j, const struct gw_today *t)
{
	gw_json_key(j, "rules");
	gw_json_begin(j, '[');
	for (int i = 0; i < t->rule_count && i < GW_TODAY_RULES; i++) {
		const struct gw_today_rule *u = &t->rule[i];

		gw_json_begin(j, '{');
		gw_json_member_string(j, "rule", u->rule);
		gw_json_member_string(j, "name", u->name);
		gw_json_member_int(j, "shown", u->shown);
		gw_json_member_int(j, "accepted", u->accepted);
		gw_json_member_int(j, "declined", u->declined);
		gw_json_member_int(j, "not_voiced", u->not_voiced);
		gw_json_member_int(j, "accepted_ppm", gw_today_ppm(u->accepted, u->shown));
		gw_json_member_int(j, "accepted_value_minor", u->accepted_value_minor);
		gw_json_end(j, '}');
	}
	gw_json_end(j, ']');
}

static void add_days(const struct report *r, struct gw_json *j)
{
	char at[GW_WHEN_MAX];

	gw_when_format(at, r->from_day * GW_DAY_MS);
	at[10] = '\0';
	gw_json_member_string(j, r->from_day == r->to_day ? "date" : "from", at);
	if (r->from_day != r->to_day) {
		gw_when_format(at, r->to_day * GW_DAY_MS);
		at[10] = '\0';
		gw_json_member_string(j, "to", at);
	}
}

static void print_json(const struct report *r, const struct gw_today *t, const struct before *b)
{
	static char room[1 << 16];
	struct gw_text text = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&text);

	gw_json_begin(&j, '{');
	add_days(r, &j);
	gw_json_member_string(&j, "currency", r->currency);
	gw_json_member_int(&j, "sales", t->sales);
	gw_json_member_int(&j, "units", t->items);
	gw_json_member_int(&j, "total_minor", t->total_minor);
	gw_json_member_int(&j, "average_value_minor", gw_today_mean(t->total_minor, t->sales));
	gw_json_member_int(&j, "units_per_sale_milli", gw_today_mean(t->items * 1000, t->sales));
	gw_json_member_int(&j, "cancelled", t->cancelled);
	gw_json_member_int(&j, "sales_assumed_offset", t->assumed);
	gw_json_key(&j, "offers");
	gw_json_begin(&j, '{');
	add_shares(&j, t);
	gw_json_end(&j, '}');
	gw_json_member_int(&j, "accepted_value_minor", t->accepted_value_minor);
	gw_json_member_int(&j, "accepted_margin_minor", t->accepted_margin_minor);
	gw_json_member_int(&j, "kept", t->kept);
	gw_json_member_int(&j, "kept_value_minor", t->kept_value_minor);
	add_part(&j, "with_add_on", t->sales_with, t->items_with, t->total_with_minor);
	add_part(&j, "without_add_on", t->sales - t->sales_with, t->items - t->items_with,
		 t->total_minor - t->total_with_minor);
	if (b->days > 0) {
		gw_json_key(&j, "same_weekday_before");
		gw_json_begin(&j, '{');
		gw_json_member_int(&j, "days", b->days);
		gw_json_member_int(&j, "sales_a_day", gw_today_mean(b->sales, b->days));
		gw_json_member_int(&j, "average_value_minor",
				   gw_today_mean(b->total_minor, b->sales));
		gw_json_end(&j, '}');
	}
	add_rules(&j, t);
	gw_json_end(&j, '}');
	puts(room);
}

int report_today(struct report *r, struct gw_err *err)
{
	struct gw_today today;
	struct before before;
	struct report_sales s;
	int64_t weeks = r->from_day == r->to_day ? WEEKS_BACK : 0;
	struct gw_period all = report_period(r, r->from_day - 7 * weeks, r->to_day);
	int rc = report_load(r, &all, &s, err);

	if (rc < 0)
		return rc;
	rc = gw_today_ask(&s.answers, &r->period, &today, err);
	if (rc == GW_OK)
		rc = load_before(r, &s, &before, err);
	if (rc == GW_OK)
		(r->json ? print_json : print_text)(r, &today, &before);
	report_unload(&s);
	return rc;
}
