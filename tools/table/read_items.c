/* settings.csv, items.csv and experiments.csv. */
#include <string.h>

#include "base/money.h"
#include "model/settings.h"
#include "scan/scan.h"
#include "tools/table/read_set.h"
#include "tools/table/sheet.h"

void gw_set_start(struct gw_set *set, struct gw_table_build *build, struct gw_issues *issues)
{
	*set = (struct gw_set){.build = build, .issues = issues, .currency = "EUR", .decimals = 2};
}

/* --- settings --- */

enum { S_KEY, S_VALUE };

static const struct gw_sheet_column setting_columns[] = {
	{"key", true}, {"value", true}, {NULL, false}};

/* Each of the patterns joined by semicolons must be one the decoder understands. */
static void check_patterns(struct gw_sheet *sheet, const char *value)
{
	char copy[GW_TABLE_TEXT_MAX + 1];
	char *rest = copy, *one;

	strncpy(copy, value, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	while ((one = strsep(&rest, ";")) != NULL) {
		struct gw_scan_pattern pattern;
		char why[100];

		one += strspn(one, " ");
		if (one[0] != '\0' && gw_scan_pattern_parse(&pattern, one, why, sizeof(why)) < 0)
			gw_sheet_error(sheet, S_VALUE, "pattern '%.60s': %s", one, why);
	}
}

/* A value in the form the register reads it: codes as keys.  NULL when it was complained of. */
static const char *setting_value(struct gw_sheet *sheet, const struct gw_setting_row *row,
				 char code[GW_CODE_MAX])
{
	const char *value = gw_sheet_cell(sheet, S_VALUE);
	enum gw_scan_region region;
	struct gw_err err = {0};
	bool doubt;

	/* Money waits until the currency is known: gw_set_read_settings. */
	if (row->type != GW_SETTING_MONEY && gw_setting_check(row, value, 2, &err) < 0) {
		gw_sheet_error(sheet, S_VALUE, "%s", err.text);
		return NULL;
	}
	if (row->type == GW_SETTING_CODE) {
		if (gw_code_read(value, code, &doubt, &err) < 0) {
			gw_sheet_error(sheet, S_VALUE, "%s", err.text);
			return NULL;
		}
		return code;
	}
	if (strcmp(row->key, "region") == 0 && value[0] != '\0' &&
	    gw_scan_region_find(value, &region) < 0)
		gw_sheet_error(sheet, S_VALUE, "no rules for the region '%.40s'", value);
	if (strcmp(row->key, "patterns") == 0)
		check_patterns(sheet, value);
	return value;
}

static void read_setting(struct gw_set *set, struct gw_sheet *sheet)
{
	const char *key = gw_sheet_cell(sheet, S_KEY), *value;
	const struct gw_setting_row *row = gw_setting_row(key);
	struct gw_err err = {0};
	char code[GW_CODE_MAX];
	int64_t index;

	if (row == NULL) {
		gw_sheet_error(sheet, S_KEY,
			       "no setting is called '%.40s'; goeswith-table show --settings lists "
			       "them",
			       key);
		return;
	}
	value = setting_value(sheet, row, code);
	if (value == NULL)
		return;
	index = gw_table_build_setting(set->build, key, value, &err);
	if (index < 0 || index >= GW_SET_SETTINGS_MAX) {
		gw_sheet_error(sheet, S_KEY, "%s; drop one of the rows", err.text);
		return;
	}
	set->setting_at[index] = gw_sheet_place(sheet, S_VALUE);
	if (row->type == GW_SETTING_CURRENCY)
		memcpy(set->currency, value, sizeof(set->currency));
}

/* Amounts, now that the currency is known, and codes that mean two things. */
static void check_together(struct gw_set *set)
{
	const struct gw_table *t = gw_table_build_peek(set->build);

	for (uint32_t i = 0; i < t->setting_count; i++) {
		const struct gw_setting *s = &t->settings[i];
		const struct gw_setting_row *row = gw_setting_row(s->key);
		struct gw_place at = set->setting_at[i];
		struct gw_err err;

		if (row->type == GW_SETTING_MONEY &&
		    gw_setting_check(row, s->value, set->decimals, &err) < 0)
			gw_issues_add(set->issues, false, at, "%s", err.text);
		for (uint32_t k = 0; row->type == GW_SETTING_CODE && k < i; k++)
			if (gw_setting_row(t->settings[k].key)->type == GW_SETTING_CODE &&
			    strcmp(t->settings[k].value, s->value) == 0)
				gw_issues_add(set->issues, false, at,
					      "%s and %s are the same code; give each its own",
					      t->settings[k].key, s->key);
	}
}

void gw_set_read_settings(struct gw_set *set, const struct gw_set_file *file)
{
	struct gw_sheet sheet;

	gw_sheet_open(&sheet, file->name, setting_columns, file->read, file->ctx, set->issues);
	while (gw_sheet_next(&sheet))
		read_setting(set, &sheet);
	gw_sheet_close(&sheet);
	set->decimals = gw_money_decimals(set->currency);
	check_together(set);
}

/* --- items --- */

enum { I_CODE, I_NAME, I_PRICE, I_COST, I_CATEGORY, I_KIND, I_STOCK, I_TAGS };

static const struct gw_sheet_column item_columns[] = {
	{"code", true},  {"name", true},   {"price", false}, {"cost", false}, {"category", false},
	{"kind", false}, {"stock", false}, {"tags", false},  {NULL, false}};

/* Blanks in a category become underscores, so that a rule can name it in its `if`. */
static uint32_t category_of(struct gw_set *set, struct gw_sheet *sheet)
{
	char name[GW_CODE_MAX];
	struct gw_err err = {0};
	int64_t index;

	gw_sheet_text(sheet, I_CATEGORY, name, sizeof(name) - 1);
	if (name[0] == '\0')
		return GW_NONE;
	for (char *p = name; *p != '\0'; p++)
		if (*p == ' ')
			*p = '_';
	index = gw_table_build_find_category(set->build, name);
	if (index == GW_NONE)
		index = gw_table_build_category(set->build, name, &err);
	if (index < 0) {
		gw_sheet_error(sheet, I_CATEGORY, "%s", err.text);
		return GW_NONE;
	}
	return (uint32_t)index;
}

static bool read_code(struct gw_sheet *sheet, int column, char code[GW_CODE_MAX])
{
	const char *text = gw_sheet_cell(sheet, column);
	struct gw_err err = {0};
	bool doubt;

	if (gw_code_read(text, code, &doubt, &err) < 0) {
		gw_sheet_error(sheet, column, "%s", err.text);
		return false;
	}
	if (doubt)
		gw_sheet_warning(sheet, column,
				 "%s would be a GTIN with a 0 in front; did a spreadsheet drop it?",
				 text);
	return true;
}

static void check_control_code(const struct gw_set *set, struct gw_sheet *sheet, const char *code)
{
	const struct gw_table *t = gw_table_build_peek(set->build);

	for (uint32_t i = 0; i < t->setting_count; i++)
		if (gw_setting_row(t->settings[i].key)->type == GW_SETTING_CODE &&
		    strcmp(t->settings[i].value, code) == 0)
			gw_sheet_error(sheet, I_CODE,
				       "%s is also the setting %s; give that another "
				       "code",
				       code, t->settings[i].key);
}

static void read_item(struct gw_set *set, struct gw_sheet *sheet)
{
	static const char *const kinds[] = {"product", "service", NULL};
	char code[GW_CODE_MAX], name[GW_ITEM_NAME_MAX + 1], tags[GW_ITEM_TAGS_MAX + 1];
	struct gw_item item = {.code = code, .name = name, .tags = tags};
	bool known = read_code(sheet, I_CODE, code);
	struct gw_err err = {0};

	if (gw_sheet_cell(sheet, I_NAME)[0] == '\0')
		gw_sheet_error(sheet, I_NAME, "the name is empty; the cashier needs one");
	gw_sheet_text(sheet, I_NAME, name, GW_ITEM_NAME_MAX);
	gw_sheet_text(sheet, I_TAGS, tags, GW_ITEM_TAGS_MAX);
	item.price_minor = gw_sheet_minor(sheet, I_PRICE, set->decimals, -1);
	item.cost_minor = gw_sheet_minor(sheet, I_COST, set->decimals, -1);
	if (item.price_minor >= 0 && item.cost_minor > item.price_minor)
		gw_sheet_warning(sheet, I_COST, "costs more than its price");
	item.category = category_of(set, sheet);
	item.kind = (enum gw_item_kind)gw_sheet_word(sheet, I_KIND, kinds);
	item.stock = (int32_t)gw_sheet_int(sheet, I_STOCK, 0, INT32_MAX, -1);
	if (!known)
		return;
	check_control_code(set, sheet, code);
	if (gw_table_build_item(set->build, &item, &err) < 0)
		gw_sheet_error(sheet, I_CODE, "%s; drop one of the rows", err.text);
}

void gw_set_read_items(struct gw_set *set, const struct gw_set_file *file)
{
	struct gw_sheet sheet;

	gw_sheet_open(&sheet, file->name, item_columns, file->read, file->ctx, set->issues);
	while (gw_sheet_next(&sheet))
		read_item(set, &sheet);
	gw_sheet_close(&sheet);
}

/* --- experiments --- */

enum { E_ID, E_HYPOTHESIS, E_METRIC, E_FROM, E_TO, E_HOLDOUT, E_ARMS, E_SALT };

static const struct gw_sheet_column experiment_columns[] = {
	{"experiment", true}, {"hypothesis", false}, {"metric", false},
	{"from", false},      {"to", false},         {"holdout_ppm", false},
	{"arms", false},      {"salt", false},       {NULL, false}};

/* A rule names only its arm, so an arm's name may belong to one experiment. */
static void check_arms(const struct gw_set *set, struct gw_sheet *sheet,
		       const struct gw_experiment *e)
{
	const struct gw_table *t = gw_table_build_peek(set->build);

	for (uint32_t i = 0; i < e->arm_count; i++) {
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(e->arms[k].name, e->arms[i].name) == 0)
				gw_sheet_error(sheet, E_ARMS, "arm '%s' stands twice",
					       e->arms[i].name);
		for (uint32_t x = 0; x < t->experiment_count; x++)
			for (uint32_t k = 0; k < t->experiments[x].arm_count; k++)
				if (strcmp(t->experiments[x].arms[k].name, e->arms[i].name) == 0)
					gw_sheet_error(sheet, E_ARMS,
						       "arm '%s' belongs to experiment %s already; "
						       "call it otherwise",
						       e->arms[i].name, t->experiments[x].id);
	}
}

static void read_experiment(struct gw_set *set, struct gw_sheet *sheet)
{
	char hypothesis[GW_TABLE_TEXT_MAX + 1], salt[GW_ITEM_NAME_MAX + 1];
	char room[GW_ARMS_TEXT_MAX];
	struct gw_arm arms[GW_TABLE_ARMS_MAX];
	struct gw_experiment e = {.arms = arms};
	struct gw_err err = {0};

	e.id = gw_sheet_id(sheet, E_ID, true);
	if (gw_sheet_cell(sheet, E_HYPOTHESIS)[0] == '\0')
		gw_sheet_warning(sheet, E_HYPOTHESIS,
				 "the hypothesis is empty; say what you expect, and why");
	e.hypothesis = gw_sheet_text(sheet, E_HYPOTHESIS, hypothesis, GW_TABLE_TEXT_MAX);
	e.metric = gw_sheet_id(sheet, E_METRIC, false);
	e.salt = gw_sheet_text(sheet, E_SALT, salt, GW_ITEM_NAME_MAX);
	e.from_day = gw_sheet_day(sheet, E_FROM, INT32_MIN);
	e.to_day = gw_sheet_day(sheet, E_TO, INT32_MAX);
	if (e.from_day > e.to_day)
		gw_sheet_error(sheet, E_TO, "ends before it begins; correct from or to");
	e.holdout_ppm = (int32_t)gw_sheet_int(sheet, E_HOLDOUT, 0, 1000000, 0);
	if (gw_arms_parse(gw_sheet_cell(sheet, E_ARMS), room, arms, &e.arm_count, &err) < 0)
		gw_sheet_error(sheet, E_ARMS, "%s", err.text);
	check_arms(set, sheet, &e);
	if (e.id[0] != '\0' && e.from_day <= e.to_day &&
	    gw_table_build_experiment(set->build, &e, &err) < 0)
		gw_sheet_error(sheet, E_ID, "%s", err.text);
}

void gw_set_read_experiments(struct gw_set *set, const struct gw_set_file *file)
{
	struct gw_sheet sheet;

	gw_sheet_open(&sheet, file->name, experiment_columns, file->read, file->ctx, set->issues);
	while (gw_sheet_next(&sheet))
		read_experiment(set, &sheet);
	gw_sheet_close(&sheet);
}
