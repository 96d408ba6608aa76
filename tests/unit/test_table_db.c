/* table.db: what was saved is what is loaded; foreign, newer, damaged and forged files are refused
 * with a reason. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/settings.h"
#include "model/table_build.h"
#include "store/table_db.h"
#include "tmp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char dir[TMP_NAME_MAX];
static char path[TMP_NAME_MAX + 40];

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(tmp_name(dir, "table")) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a table #1%%.db", dir); /* a path a URI must escape */
	return 0;
}

static int drop_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

/* A table in which every column of every kind differs from its default at least once. */
static struct gw_table *full_table(void)
{
	struct gw_table_head head = {"20261122", "north", 1763800000000, 1795336000000, "JPY"};
	struct gw_arm arms[] = {{"now", 500000}, {"later", 300000}};
	struct gw_experiment e = {
		"e1", "asking earlier sells more", "margin", "pepper", 20000, 20100, 100000, arms,
		2};
	struct gw_item a = {
		"09521234000013", "Фонарь LED", "variant:torch recall:L7", 1299, 800, 1, 12,
		GW_ITEM_PRODUCT};
	struct gw_item c = {"WRAP", "Gift wrap", "", -1, -1, GW_NONE, -1, GW_ITEM_SERVICE};
	struct gw_rule r = gw_rule_blank();
	struct gw_table_build *b;

	assert_int_equal(gw_table_build_new(&b, NULL), GW_OK);
	assert_int_equal(gw_table_build_head(b, &head, NULL), GW_OK);
	assert_int_equal(gw_table_build_category(b, "garden", NULL), 0);
	assert_int_equal(gw_table_build_category(b, "light", NULL), 1);
	assert_int_equal(gw_table_build_item(b, &a, NULL), 0);
	assert_int_equal(gw_table_build_item(b, &c, NULL), 1);
	r.id = "plain";
	r.suggest = 1;
	assert_int_equal(gw_table_build_rule(b, &r, NULL), 0);
	r = (struct gw_rule){.id = "all",
			     .conditions = {{0, false}, {0, true}, {1, true}},
			     .condition_count = 3,
			     .kind = GW_RULE_BUNDLE,
			     .moment = GW_MOMENT_TOTAL,
			     .suggest = 1,
			     .price_minor = 250,
			     .saves_minor = 50,
			     .pos_code = "WRAP-RED",
			     .script = "Shall we wrap it?",
			     .segment = "loyalty",
			     .arm = "now",
			     .from_day = 20001,
			     .to_day = 20031,
			     .days = 0x1F,
			     .from_minute = 1320,
			     .to_minute = 120,
			     .min_subtotal_minor = 2000,
			     .priority = -3,
			     .weight = 0.1 + 0.2,
			     .support = 1.0 / 3,
			     .confidence = 0.25,
			     .lift = 3.5};
	assert_int_equal(gw_table_build_rule(b, &r, NULL), 1);
	assert_int_equal(gw_table_build_experiment(b, &e, NULL), 0);
	assert_int_equal(gw_table_build_setting(b, "region", "germany", NULL), 0);
	return gw_table_build_done(b);
}

static void same_item(const struct gw_item *a, const struct gw_item *b)
{
	assert_string_equal(a->code, b->code);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->tags, b->tags);
	assert_int_equal(a->price_minor, b->price_minor);
	assert_int_equal(a->cost_minor, b->cost_minor);
	assert_int_equal(a->category, b->category);
	assert_int_equal(a->stock, b->stock);
	assert_int_equal(a->kind, b->kind);
}

static void same_rule(const struct gw_rule *a, const struct gw_rule *b)
{
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->condition_count, b->condition_count);
	for (int i = 0; i < a->condition_count; i++) {
		assert_int_equal(a->conditions[i].index, b->conditions[i].index);
		assert_int_equal(a->conditions[i].is_category, b->conditions[i].is_category);
	}
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->moment, b->moment);
	assert_int_equal(a->suggest, b->suggest);
	assert_int_equal(a->price_minor, b->price_minor);
	assert_int_equal(a->saves_minor, b->saves_minor);
	assert_string_equal(a->pos_code, b->pos_code);
	assert_string_equal(a->script, b->script);
	assert_string_equal(a->segment, b->segment);
	assert_string_equal(a->arm, b->arm);
	assert_int_equal(a->from_day, b->from_day);
	assert_int_equal(a->to_day, b->to_day);
	assert_int_equal(a->days, b->days);
	assert_int_equal(a->from_minute, b->from_minute);
	assert_int_equal(a->to_minute, b->to_minute);
	assert_int_equal(a->min_subtotal_minor, b->min_subtotal_minor);
	assert_int_equal(a->priority, b->priority);
	assert_true(a->weight == b->weight && a->support == b->support);
	assert_true(a->confidence == b->confidence && a->lift == b->lift);
}

static void same_experiment(const struct gw_experiment *a, const struct gw_experiment *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->hypothesis, b->hypothesis);
	assert_string_equal(a->metric, b->metric);
	assert_string_equal(a->salt, b->salt);
	assert_int_equal(a->from_day, b->from_day);
	assert_int_equal(a->to_day, b->to_day);
	assert_int_equal(a->holdout_ppm, b->holdout_ppm);
	assert_int_equal(a->arm_count, b->arm_count);
	for (uint32_t i = 0; i < a->arm_count; i++) {
		assert_string_equal(a->arms[i].name, b->arms[i].name);
		assert_int_equal(a->arms[i].share_ppm, b->arms[i].share_ppm);
	}
}

static void same_table(const struct gw_table *a, const struct gw_table *b)
{
	assert_string_equal(a->version, b->version);
	assert_string_equal(a->chain, b->chain);
	assert_string_equal(a->currency, b->currency);
	assert_int_equal(a->issued_ms, b->issued_ms);
	assert_int_equal(a->expires_ms, b->expires_ms);
	assert_int_equal(a->decimals, b->decimals);
	assert_int_equal(a->item_count, b->item_count);
	assert_int_equal(a->rule_count, b->rule_count);
	assert_int_equal(a->category_count, b->category_count);
	assert_int_equal(a->experiment_count, b->experiment_count);
	assert_int_equal(a->setting_count, b->setting_count);
	for (uint32_t i = 0; i < a->item_count; i++)
		same_item(&a->items[i], &b->items[i]);
	for (uint32_t i = 0; i < a->rule_count; i++)
		same_rule(&a->rules[i], &b->rules[i]);
	for (uint32_t i = 0; i < a->category_count; i++)
		assert_string_equal(a->categories[i], b->categories[i]);
	for (uint32_t i = 0; i < a->experiment_count; i++)
		same_experiment(&a->experiments[i], &b->experiments[i]);
}

static void save(void)
{
	struct gw_table *t = full_table();
	struct gw_table_origin origin = {.payload = "abc", .key = "K1", .installed_ms = 5};
	struct gw_err err = {0};

	unlink(path);
	assert_int_equal(gw_table_save(t, &origin, path, &err), GW_OK);
	gw_table_free(t);
}

static void round_trip(void **state)
{
	struct gw_table *want = full_table(), *got;
	struct gw_table_origin origin;
	struct gw_settings settings;
	struct stat st;

	(void)state;
	umask(022);
	save();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(gw_table_load(&got, path, NULL), GW_OK);
	same_table(want, got);
	assert_int_equal(gw_table_find(got, "WRAP", 4), 1);
	gw_settings_read(got, &settings);
	assert_string_equal(settings.region, "germany");
	assert_int_equal(gw_table_origin(&origin, path, NULL), GW_OK);
	assert_string_equal(origin.payload, "abc");
	assert_string_equal(origin.key, "K1");
	assert_int_equal(origin.installed_ms, 5);
	/* an existing file is never written over */
	assert_int_equal(gw_table_save(want, NULL, path, NULL), GW_E_STORAGE);
	gw_table_free(want);
	gw_table_free(got);
}

static void refused(int want, const char *word)
{
	struct gw_table *t;
	struct gw_err err = {0};

	assert_int_equal(gw_table_load(&t, path, &err), want);
	assert_null(t);
	if (strstr(err.text, word) == NULL)
		fail_msg("'%s' does not say '%s'", err.text, word);
	assert_non_null(strstr(err.text, dir)); /* says which file */
}

static void sql(const char *text)
{
	sqlite3 *db;
	char *why = NULL;

	save();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	sqlite3_close(db);
}

/* What happened to a good file -> the class and a word of the refusal. */
static void forged(void **state)
{
	static const struct {
		const char *sql;
		const char *word;
	} rows[] = {
		{"PRAGMA user_version=2", "update goeswith"},
		{"PRAGMA user_version=0", "schema 0"},
		{"PRAGMA application_id=7", "another program (application id 00000007)"},
		{"DROP TABLE rule", "damaged"},
		{"ALTER TABLE item RENAME TO i; CREATE VIEW item AS SELECT * FROM i", "tampered"},
		{"CREATE TRIGGER t AFTER INSERT ON item BEGIN SELECT 1; END", "tampered"},
		{"UPDATE rule SET suggest=2 WHERE id=1", "rule 1: suggests an item"},
		{"UPDATE rule SET suggest='x'", "suggests an item"},
		{"UPDATE rule SET if1=7 WHERE id=1", "condition 1"},
		{"UPDATE rule SET if2=-9 WHERE id=1", "condition 2"},
		{"UPDATE term SET days=500", "wrong kind"},
		{"UPDATE term SET id=7", "terms of rule 7, which is not there"},
		{"DROP TABLE term", "damaged"},
		{"UPDATE rule SET price='free'", "wrong kind"},
		{"UPDATE rule SET weight=9e999", "weight"},
		{"UPDATE rule SET script=char(27)||'[2J'", "script"},
		{"UPDATE item SET name=char(0x202E)||'x'", "name"},
		{"UPDATE item SET name=hex(zeroblob(200))", "longer"},
		{"UPDATE item SET code='WRAP' WHERE id=0", "already"},
		{"UPDATE item SET category=2", "category"},
		{"UPDATE item SET id=5 WHERE id=1", "wrong kind"},
		{"UPDATE experiment SET arms='a:900000 b:900000'", "1000000"},
		{"UPDATE experiment SET arms='a'", "name:share"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		sql(rows[i].sql);
		refused(GW_E_INPUT, rows[i].word);
	}
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void no_table(void **state)
{
	struct gw_table *t;
	struct gw_err err;

	(void)state;
	unlink(path);
	refused(GW_E_NOT_FOUND, "cannot open");
	write_file("");
	refused(GW_E_INPUT, "not a rule table");
	write_file("code,name\n1,2\n");
	refused(GW_E_INPUT, "not a rule table");
	assert_int_equal(gw_table_load(&t, dir, &err), GW_E_STORAGE); /* a directory */
	if (geteuid() != 0) {
		save();
		assert_int_equal(chmod(path, 0), 0);
		refused(GW_E_DENIED, "ermission");
	}
}

static void write_bytes(const unsigned char *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* Whatever is cut off or overwritten, loading ends with a table or a refusal, never a crash. */
static void damaged(void **state)
{
	static unsigned char good[1 << 20], bad[1 << 20];
	unsigned seed = 1;
	size_t len;
	FILE *f;

	(void)state;
	save();
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(good, 1, sizeof(good), f);
	fclose(f);
	for (size_t cut = 100; cut < len; cut += 5000) {
		write_bytes(good, cut);
		refused(GW_E_INPUT, "damaged");
	}
	printf("# seed %u\n", seed);
	for (int round = 0; round < 400; round++) {
		struct gw_table *t;
		struct gw_err err;

		memcpy(bad, good, len);
		for (int i = 0; i < 8; i++)
			bad[100 + (size_t)rand_r(&seed) % (len - 100)] =
				(unsigned char)rand_r(&seed);
		write_bytes(bad, len);
		if (gw_table_load(&t, path, &err) == GW_OK)
			gw_table_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(forged),
		cmocka_unit_test(no_table),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
