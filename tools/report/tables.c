/*
 * Reports that are one query and one table: each is a list of columns, each column a cell of the
 * query or a ratio of two, printed as text, CSV or JSON.
 */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "tools/report/report.h"

enum type { TEXT, COUNT, MONEY, MEAN, SHARE };

struct column {
	const char *key, *heading;
	enum type type;
	int a, b; /* cell; MEAN and SHARE: a / b */
	int width;
};

#define COLUMNS_MAX 12

static const struct column rule_columns[] = {
	{"rule", "Rule", TEXT, 0, 0, -14},
	{"code", "Code", TEXT, 1, 0, -15},
	{"name", "Add-on", TEXT, 2, 0, -24},
	{"shown", "Shown", COUNT, 3, 0, 6},
	{"accepted", "Accepted", COUNT, 4, 0, 9},
	{"accepted_ppm", "Share", SHARE, 4, 3, 6},
	{"declined", "Declined", COUNT, 5, 0, 9},
	{"not_voiced", "Unvoiced", COUNT, 6, 0, 9},
	{"accepted_value_minor", "Value", MONEY, 7, 0, 10},
	{"kept", "Kept", COUNT, 8, 0, 5},
	{"withheld", "Withheld", COUNT, 9, 0, 9},
	{0},
};

static const struct column cashier_columns[] = {
	{"cashier", "Cashier", TEXT, 0, 0, -12},
	{"sales", "Sales", COUNT, 1, 0, 7},
	{"units_per_sale_milli", "Units", MEAN, 2, 1, 6},
	{"average_value_minor", "Average", MEAN, 3, 1, 9},
	{"shown", "Shown", COUNT, 4, 0, 6},
	{"voiced", "Voiced", COUNT, 5, 0, 7},
	{"voiced_ppm", "Share", SHARE, 5, 4, 6},
	{"accepted", "Accepted", COUNT, 6, 0, 9},
	{"accepted_value_minor", "Value", MONEY, 7, 0, 10},
	{0},
};

static const struct column hour_columns[] = {
	{"hour", "Hour", COUNT, 0, 0, 4},
	{"sales", "Sales", COUNT, 1, 0, 7},
	{"units_per_sale_milli", "Units", MEAN, 2, 1, 6},
	{"average_value_minor", "Average", MEAN, 3, 1, 9},
	{"shown", "Shown", COUNT, 4, 0, 6},
	{"accepted", "Accepted", COUNT, 5, 0, 9},
	{"accepted_ppm", "Share", SHARE, 5, 4, 6},
	{"accepted_value_minor", "Value", MONEY, 6, 0, 10},
	{0},
};

struct table {
	const struct report *report;
	const struct column *columns;
	int64_t rows;
};

static bool is_milli(const struct column *c)
{
	return strstr(c->key, "_milli") != NULL;
}

static int64_t number_of(const struct column *c, const struct gw_cell *cells)
{
	switch (c->type) {
	case MEAN:
		return gw_today_mean(cells[c->a].number * (is_milli(c) ? 1000 : 1),
				     cells[c->b].number);
	case SHARE:
		return gw_today_ppm(cells[c->a].number, cells[c->b].number);
	default:
		return cells[c->a].number;
	}
}

static void print_padded(const char *text, int width)
{
	char safe[128];
	size_t len = gw_utf8_sanitize(safe, sizeof(safe), text, strlen(text));
	int most = width < 0 ? -width : width, pad;

	len = report_cut(safe, len, most);
	pad = most - report_width(safe, len);
	printf("%*s%.*s%*s", width > 0 ? pad : 0, "", (int)len, safe, width < 0 ? pad : 0, "");
}

static void print_text_cell(const struct report *r, const struct column *c,
			    const struct gw_cell *cells)
{
	char room[GW_MONEY_MAX];
	int64_t n = number_of(c, cells);

	if (c->type == TEXT)
		print_padded(cells[c->a].text != NULL ? cells[c->a].text : "", c->width);
	else if (c->type == SHARE)
		printf("%*s", c->width, report_share(room, cells[c->a].number, cells[c->b].number));
	else if (is_milli(c))
		printf("%*" PRId64 ".%" PRId64, c->width - 2, (n + 50) / 1000,
		       (n + 50) % 1000 / 100);
	else if (c->type == MONEY || c->type == MEAN)
		printf("%*s", c->width, report_money(r, room, n));
	else
		printf("%*" PRId64, c->width, n);
}

static int print_text_row(void *ctx, const struct gw_cell *cells, int count)
{
	struct table *t = ctx;

	(void)count;
	for (const struct column *c = t->columns; c->key != NULL; c++) {
		if (c != t->columns)
			putchar(' ');
		print_text_cell(t->report, c, cells);
	}
	putchar('\n');
	t->rows++;
	return 0;
}

static int print_csv_row(void *ctx, const struct gw_cell *cells, int count)
{
	struct table *t = ctx;

	(void)count;
	for (const struct column *c = t->columns; c->key != NULL; c++) {
		if (c != t->columns)
			putchar(',');
		if (c->type == TEXT)
			report_csv_text(stdout, cells[c->a].text != NULL ? cells[c->a].text : "");
		else
			printf("%" PRId64, number_of(c, cells));
	}
	fputs("\r\n", stdout);
	return 0;
}

static void add_text(struct gw_json *j, const char *key, const char *text)
{
	char safe[512];

	gw_utf8_sanitize(safe, sizeof(safe), text != NULL ? text : "",
			 text != NULL ? strlen(text) : 0);
	gw_json_member_string(j, key, safe);
}

static int print_json_row(void *ctx, const struct gw_cell *cells, int count)
{
	struct table *t = ctx;
	char room[4096];
	struct gw_text text = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&text);

	(void)count;
	gw_json_begin(&j, '{');
	for (const struct column *c = t->columns; c->key != NULL; c++)
		if (c->type == TEXT)
			add_text(&j, c->key, cells[c->a].text);
		else
			gw_json_member_int(&j, c->key, number_of(c, cells));
	gw_json_end(&j, '}');
	printf("%s%s", t->rows++ > 0 ? ",\n" : "", room);
	return 0;
}

static void print_headings(const struct column *columns, bool csv)
{
	for (const struct column *c = columns; c->key != NULL; c++)
		if (csv)
			printf("%s%s", c == columns ? "" : ",", c->key);
		else
			printf("%s%*s", c == columns ? "" : " ", c->width, c->heading);
	fputs(csv ? "\r\n" : "\n", stdout);
}

static int take_assumed(void *ctx, const struct gw_cell *cells, int count)
{
	(void)count;
	*(int64_t *)ctx = cells[4].number;
	return 0;
}

static int print_rows(struct report *r, const struct report_sales *s, enum gw_query query,
		      struct table *t, struct gw_err *err)
{
	gw_cells_fn *each = r->json ? print_json_row : r->csv ? print_csv_row : print_text_row;
	const struct gw_answers *from = &s->answers;
	int64_t assumed = 0;
	int rc;

	if (r->json)
		printf("{\"currency\":\"%s\",\"rows\":[", r->currency);
	else
		print_headings(t->columns, r->csv);
	rc = from->ask(from->from, query, &r->period, each, t, err);
	if (rc == GW_OK)
		rc = from->ask(from->from, GW_QUERY_SALES, &r->period, take_assumed, &assumed, err);
	if (r->json)
		printf("],\"sales_assumed_offset\":%" PRId64 "}\n", assumed);
	else if (rc == GW_OK)
		report_assumed(r, assumed);
	return rc;
}

static int print_table(struct report *r, enum gw_query query, const struct column *columns,
		       struct gw_err *err)
{
	struct table t = {.report = r, .columns = columns};
	struct report_sales s;
	int rc = report_load(r, &r->period, &s, err);

	if (rc < 0)
		return rc;
	rc = print_rows(r, &s, query, &t, err);
	report_unload(&s);
	return rc;
}

int report_rules(struct report *r, struct gw_err *err)
{
	return print_table(r, GW_QUERY_RULES, rule_columns, err);
}

/* In the order of their ids: with a day's numbers, ranks would be mostly chance. */
int report_cashiers(struct report *r, struct gw_err *err)
{
	return print_table(r, GW_QUERY_CASHIERS, cashier_columns, err);
}

int report_hours(struct report *r, struct gw_err *err)
{
	return print_table(r, GW_QUERY_HOURS, hour_columns, err);
}
