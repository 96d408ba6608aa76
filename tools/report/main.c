/* goeswith-report: numbers for people, from journals, uploaded batches and collections. */
#include "tools/report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "base/utf8.h"
#include "base/when.h"
#include "model/event_json.h"

enum { OPT_DATE = 256, OPT_FROM, OPT_TO, OPT_OFFSET, OPT_CURRENCY, OPT_CSV };

static const struct gw_cli_option options[] = {
	{OPT_DATE, "date", "DAY", "one day, YYYY-MM-DD (today)"},
	{OPT_FROM, "from", "DAY", "first day"},
	{OPT_TO, "to", "DAY", "last day, included"},
	{OPT_OFFSET, "utc-offset", "MIN",
	 "of shops that do not tell: UTC plus MIN minutes (else the machine's zone)"},
	{OPT_CURRENCY, "currency", "CODE", "ISO 4217 code (else the rule table's, else EUR)"},
	{OPT_CSV, "csv", NULL, "print CSV (rules, cashiers, hours)"},
	{0},
};

static const struct gw_cli_program program = {
	.name = "goeswith-report",
	.synopsis = "today|rules|cashiers|hours [--date D | --from D --to D] [--json] [SOURCE]...\n"
		    "csv [SOURCE]...\n"
		    "rebuild [JOURNAL]",
	.about = "Counts sales and offers.  A SOURCE is a journal, an uploaded batch, a collection "
		 "or\n"
		 "a folder of them, or head office's clickhouse:http://HOST:PORT[/DATABASE]; "
		 "without\n"
		 "one, the journal in the home is read.\n\n"
		 "  today     the day: sales, average sale, offers and their fate, by rule\n"
		 "  rules     every rule: shown, accepted, declined\n"
		 "  cashiers  every cashier: sales, offers voiced and accepted\n"
		 "  hours     every hour of the day\n"
		 "  csv       all events as CSV\n"
		 "  rebuild   makes the statistics tables of a journal anew from its events",
	.options = options,
	.json = true,
};

static const struct {
	const char *name;
	report_verb *run;
} verbs[] = {
	{"today", report_today}, {"rules", report_rules}, {"cashiers", report_cashiers},
	{"hours", report_hours}, {"csv", report_events},  {"rebuild", report_rebuild},
};

/* --- days ------------------------------------------------------------------------------------- */

struct gw_period report_period(const struct report *r, int64_t from_day, int64_t to_day)
{
	return r->has_offset ? gw_period_at(from_day, to_day, r->offset_min)
			     : gw_period_here(from_day, to_day);
}

static int64_t local_today(const struct report *r)
{
	time_t now = time(NULL);
	struct tm tm;

	if (r->has_offset)
		return (now / 60 + r->offset_min) / 1440;
	localtime_r(&now, &tm);
	return gw_days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

struct days {
	const char *date, *from, *to;
};

static int take_day(const char *option, const char *text, int64_t *day, struct gw_err *err)
{
	if (text == NULL || gw_date_parse(text, strlen(text), day) == GW_OK)
		return GW_OK;
	return gw_err_set(err, GW_E_USAGE, "%s takes a day like 2026-11-22, not \"%s\"", option,
			  text);
}

static int set_period(struct report *r, const struct days *d, struct gw_err *err)
{
	int rc;

	r->from_day = r->to_day = local_today(r);
	if (d->date != NULL && (d->from != NULL || d->to != NULL))
		return gw_err_set(err, GW_E_USAGE, "give --date, or --from and --to");
	rc = take_day("--date", d->date, &r->from_day, err);
	if (d->date != NULL || (d->to != NULL && d->from == NULL))
		r->to_day = r->from_day;
	if (d->from == NULL && d->to != NULL)
		r->from_day = 0;
	if (rc == GW_OK)
		rc = take_day("--from", d->from, &r->from_day, err);
	if (rc == GW_OK)
		rc = take_day("--to", d->to, &r->to_day, err);
	if (rc == GW_OK && r->to_day < r->from_day)
		rc = gw_err_set(err, GW_E_USAGE, "--to lies before --from");
	r->period = report_period(r, r->from_day, r->to_day);
	return rc;
}

/* --- options ---------------------------------------------------------------------------------- */

static int take_option(struct report *r, struct days *d, int id, const char *value,
		       struct gw_err *err)
{
	long long n;
	int rc;

	switch (id) {
	case OPT_DATE:
		d->date = value;
		return GW_OK;
	case OPT_FROM:
		d->from = value;
		return GW_OK;
	case OPT_TO:
		d->to = value;
		return GW_OK;
	case OPT_OFFSET:
		rc = gw_cli_number("--utc-offset", value, -1080, 1080, &n, err);
		r->has_offset = rc == GW_OK;
		r->offset_min = (int)n;
		return rc;
	case OPT_CURRENCY:
		if (strlen(value) != 3 || strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
			return gw_err_set(err, GW_E_USAGE,
					  "--currency takes a code like EUR, not \"%s\"", value);
		memcpy(r->currency, value, 4);
		return GW_OK;
	default:
		r->csv = true;
		return GW_OK;
	}
}

/* The table in force says which currency the shop counts in; without one, EUR. */
static void find_currency(struct report *r)
{
	if (r->currency[0] == '\0' && gw_store_currency(r->home, r->currency) < 0)
		memcpy(r->currency, "EUR", 4);
	r->decimals = gw_money_decimals(r->currency);
}

static int prepare(struct report *r, const struct days *days, struct gw_err *err)
{
	int rc = gw_home_path(r->home, r->cli.home, err);

	if (rc == GW_OK)
		rc = gw_path_join(r->journal, r->home, "journal.db", err);
	if (rc == GW_OK)
		rc = set_period(r, days, err);
	r->json = r->cli.json;
	r->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	find_currency(r);
	return rc;
}

/* --- sources ---------------------------------------------------------------------------------- */

int report_each_source(struct report *r, int (*each)(void *ctx, const char *path, struct gw_err *),
		       void *ctx, struct gw_err *err)
{
	int rc = GW_OK;

	if (r->cli.first == r->cli.argc)
		return each(ctx, r->journal, err);
	for (int i = r->cli.first; i < r->cli.argc && rc >= 0; i++)
		rc = each(ctx, r->cli.argv[i], err);
	return rc;
}

struct loading {
	struct gw_ledger *sales;
	const struct gw_period *period;
};

static int add_source(void *ctx, const char *path, struct gw_err *err)
{
	struct loading *l = ctx;

	return gw_ledger_add(l->sales, path, l->period, err);
}

int report_office(struct report *r, const char *url, struct gw_office **office, struct gw_err *err)
{
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, r->home, "goeswith.conf", err);

	*office = NULL;
	if (rc == GW_OK && r->conf == NULL)
		rc = gw_conf_load(&r->conf, r->cli.config != NULL ? r->cli.config : path, err);
	return rc == GW_OK ? gw_office_open(office, url, "goeswith-report", r->conf, err) : rc;
}

/* Whether the one source is a server. */
static int at_office(const struct report *r, bool *is, struct gw_err *err)
{
	int count = r->cli.argc - r->cli.first;

	*is = false;
	for (int i = r->cli.first; i < r->cli.argc; i++)
		*is |= gw_clickhouse_is(r->cli.argv[i]);
	return *is && count > 1 ? gw_err_set(err, GW_E_USAGE,
					     "a server is read by itself, not with other sources")
				: GW_OK;
}

int report_load(struct report *r, const struct gw_period *period, struct report_sales *sales,
		struct gw_err *err)
{
	struct loading l = {.period = period};
	bool office;
	int rc = at_office(r, &office, err);

	memset(sales, 0, sizeof(*sales));
	if (rc == GW_OK && office) {
		rc = report_office(r, r->cli.argv[r->cli.first], &sales->office, err);
		sales->answers = (struct gw_answers){gw_office_ask, sales->office};
		return rc;
	}
	if (rc == GW_OK)
		rc = gw_ledger_new(&l.sales, err);
	if (rc == GW_OK)
		rc = report_each_source(r, add_source, &l, err);
	sales->ledger = l.sales;
	sales->answers = (struct gw_answers){gw_ledger_ask, l.sales};
	if (rc < 0)
		report_unload(sales);
	return rc;
}

void report_unload(struct report_sales *sales)
{
	gw_ledger_free(sales->ledger);
	gw_office_close(sales->office);
}

/* --- printing --------------------------------------------------------------------------------- */

const char *report_money(const struct report *r, char out[GW_MONEY_MAX], int64_t minor)
{
	return gw_money_format(out, minor, r->decimals);
}

void report_assumed(const struct report *r, int64_t sales)
{
	FILE *out = r->csv ? stderr : stdout;
	int min = r->offset_min < 0 ? -r->offset_min : r->offset_min;

	if (sales == 0)
		return;
	fprintf(out, "%s%" PRId64 " %s not tell the shop's time zone: counted ",
		r->csv ? "goeswith-report: " : "\n", sales, sales == 1 ? "sale does" : "sales do");
	if (r->has_offset)
		fprintf(out, "by UTC%c%02d:%02d (--utc-offset).\n", r->offset_min < 0 ? '-' : '+',
			min / 60, min % 60);
	else
		fputs("by this machine's (--utc-offset).\n", out);
}

const char *report_share(char out[24], int64_t part, int64_t whole)
{
	int64_t ppm = gw_today_ppm(part, whole);

	if (whole <= 0)
		snprintf(out, 24, "-");
	else if (ppm > 0 && ppm < 10000)
		snprintf(out, 24, "%" PRId64 ".%" PRId64 " %%", ppm / 10000, ppm / 1000 % 10);
	else
		snprintf(out, 24, "%" PRId64 " %%", (ppm + 5000) / 10000);
	return out;
}

static int width_of(uint32_t c)
{
	int n = wcwidth((wchar_t)c);

	return n < 0 ? 1 : n;
}

int report_width(const char *text, size_t len)
{
	int columns = 0;

	for (size_t at = 0; at < len;) {
		uint32_t c;

		at += gw_utf8_decode(text + at, len - at, &c);
		columns += width_of(c);
	}
	return columns;
}

size_t report_cut(const char *text, size_t len, int columns)
{
	size_t at = 0;

	while (at < len) {
		uint32_t c;
		size_t n = gw_utf8_decode(text + at, len - at, &c);

		columns -= width_of(c);
		if (columns < 0)
			break;
		at += n;
	}
	return at;
}

void report_csv_text(FILE *out, const char *text)
{
	char safe[GW_EVENT_BODY_MAX];
	bool formula;

	gw_utf8_sanitize(safe, sizeof(safe), text, strlen(text));
	formula = safe[0] != '\0' && strchr("=+-@", safe[0]) != NULL;
	if (!formula && strpbrk(safe, ",\"") == NULL) {
		fputs(safe, out);
		return;
	}
	fputc('"', out);
	if (formula)
		fputc('\'', out);
	for (const char *p = safe; *p != '\0'; p++) {
		if (*p == '"')
			fputc('"', out);
		fputc(*p, out);
	}
	fputc('"', out);
}

/* --- main ------------------------------------------------------------------------------------- */

static report_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return verbs[i].run;
	return NULL;
}

static int run(struct report *r, const struct days *days, struct gw_err *err)
{
	report_verb *verb;
	int rc;

	verb = find_verb(r->cli.argv[r->cli.first++]);
	if (verb == NULL)
		return gw_err_set(err, GW_E_USAGE, "no such report: %s",
				  r->cli.argv[r->cli.first - 1]);
	rc = prepare(r, days, err);
	if (rc == GW_OK)
		rc = verb(r, err);
	if (rc >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = gw_err_errno(err, GW_E_STORAGE, errno, "cannot write the report");
	return rc;
}

int main(int argc, char **argv)
{
	struct report r = {.cli = gw_cli_start(&program, argc, argv)};
	struct days days = {NULL, NULL, NULL};
	struct gw_err err = {0};
	const char *value;
	int id, rc = GW_OK;

	setlocale(LC_CTYPE, "");
	while ((id = gw_cli_next(&r.cli, &value)) > 0 && rc == GW_OK)
		rc = take_option(&r, &days, id, value, &err);
	if (id < 0)
		return r.cli.exit_status;
	if (rc == GW_OK && r.cli.first == r.cli.argc)
		return gw_cli_usage(&program, "which report? today, rules, cashiers, hours, csv");
	if (rc == GW_OK)
		rc = run(&r, &days, &err);
	gw_conf_free(r.conf);
	if (rc == GW_E_USAGE)
		return gw_cli_usage(&program, "%s", err.text);
	return rc < 0 ? gw_cli_fail(&program, &err) : 0;
}
