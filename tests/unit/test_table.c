/* The rule table in memory: building, looking up, refusing what no reader could bear; settings. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/settings.h"
#include "model/table_build.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct gw_table_build *new_build(void)
{
	struct gw_table_build *b;

	assert_int_equal(gw_table_build_new(&b, NULL), GW_OK);
	return b;
}

static struct gw_item item(const char *code)
{
	return (struct gw_item){.code = code,
				.name = code,
				.price_minor = 100,
				.cost_minor = -1,
				.category = GW_NONE,
				.stock = -1};
}

static void find_many(void **state)
{
	enum { N = 20000 };
	struct gw_table_build *b = new_build();
	struct gw_table *t;
	char code[20];

	(void)state;
	for (int i = 0; i < N; i++) {
		struct gw_item it = item(code);

		snprintf(code, sizeof(code), "C%d", i * 7);
		assert_int_equal(gw_table_build_item(b, &it, NULL), i);
	}
	t = gw_table_build_done(b);
	assert_int_equal(gw_table_item_count(t), N);
	for (int i = 0; i < N * 7; i++) {
		int n = snprintf(code, sizeof(code), "C%d", i);
		uint32_t at = gw_table_find(t, code, (size_t)n);

		assert_int_equal(at, i % 7 == 0 ? (uint32_t)(i / 7) : GW_NONE);
	}
	/* a code is its bytes and its length, not what lies behind them */
	assert_int_equal(gw_table_find(t, "C70", 2), 1);
	assert_int_equal(gw_table_find(t, "C7", 2), 1);
	assert_int_equal(gw_table_find(t, "", 0), GW_NONE);
	assert_string_equal(t->items[1].code, "C7");
	gw_table_free(t);
}

static void empty_table(void **state)
{
	struct gw_table *t = gw_table_build_done(new_build());

	(void)state;
	assert_int_equal(gw_table_find(t, "x", 1), GW_NONE);
	assert_string_equal(gw_table_version(t), "");
	assert_string_equal(t->currency, "EUR");
	assert_string_equal(gw_table_setting(t, "region", "none"), "none");
	gw_table_free(t);
	gw_table_free(NULL);
}

static void rule_of(struct gw_table_build *b, struct gw_rule rule, int want)
{
	struct gw_err err = {0};
	uint32_t before = gw_table_build_peek(b)->rule_count;
	int64_t rc = gw_table_build_rule(b, &rule, &err);

	if (want == GW_OK)
		assert_int_equal(rc, before);
	else
		assert_int_equal(rc, want);
	assert_int_equal(gw_table_build_peek(b)->rule_count, before + (want == GW_OK));
	assert_int_equal(err.text[0] != '\0', want != GW_OK);
}

/* Keys that come again are found in whatever order they come, early and late. */
static void keys_differ(void **state)
{
	static const struct {
		const char *codes; /* one letter each, the last one must be refused */
	} rows[] = {{"AA"}, {"ABCA"}, {"ABCB"}, {"ABCC"}, {"BAB"}, {"CBAC"}, {"ACBB"}, {"ACBDEA"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_table_build *b = new_build();
		struct gw_item any = item("0");
		const char *p = rows[i].codes;

		gw_table_build_item(b, &any, NULL);
		for (; *p != '\0'; p++) {
			char key[2] = {*p, '\0'};
			struct gw_item it = item(key);
			struct gw_rule r = gw_rule_blank();
			int64_t item_rc = gw_table_build_item(b, &it, NULL), rule_rc;

			r.id = key;
			r.suggest = 0;
			rule_rc = gw_table_build_rule(b, &r, NULL);
			assert_int_equal(item_rc == GW_E_INPUT, p[1] == '\0');
			assert_int_equal(rule_rc == GW_E_INPUT, p[1] == '\0');
			assert_int_not_equal(gw_table_build_find(b, key, 1), GW_NONE);
		}
		gw_table_build_free(b);
	}
}

/* Each refusal is a field of an otherwise good rule. */
static void rules_refused(void **state)
{
	struct gw_table_build *b = new_build();
	struct gw_item a = item("A"), c = item("B");
	struct gw_rule good = gw_rule_blank(), r;

	(void)state;
	gw_table_build_item(b, &a, NULL);
	gw_table_build_item(b, &c, NULL);
	gw_table_build_category(b, "tools", NULL);
	good.id = "r1";
	good.suggest = 1;
	good.condition_count = 2;
	good.conditions[0] = (struct gw_condition){0, false};
	good.conditions[1] = (struct gw_condition){0, true};
	rule_of(b, good, GW_OK);
	rule_of(b, good, GW_E_INPUT); /* the same name */
	good.id = "r2";
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		r = good;                                                                          \
		change;                                                                            \
		rule_of(b, r, GW_E_INPUT);                                                         \
	} while (0)
	REFUSED(r.id = "");
	REFUSED(r.id = "r 2");
	REFUSED(r.id = "0123456789012345678901234567890123456789");
	REFUSED(r.suggest = 2);
	REFUSED(r.suggest = 0); /* its own condition */
	REFUSED(r.conditions[0].index = 2);
	REFUSED(r.conditions[1].index = 1);
	/* the same twice asks for two pieces */
	r = good;
	r.id = "r-two";
	r.conditions[1] = r.conditions[0];
	rule_of(b, r, GW_OK);
	REFUSED(r.condition_count = GW_IF_MAX + 1);
	REFUSED(r.price_minor = -2);
	REFUSED(r.saves_minor = -1);
	REFUSED(r.days = 0);
	REFUSED(r.days = 0x80);
	REFUSED(r.from_minute = r.to_minute = 5);
	REFUSED(r.to_minute = 1441);
	REFUSED((r.from_day = 2, r.to_day = 1));
	REFUSED(r.weight = (double)INFINITY);
	REFUSED(r.confidence = 1.1);
	REFUSED(r.script = "red\033[31m");
	REFUSED(r.script = "\xE2\x80\xAE txt"); /* U+202E */
	REFUSED(r.script = "\xFF");
	REFUSED(r.kind = (enum gw_rule_kind)3);
	REFUSED(r.moment = (enum gw_moment)2);
#undef REFUSED
	rule_of(b, good, GW_OK);
	gw_table_build_free(b);
}

static void items_refused(void **state)
{
	struct gw_table_build *b = new_build();
	struct gw_item it = item("A"), bad;
	char name[GW_ITEM_NAME_MAX + 2];

	(void)state;
	assert_int_equal(gw_table_build_item(b, &it, NULL), 0);
	assert_int_equal(gw_table_build_item(b, &it, NULL), GW_E_INPUT);
	bad = item("");
	assert_int_equal(gw_table_build_item(b, &bad, NULL), GW_E_INPUT);
	bad = item("B B");
	assert_int_equal(gw_table_build_item(b, &bad, NULL), GW_E_INPUT);
	bad = item("B");
	bad.category = 0;
	assert_int_equal(gw_table_build_item(b, &bad, NULL), GW_E_INPUT);
	bad = item("B");
	bad.stock = -2;
	assert_int_equal(gw_table_build_item(b, &bad, NULL), GW_E_INPUT);
	memset(name, 'x', sizeof(name));
	name[GW_ITEM_NAME_MAX + 1] = '\0';
	bad = item("B");
	bad.name = name;
	assert_int_equal(gw_table_build_item(b, &bad, NULL), GW_E_INPUT);
	name[GW_ITEM_NAME_MAX] = '\0';
	assert_int_equal(gw_table_build_item(b, &bad, NULL), 1);
	gw_table_build_free(b);
}

static void texts_survive(void **state)
{
	struct gw_table_build *b = new_build();
	char text[40];
	struct gw_table *t;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct gw_item it = item(text);

		snprintf(text, sizeof(text), "n%d", i);
		it.tags = i % 2 ? "odd" : "even";
		assert_int_equal(gw_table_build_item(b, &it, NULL), i);
	}
	t = gw_table_build_done(b);
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "n%d", i);
		assert_string_equal(t->items[i].name, text);
		assert_string_equal(t->items[i].tags, i % 2 ? "odd" : "even");
	}
	/* a tag that comes again is kept once */
	assert_ptr_equal(t->items[0].tags, t->items[2].tags);
	gw_table_free(t);
}

static void arms(void **state)
{
	static const struct {
		const char *in;
		int rc;
		const char *back;
	} rows[] = {
		{"", GW_OK, ""},
		{"a:500000 b:500000", GW_OK, "a:500000 b:500000"},
		{"  a:0   b:1000000 ", GW_OK, "a:0 b:1000000"},
		{"x:y:7", GW_OK, "x:y:7"},
		{"a", GW_E_INPUT, NULL},
		{":5", GW_E_INPUT, NULL},
		{"a:", GW_E_INPUT, NULL},
		{"a:-1", GW_E_INPUT, NULL},
		{"a:1000001", GW_E_INPUT, NULL},
		{"a:1.5", GW_E_INPUT, NULL},
	};
	char room[GW_ARMS_TEXT_MAX], back[GW_ARMS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_arm list[GW_TABLE_ARMS_MAX];
		struct gw_experiment e = {.arms = list};

		assert_int_equal(gw_arms_parse(rows[i].in, room, list, &e.arm_count, NULL),
				 rows[i].rc);
		if (rows[i].rc == GW_OK)
			assert_string_equal(gw_arms_format(&e, back), rows[i].back);
	}
}

static void experiments(void **state)
{
	struct gw_table_build *b = new_build();
	struct gw_arm list[] = {{"a", 600000}, {"b", 400001}};
	struct gw_experiment e = {.id = "e", .arms = list, .arm_count = 2};

	(void)state;
	assert_int_equal(gw_table_build_experiment(b, &e, NULL), GW_E_INPUT);
	list[1].share_ppm = 400000;
	assert_int_equal(gw_table_build_experiment(b, &e, NULL), 0);
	assert_int_equal(gw_table_build_experiment(b, &e, NULL), GW_E_INPUT);
	list[0].name = "gone";
	assert_string_equal(gw_table_build_peek(b)->experiments[0].arms[0].name, "a");
	gw_table_build_free(b);
}

static void settings_default(void **state)
{
	struct gw_settings s;
	enum gw_control control;

	(void)state;
	gw_settings_read(NULL, &s);
	assert_string_equal(s.currency, "EUR");
	assert_string_equal(s.region, "");
	assert_int_equal(s.offers_per_sale, 1);
	assert_int_equal(s.offer_ms, 8000);
	assert_int_equal(s.deadline_ms, 50);
	assert_int_equal(s.min_margin_minor, 0);
	assert_false(gw_settings_control(&s, "x", &control));
	for (const struct gw_setting_row *row = gw_setting_rows(); row->key != NULL; row++) {
		assert_ptr_equal(gw_setting_row(row->key), row);
		if (row->fallback != NULL)
			assert_int_equal(gw_setting_check(row, row->fallback, 2, NULL), GW_OK);
	}
	assert_null(gw_setting_row("offers_per_sal"));
}

static void settings_read(void **state)
{
	struct gw_table_build *b = new_build();
	struct gw_settings s;
	struct gw_table *t;
	enum gw_control control;

	(void)state;
	gw_table_build_head(b, &(struct gw_table_head){.currency = "KWD"}, NULL);
	gw_table_build_setting(b, "offers_per_sale", "2", NULL);
	gw_table_build_setting(b, "offer_ms", "8 s", NULL); /* faulty: the default stands */
	gw_table_build_setting(b, "min_weight", "0.25", NULL);
	gw_table_build_setting(b, "min_margin", "1.250", NULL);
	gw_table_build_setting(b, "control_accept", "TILL-YES", NULL);
	assert_int_equal(gw_table_build_setting(b, "min_weight", "1", NULL), GW_E_INPUT);
	t = gw_table_build_done(b);
	gw_settings_read(t, &s);
	assert_string_equal(s.currency, "KWD");
	assert_int_equal(s.offers_per_sale, 2);
	assert_int_equal(s.offer_ms, 8000);
	assert_true(s.min_weight == 0.25);
	assert_int_equal(s.min_margin_minor, 1250);
	assert_true(gw_settings_control(&s, "TILL-YES", &control));
	assert_int_equal(control, GW_CONTROL_ACCEPT);
	assert_false(gw_settings_control(&s, "TILL", &control));
	assert_int_equal(gw_table_setting_int(t, "offers_per_sale", 0, 9, 5), 2);
	assert_int_equal(gw_table_setting_int(t, "offers_per_sale", 0, 1, 5), 5);
	assert_int_equal(gw_table_setting_int(t, "control_accept", 0, 9, 5), 5);
	gw_table_free(t);
}

static void settings_refused(void **state)
{
	static const struct {
		const char *key, *value;
		int rc;
	} rows[] = {
		{"offers_per_sale", "2", GW_OK},        {"offers_per_sale", "3", GW_E_INPUT},
		{"offers_per_sale", "", GW_E_INPUT},    {"offers_per_sale", " 1", GW_E_INPUT},
		{"offers_per_sale", "1x", GW_E_INPUT},  {"min_confidence", "0.5", GW_OK},
		{"min_confidence", "1.01", GW_E_INPUT}, {"min_confidence", "nan", GW_E_INPUT},
		{"min_margin", "0.50", GW_OK},          {"min_margin", "0.505", GW_E_INPUT},
		{"min_margin", "-1", GW_E_INPUT},       {"currency", "EUR", GW_OK},
		{"currency", "eur", GW_E_INPUT},        {"currency", "EURO", GW_E_INPUT},
		{"salt", "a\033b", GW_E_INPUT},         {"control_total", "", GW_E_INPUT},
		{"control_total", "T", GW_OK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_err err = {0};

		assert_int_equal(
			gw_setting_check(gw_setting_row(rows[i].key), rows[i].value, 2, &err),
			rows[i].rc);
		if (rows[i].rc < 0)
			assert_non_null(strstr(err.text, rows[i].key));
	}
}

/* The manual says of every setting what the program says of it. */
static void settings_manual(void **state)
{
	static char page[100000];
	FILE *f = fopen("tools/table/goeswith-table.1", "r");
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(page, 1, sizeof(page) - 1, f);
	fclose(f);
	page[len] = '\0';
	for (const struct gw_setting_row *row = gw_setting_rows(); row->key != NULL; row++) {
		char entry[600];
		bool usual = row->fallback != NULL && row->fallback[0] != '\0';

		snprintf(entry, sizeof(entry), ".It Cm %s\n%s\n%s%s", row->key, row->sentence,
			 usual ? "Default: " : ".", usual ? row->fallback : "");
		if (strstr(page, entry) == NULL)
			fail_msg("the manual lacks: %s", entry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_many),
		cmocka_unit_test(empty_table),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(rules_refused),
		cmocka_unit_test(items_refused),
		cmocka_unit_test(texts_survive),
		cmocka_unit_test(arms),
		cmocka_unit_test(experiments),
		cmocka_unit_test(settings_default),
		cmocka_unit_test(settings_read),
		cmocka_unit_test(settings_refused),
		cmocka_unit_test(settings_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
