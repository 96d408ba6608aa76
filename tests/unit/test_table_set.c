/* CSV as head office writes it: every fault has its place and its words; values come out right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/settings.h"
#include "tools/table/payload.h"
#include "tools/table/read_set.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct memory {
	const char *at;
	size_t left;
};

static int64_t read_memory(void *ctx, char *room, size_t size)
{
	struct memory *m = ctx;
	size_t n = m->left < size ? m->left : size;

	memcpy(room, m->at, n);
	m->at += n;
	m->left -= n;
	return (int64_t)n;
}

static void feed(struct gw_set *set, const char *name, const char *csv,
		 void (*read_rows)(struct gw_set *, const struct gw_set_file *))
{
	struct memory m = {csv, strlen(csv)};
	struct gw_set_file file = {name, read_memory, &m};

	read_rows(set, &file);
}

/* The shop every case starts from; each case then adds one file. */
static const char settings[] = "key,value\ncurrency,EUR\ncontrol_total,TOTAL\n";
static const char items[] = "code,name,price,cost,category,kind,stock\n"
			    "4006381333931,Torch,12.99,7.00,light,product,5\n"
			    "96385074,Batteries,3.49,1.20,battery pack,,\n"
			    "WRAP,Gift wrap,2.50,,,service,\n"
			    "NOPRICE,Something,,,,,\n";
static const char experiments[] = "experiment,hypothesis,arms,holdout_ppm\n"
				  "e1,more is more,now:500000 later:500000,50000\n";

struct shop {
	struct gw_table_build *build;
	struct gw_issues issues;
	struct gw_set set;
};

static void open_shop(struct shop *s)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(gw_table_build_new(&s->build, NULL), GW_OK);
	gw_set_start(&s->set, s->build, &s->issues);
	feed(&s->set, "settings.csv", settings, gw_set_read_settings);
	feed(&s->set, "items.csv", items, gw_set_read_items);
	feed(&s->set, "experiments.csv", experiments, gw_set_read_experiments);
	assert_int_equal(s->issues.errors + s->issues.warnings, 0);
}

static void close_shop(struct shop *s)
{
	gw_issues_release(&s->issues);
	gw_table_build_free(s->build);
}

/* Header ("" the usual one) and one row, and how the only complaint must read; NULL: none. */
struct fault {
	const char *header, *row, *want;
};

static void check_faults(const char *name, const char *usual, const struct fault *faults,
			 size_t count,
			 void (*read_rows)(struct gw_set *, const struct gw_set_file *))
{
	for (size_t i = 0; i < count; i++) {
		const struct fault *f = &faults[i];
		char csv[2000];
		struct shop s;

		open_shop(&s);
		snprintf(csv, sizeof(csv), "%s\n%s\n", f->header[0] != '\0' ? f->header : usual,
			 f->row);
		feed(&s.set, name, csv, read_rows);
		if (f->want == NULL && s.issues.count > 0)
			fail_msg("%s: unexpected '%s'", f->row, s.issues.list[0].text);
		if (f->want != NULL && s.issues.count != 1)
			fail_msg("%s: %d complaints instead of '%s', last '%s'", f->row,
				 s.issues.count, f->want,
				 s.issues.count > 0 ? s.issues.list[s.issues.count - 1].text : "");
		if (f->want != NULL && strstr(s.issues.list[0].text, f->want) == NULL)
			fail_msg("%s: '%s' does not say '%s'", f->row, s.issues.list[0].text,
				 f->want);
		close_shop(&s);
	}
}

static void item_faults(void **state)
{
	static const struct fault faults[] = {
		{"", "NEW,Thing,1.00,0.50,light,product,3", NULL},
		{"", "NEW,Thing,,,,,", NULL},
		{"", "4006381333932,X,,,,,",
		 "items.csv:2:1: the check digit of 4006381333932 is 2, "
		 "should be 1"},
		{"", "internal:4006381333932,X,,,,,", NULL},
		{"", "internal:,X,,,,,", "2:1: the code is empty"},
		{"", ",X,,,,,", "2:1: the code is empty"},
		{"", "A B,X,,,,,", "2:1: the code may hold"},
		{"", "\"A\"\"B\",X,,,,,", "2:1: the code may hold"},
		{"", "4006381333931,X,,,,,", "2:1: item 04006381333931 is there already"},
		{"", "04006381333931,X,,,,,", "2:1: item 04006381333931 is there already"},
		{"", "TOTAL,X,,,,,", "2:1: TOTAL is also the setting control_total"},
		{"", "4.00638E+12,X,,,,,", "2:1: '4.00638E+12' is a number that a spreadsheet"},
		{"", "36000291452,X,,,,,", "2:1: warning: 36000291452 would be a GTIN with a 0"},
		{"", "NEW,,,,,,", "2:5: the name is empty"},
		{"", "NEW,caf\xE9,,,,,", "2:5: not UTF-8"},
		{"", "NEW,a\033[31mb,,,,,", "2:5: warning: control or invisible characters"},
		{"",
		 "NEW,a\xE2\x80\xAE"
		 "b,,,,,",
		 "2:5: warning: control or invisible"},
		{"", "NEW,X,3.499,,,,", "2:7: '3.499' is not an amount; write it like 3.49"},
		{"", "NEW,X,\"3,49\",,,,", "2:7: '3,49' is not an amount"},
		{"", "NEW,X,-1,,,,", "2:7: '-1' is not an amount"},
		{"", "NEW,X,1.00,2.00,,,", "2:12: warning: costs more than its price"},
		{"", "NEW,X,,,,thing,", "2:10: 'thing' is not one of product, service"},
		{"", "NEW,X,,,,,-1", "2:11: '-1' must be a whole number from 0"},
		{"", "NEW,X,,,,,1.5", "2:11: '1.5' must be a whole number"},
		{"", "NEW,X", "2:1: 2 cells, but the header has 7"},
		{"", "NEW,\"X,,,,,", "2:5: the quote that opens here is never closed"},
		{"code,price", "NEW,1", "1:1: column 'name' is missing"},
		{"code,name,code", "A,B,C", "1:11: column 'code' stands twice"},
		{"code,name,prize", "A,B,C", "1:11: warning: column 'prize' is not known"},
		{"code;name;price", "A;B;1", "1:1: columns are not separated by commas"},
		{" CODE , Name ", " NEW , X ", NULL},
	};

	(void)state;
	check_faults("items.csv", "code,name,price,cost,category,kind,stock", faults, COUNT(faults),
		     gw_set_read_items);
}

static void rule_faults(void **state)
{
	static const char if_long[] = "rule,if,suggest";
	static const struct fault faults[] = {
		{"", "r1,4006381333931,96385074", NULL},
		{"", "r1,,WRAP", NULL},
		{"", "r1,category:light category:battery_pack,WRAP", NULL},
		{"", ",WRAP,96385074", "rules.csv:2:1: rule is empty"},
		{"", "r 1,WRAP,96385074", "2:1: rule may hold letters"},
		{"", "r1,GONE,WRAP", "2:4: item GONE is not in items.csv"},
		{"", "r1,WRAP,GONE", "2:9: item GONE is not in items.csv"},
		{"", "r1,WRAP,", "2:9: the code is empty"},
		{"", "r1,category:dark,WRAP", "2:4: no item has the category 'dark'"},
		{"", "r1,WRAP,WRAP", "2:9: suggests an item that stands in its own"},
		{if_long,
		 "r1,4006381333931 96385074 NOPRICE category:light category:battery_pack,WRAP",
		 "2:4: more than 4 items"},
		{"rule,if,suggest,kind", "r1,WRAP,96385074,gift",
		 "2:18: 'gift' is not one of addon"},
		{"rule,if,suggest,kind", "r1,,96385074,bundle", "2:4: a bundle needs items"},
		{"rule,if,suggest,kind", "r1,,96385074,upgrade", "2:4: an upgrade needs items"},
		{"rule,if,suggest,price,discount", "r1,,WRAP,1,1", "2:12: both a price and"},
		{"rule,if,suggest,discount", "r1,,WRAP,5%", NULL},
		{"rule,if,suggest,discount", "r1,,WRAP,101%", "2:10: '101%' is no discount"},
		{"rule,if,suggest,discount", "r1,,WRAP,%", "2:10: '%' is no discount"},
		{"rule,if,suggest,discount", "r1,,WRAP,2.51", "2:10: more than the item's price"},
		{"rule,if,suggest,discount", "r1,,NOPRICE,10%",
		 "2:13: a share of an unknown price"},
		{"rule,if,suggest,discount", "r1,,NOPRICE,1.00", NULL},
		{"rule,if,suggest,price", "r1,,WRAP,2.60", "2:10: warning: dearer in the offer"},
		{"rule,if,suggest,days", "r1,,WRAP,mon-fri", NULL},
		{"rule,if,suggest,days", "r1,,WRAP,\"Sat, sun\"", NULL},
		{"rule,if,suggest,days", "r1,,WRAP,weekend", "2:10: 'weekend' are no days"},
		{"rule,if,suggest,days", "r1,,WRAP,mon-", "2:10: 'mon-' are no days"},
		{"rule,if,suggest,hours", "r1,,WRAP,22:00-02:00", NULL},
		{"rule,if,suggest,hours", "r1,,WRAP,9:00-24:00", NULL},
		{"rule,if,suggest,hours", "r1,,WRAP,11-14", "2:10: '11-14' are no hours"},
		{"rule,if,suggest,hours", "r1,,WRAP,24:30-25:00", "2:10:"},
		{"rule,if,suggest,hours", "r1,,WRAP,11:60-12:00", "2:10:"},
		{"rule,if,suggest,hours", "r1,,WRAP,11:00-11:00", "2:10:"},
		{"rule,if,suggest,from,to", "r1,,WRAP,2026-02-30,",
		 "2:10: '2026-02-30' is not a day"},
		{"rule,if,suggest,from,to", "r1,,WRAP,2026-03-02,2026-03-01", "2:21: ends before"},
		{"rule,if,suggest,arm", "r1,,WRAP,now", NULL},
		{"rule,if,suggest,arm", "r1,,WRAP,never",
		 "2:10: no experiment has the arm 'never'"},
		{"rule,if,suggest,confidence", "r1,,WRAP,1.5",
		 "2:10: '1.5' must be a number from 0"},
		{"rule,if,suggest,weight", "r1,,WRAP,nan", "2:10: 'nan' must be a number"},
		{"rule,if,suggest,weight", "r1,,WRAP,0x10", "2:10: '0x10' must be a number"},
		{"rule,if,suggest,min_subtotal", "r1,,WRAP,ten", "2:10: 'ten' is not an amount"},
		{"rule,if,suggest,priority", "r1,,WRAP,high", "2:10: 'high' must be a whole"},
		{"rule,if,suggest,pos_code", "r1,,WRAP,4006381333930", "2:10: the check digit"},
		{"rule,if,suggest,moment", "r1,,WRAP,later",
		 "2:10: 'later' is not one of scan, total"},
	};

	(void)state;
	check_faults("rules.csv", "rule,if,suggest", faults, COUNT(faults), gw_set_read_rules);
}

static void experiment_faults(void **state)
{
	static const struct fault faults[] = {
		{"", "e2,why not,a:1 b:2,0", NULL},
		{"", "e1,why not,a:1,0", "1: experiment 'e1' is there already"},
		{"", ",why not,a:1,0", "2:1: experiment is empty"},
		{"", "e2,,a:1,0", "2:4: warning: the hypothesis is empty"},
		{"", "e2,why not,a,0", "2:12: arm 'a' must be written name:share"},
		{"", "e2,why not,a:1 a:2,0", "2:12: arm 'a' stands twice"},
		{"", "e2,why not,now:1,0", "2:12: arm 'now' belongs to experiment e1"},
		{"", "e2,why not,a:600000 b:600000,0", "shares are more than 1000000"},
		{"", "e2,why not,a:1,1000001", "2:16: '1000001' must be a whole number"},
		{"experiment,hypothesis,from,to", "e2,x,2026-02-01,2026-01-01",
		 "2:17: ends before"},
	};

	(void)state;
	check_faults("experiments.csv", "experiment,hypothesis,arms,holdout_ppm", faults,
		     COUNT(faults), gw_set_read_experiments);
}

static void setting_faults(void **state)
{
	static const struct fault faults[] = {
		{"", "region,germany", NULL},
		{"", "region,atlantis", "2:8: no rules for the region 'atlantis'"},
		{"", "offers,1", "2:1: no setting is called 'offers'"},
		{"", "offers_per_sale,9",
		 "2:17: offers_per_sale must be a whole number from 0 to 2"},
		{"", "min_margin,0.505", "2:12: min_margin must be an amount with 2 decimals"},
		{"", "control_total,A", "2:1: setting 'control_total' is there already"},
		{"", "control_void,TOTAL",
		 "2:14: control_total and control_void are the same code"},
		{"", "control_void,4006381333930", "2:14: the check digit"},
		{"", "patterns,28IIIIVNNNNNC weight 3 kg", NULL},
		{"", "patterns,28IIIIVNNNNNC weight 3 kg; nonsense", "2:10: pattern"},
	};

	(void)state;
	check_faults("settings.csv", "key,value", faults, COUNT(faults), gw_set_read_settings);
}

/* All faults of a file at once, in order, and the good rows still known to the next file. */
static void all_at_once(void **state)
{
	struct shop s;

	(void)state;
	open_shop(&s);
	feed(&s.set, "items.csv",
	     "code,name,price\n1,,x\n2,Two,1.00\n3,\"three\n4,Four,y\n5,Five,2.00\n",
	     gw_set_read_items);
	assert_int_equal(s.issues.errors, 4);
	assert_non_null(strstr(s.issues.list[0].text, "items.csv:2:3: the name is empty"));
	assert_non_null(strstr(s.issues.list[1].text, "items.csv:2:4: 'x' is not an amount"));
	assert_non_null(strstr(s.issues.list[2].text, "items.csv:4:3: the quote"));
	assert_non_null(strstr(s.issues.list[3].text, "items.csv:5:8: 'y' is not an amount"));
	feed(&s.set, "rules.csv", "rule,if,suggest\nr1,1,2\nr2,4,5\n", gw_set_read_rules);
	assert_int_equal(s.issues.errors, 4); /* faulty items do not make faulty rules */
	close_shop(&s);
}

static void many_faults(void **state)
{
	size_t size = 60000, len = 0;
	char *csv = malloc(size);
	struct shop s;

	(void)state;
	open_shop(&s);
	len += (size_t)snprintf(csv, size, "code,name\n");
	for (int i = 0; i < 3000; i++)
		len += (size_t)snprintf(csv + len, size - len, "c%d,\n", i);
	feed(&s.set, "items.csv", csv, gw_set_read_items);
	assert_int_equal(s.issues.errors, 3000);
	assert_int_equal(s.issues.count, GW_ISSUES_MAX);
	close_shop(&s);
	free(csv);
}

/* Values of a rule row: discount on 3.49 -> price and saving, and the rest of the cells. */
static void rule_values(void **state)
{
	static const struct {
		const char *discount;
		int64_t price, saves;
	} rows[] = {
		{"", 349, 0},         {"0.50", 299, 50}, {"10%", 314, 35},
		{"33.33%", 233, 116}, {"100%", 0, 349},  {"0%", 349, 0},
	};
	struct shop s;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char csv[200];
		const struct gw_rule *r;

		open_shop(&s);
		snprintf(csv, sizeof(csv), "rule,if,suggest,discount\nr,,96385074,%s\n",
			 rows[i].discount);
		feed(&s.set, "rules.csv", csv, gw_set_read_rules);
		r = &gw_table_build_peek(s.build)->rules[0];
		assert_int_equal(r->price_minor, rows[i].price);
		assert_int_equal(r->saves_minor, rows[i].saves);
		close_shop(&s);
	}
}

static void rule_cells(void **state)
{
	const struct gw_table *t;
	const struct gw_rule *r;
	struct shop s;

	(void)state;
	open_shop(&s);
	feed(&s.set, "rules.csv",
	     "rule,if,suggest,kind,price,pos_code,script,moment,from,to,days,hours,segment,"
	     "min_subtotal,priority,weight,support,confidence,lift,arm\n"
	     "r,4006381333931 category:battery_pack,WRAP,bundle,2.00,W-2,\"Wrapped, too?\",total,"
	     "2026-11-22,2026-11-30,fri-mon,22:00-02:30,loyalty,20.00,-3,,0.01,0.25,3.5,now\n"
	     "s,,96385074,,,,,,,,,,,,,,,,,\n",
	     gw_set_read_rules);
	assert_int_equal(s.issues.count, 0);
	t = gw_table_build_peek(s.build);
	r = &t->rules[0];
	assert_int_equal(r->condition_count, 2);
	assert_string_equal(t->items[r->conditions[0].index].code, "04006381333931");
	assert_true(r->conditions[1].is_category);
	assert_string_equal(t->categories[r->conditions[1].index], "battery_pack");
	assert_int_equal(r->kind, GW_RULE_BUNDLE);
	assert_int_equal(r->price_minor, 200);
	assert_int_equal(r->saves_minor, 50);
	assert_string_equal(r->pos_code, "W-2");
	assert_string_equal(r->script, "Wrapped, too?");
	assert_int_equal(r->moment, GW_MOMENT_TOTAL);
	assert_int_equal(r->from_day, 20779);
	assert_int_equal(r->to_day, 20787);
	assert_int_equal(r->days, 0x71); /* fri sat sun mon */
	assert_int_equal(r->from_minute, 1320);
	assert_int_equal(r->to_minute, 150);
	assert_string_equal(r->segment, "loyalty");
	assert_int_equal(r->min_subtotal_minor, 2000);
	assert_int_equal(r->priority, -3);
	assert_true(r->weight == 0.25); /* not stated: its confidence */
	assert_string_equal(r->arm, "now");
	r = &t->rules[1];
	assert_null(r->pos_code); /* what it suggests */
	assert_int_equal(r->price_minor, 349);
	assert_int_equal(r->days, 0x7F);
	assert_int_equal(r->to_minute, 1440);
	assert_true(r->weight == 0.1);
	close_shop(&s);
}

static void item_cells(void **state)
{
	const struct gw_table *t;
	struct shop s;

	(void)state;
	open_shop(&s);
	t = gw_table_build_peek(s.build);
	assert_int_equal(t->item_count, 4);
	assert_string_equal(t->items[0].code, "04006381333931");
	assert_int_equal(t->items[0].price_minor, 1299);
	assert_int_equal(t->items[0].cost_minor, 700);
	assert_int_equal(t->items[0].stock, 5);
	assert_string_equal(t->categories[t->items[1].category], "battery_pack");
	assert_int_equal(t->items[1].stock, -1);
	assert_int_equal(t->items[2].kind, GW_ITEM_SERVICE);
	assert_int_equal(t->items[2].category, GW_NONE);
	assert_int_equal(t->items[3].price_minor, -1);
	close_shop(&s);
}

static void yen(void **state)
{
	struct gw_table_build *build;
	struct gw_issues issues = {0};
	struct gw_set set;

	(void)state;
	assert_int_equal(gw_table_build_new(&build, NULL), GW_OK);
	gw_set_start(&set, build, &issues);
	feed(&set, "settings.csv", "key,value\nmin_margin,50\ncurrency,JPY\n",
	     gw_set_read_settings);
	feed(&set, "items.csv", "code,name,price\nA,A,349\nB,B,3.49\n", gw_set_read_items);
	assert_int_equal(issues.count, 1);
	assert_non_null(strstr(issues.list[0].text, "items.csv:3:5: '3.49' is not an amount"));
	assert_int_equal(gw_table_build_peek(build)->items[0].price_minor, 349);
	gw_issues_release(&issues);
	gw_table_build_free(build);
}

/* --- payload --- */

static void read_back(const char *raw, int want, const char *word)
{
	struct gw_table_build *build;
	struct gw_err err = {0};

	assert_int_equal(gw_table_build_new(&build, NULL), GW_OK);
	assert_int_equal(gw_payload_read(raw, strlen(raw), build, (struct gw_table_head){0}, &err),
			 want);
	if (strstr(err.text, word) == NULL)
		fail_msg("%s: '%s' does not say '%s'", raw, err.text, word);
	gw_table_build_free(build);
}

static void payload_faults(void **state)
{
#define HEAD "{\"goeswith_table\":1,\"currency\":\"EUR\"}\n"
#define ITEM "{\"item\":\"A\",\"name\":\"a\"}\n{\"item\":\"B\",\"name\":\"b\"}\n"
	static const struct {
		const char *raw;
		int rc;
		const char *word;
	} rows[] = {
		{HEAD, GW_OK, ""},
		{HEAD ITEM "{\"rule\":\"r\",\"if\":[\"A\"],\"suggest\":\"B\",\"unknown\":[1,{}]}\n",
		 GW_OK, ""},
		{HEAD "{\"something\":\"new\"}\n", GW_OK, ""},
		{"", GW_E_INPUT, "empty"},
		{ITEM, GW_E_INPUT, "line 1: a format this program does not know"},
		{"{\"goeswith_table\":2}\n", GW_E_INPUT, "line 1: a format"},
		{HEAD "[]\n", GW_E_INPUT, "line 2: not a JSON object"},
		{HEAD "{\"item\":\"A\"\n", GW_E_INPUT, "line 2: not a JSON object"},
		{HEAD "{\"item\":\"A\",\"item\":\"B\"}\n", GW_E_INPUT, "line 2: not a JSON object"},
		{HEAD "\n", GW_E_INPUT, "line 2: not a JSON object"},
		{HEAD "{\"item\":7}\n", GW_E_INPUT, "line 2: 'item' has a value"},
		{HEAD "{\"item\":\"A\",\"price\":\"1\"}\n", GW_E_INPUT, "'price'"},
		{HEAD "{\"item\":\"A\",\"price\":1.5}\n", GW_E_INPUT, "'price'"},
		{HEAD "{\"item\":\"A\",\"name\":\"\\u001b[2J\"}\n", GW_E_INPUT, "the name holds"},
		{HEAD "{\"item\":\"A\",\"name\":\"a\\u0000b\"}\n", GW_E_INPUT, "not a JSON object"},
		{HEAD ITEM "{\"rule\":\"r\",\"if\":[\"C\"],\"suggest\":\"B\"}\n", GW_E_INPUT,
		 "line 4: condition 1 names nothing"},
		{HEAD ITEM "{\"rule\":\"r\",\"if\":[\"A\"],\"suggest\":\"C\"}\n", GW_E_INPUT,
		 "suggests an item that is not there"},
		{HEAD ITEM "{\"rule\":\"r\",\"if\":\"A\",\"suggest\":\"B\"}\n", GW_E_INPUT, "'if'"},
		{HEAD ITEM "{\"rule\":\"r\",\"if\":[1],\"suggest\":\"B\"}\n", GW_E_INPUT, "'if'"},
		{HEAD ITEM
		 "{\"rule\":\"r\",\"if\":[\"A\",\"A\",\"A\",\"A\",\"A\"],\"suggest\":\"B\"}\n",
		 GW_E_INPUT, "'if'"},
		{HEAD ITEM "{\"rule\":\"r\",\"if\":[],\"suggest\":\"B\",\"weight\":1e400}\n",
		 GW_E_INPUT, "not a JSON object"},
		{HEAD ITEM ITEM, GW_E_INPUT, "line 4: item A is there already"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		read_back(rows[i].raw, rows[i].rc, rows[i].word);
}

static char *payload_of(const char *item_csv, const char *rule_csv, size_t *len)
{
	struct gw_table_build *build;
	struct gw_issues issues = {0};
	struct gw_table *table;
	struct gw_set set;
	char *raw;

	assert_int_equal(gw_table_build_new(&build, NULL), GW_OK);
	gw_set_start(&set, build, &issues);
	feed(&set, "items.csv", item_csv, gw_set_read_items);
	feed(&set, "rules.csv", rule_csv, gw_set_read_rules);
	assert_int_equal(issues.errors, 0);
	table = gw_table_build_done(build);
	assert_int_equal(gw_payload_write(table, &raw, len, NULL), GW_OK);
	gw_table_free(table);
	gw_issues_release(&issues);
	return raw;
}

/* The order of rows and columns in the CSV does not show in the payload; content does. */
static void payload_is_canonical(void **state)
{
	size_t a_len, b_len, c_len;
	char *a = payload_of("code,name,category\nB,b,x\nA,a,y\n",
			     "rule,if,suggest,weight\nr2,B,A,0.30000000000000004\nr1,A,B,0.1\n",
			     &a_len);
	char *b = payload_of("name,category,code\na,y,A\nb,x,B\n",
			     "rule,weight,if,suggest\nr1,0.1,A,B\nr2,0.30000000000000004,B,A\n",
			     &b_len);
	char *c = payload_of("name,category,code\na,y,A\nb,x,B\n",
			     "rule,weight,if,suggest\nr1,0.1,A,B\nr2,0.3,B,A\n", &c_len);

	(void)state;
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
	assert_true(c_len != a_len || memcmp(a, c, a_len) != 0);
	free(a);
	free(b);
	free(c);
}

/* What the manifest promises is the most that is ever unpacked. */
static void no_zip_bomb(void **state)
{
	size_t size = 50u << 20, len;
	char *zeros = calloc(1, size), *packed, *raw;

	(void)state;
	assert_int_equal(gw_payload_compress(zeros, size, &packed, &len, NULL), GW_OK);
	assert_true(len < 10000);
	assert_int_equal(gw_payload_expand(packed, len, size, &raw, NULL), GW_OK);
	free(raw);
	assert_int_equal(gw_payload_expand(packed, len, size - 1, &raw, NULL), GW_E_INPUT);
	assert_null(raw);
	assert_int_equal(gw_payload_expand(packed, len, size + 1, &raw, NULL), GW_E_INPUT);
	assert_int_equal(gw_payload_expand(packed, len, 100, &raw, NULL), GW_E_INPUT);
	assert_int_equal(gw_payload_expand(packed, len - 1, size, &raw, NULL), GW_E_INPUT);
	assert_int_equal(gw_payload_expand(packed, len, (size_t)GW_PAYLOAD_RAW_MAX + 1, &raw, NULL),
			 GW_E_INPUT);
	packed[len / 2] ^= 1;
	if (gw_payload_expand(packed, len, size, &raw, NULL) == GW_OK)
		free(raw); /* zstd carries no checksum here: the hash of the manifest is it */
	free(packed);
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(item_faults),       cmocka_unit_test(rule_faults),
		cmocka_unit_test(experiment_faults), cmocka_unit_test(setting_faults),
		cmocka_unit_test(all_at_once),       cmocka_unit_test(many_faults),
		cmocka_unit_test(rule_values),       cmocka_unit_test(rule_cells),
		cmocka_unit_test(item_cells),        cmocka_unit_test(yen),
		cmocka_unit_test(payload_faults),    cmocka_unit_test(payload_is_canonical),
		cmocka_unit_test(no_zip_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
