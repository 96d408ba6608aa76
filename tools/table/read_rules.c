/* rules.csv, and a whole folder. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/home.h"
#include "base/money.h"
#include "base/text.h"
#include "tools/table/read_set.h"
#include "tools/table/sheet.h"

enum {
	R_RULE,
	R_IF,
	R_SUGGEST,
	R_KIND,
	R_PRICE,
	R_DISCOUNT,
	R_POS_CODE,
	R_SCRIPT,
	R_MOMENT,
	R_FROM,
	R_TO,
	R_DAYS,
	R_HOURS,
	R_SEGMENT,
	R_MIN_SUBTOTAL,
	R_PRIORITY,
	R_WEIGHT,
	R_SUPPORT,
	R_CONFIDENCE,
	R_LIFT,
	R_ARM
};

static const struct gw_sheet_column columns[] = {
	{"rule", true},    {"if", true},        {"suggest", true},       {"kind", false},
	{"price", false},  {"discount", false}, {"pos_code", false},     {"script", false},
	{"moment", false}, {"from", false},     {"to", false},           {"days", false},
	{"hours", false},  {"segment", false},  {"min_subtotal", false}, {"priority", false},
	{"weight", false}, {"support", false},  {"confidence", false},   {"lift", false},
	{"arm", false},    {NULL, false}};

/* Evidence of a rule that states neither weight nor confidence: that of a middling mined rule. */
#define WEIGHT_UNSTATED 0.1

/* Index of the item a code names, GW_NONE after a complaint. */
static uint32_t item_of(struct gw_set *set, struct gw_sheet *sheet, int column, const char *text)
{
	char code[GW_CODE_MAX];
	struct gw_err err = {0};
	uint32_t index;
	bool doubt;

	if (gw_code_read(text, code, &doubt, &err) < 0) {
		gw_sheet_error(sheet, column, "%s", err.text);
		return GW_NONE;
	}
	index = gw_table_build_find(set->build, code, strlen(code));
	if (index == GW_NONE)
		gw_sheet_error(sheet, column,
			       "item %s is not in items.csv; add it or drop the rule%s", text,
			       doubt ? " (a 0 in front may be missing)" : "");
	return index;
}

static bool condition_of(struct gw_set *set, struct gw_sheet *sheet, const char *word,
			 struct gw_condition *c)
{
	static const char category[] = "category:";

	c->is_category = strncmp(word, category, sizeof(category) - 1) == 0;
	if (!c->is_category) {
		c->index = item_of(set, sheet, R_IF, word);
		return c->index != GW_NONE;
	}
	word += sizeof(category) - 1;
	c->index = gw_table_build_find_category(set->build, word);
	if (c->index == GW_NONE)
		gw_sheet_error(sheet, R_IF, "no item has the category '%.60s'; correct it", word);
	return c->index != GW_NONE;
}

static void read_conditions(struct gw_set *set, struct gw_sheet *sheet, struct gw_rule *rule)
{
	char copy[4096];
	struct gw_text text = gw_text_over(copy, sizeof(copy));
	char *rest = copy, *word;
	int named = 0;

	gw_text_add(&text, gw_sheet_cell(sheet, R_IF));
	if (text.cut) {
		gw_sheet_error(sheet, R_IF, "longer than %zu bytes", sizeof(copy) - 1);
		return;
	}
	while ((word = strsep(&rest, " \t\n")) != NULL) {
		struct gw_condition c;

		if (word[0] == '\0')
			continue;
		if (++named > GW_IF_MAX) {
			gw_sheet_error(sheet, R_IF, "more than %d items; split or shorten the rule",
				       GW_IF_MAX);
			return;
		}
		if (condition_of(set, sheet, word, &c))
			rule->conditions[rule->condition_count++] = c;
	}
}

/* The suggestion itself as a condition.  The same condition twice is none: it asks for two pieces.
 */
static bool check_conditions(struct gw_sheet *sheet, const struct gw_rule *rule)
{
	for (int i = 0; i < rule->condition_count; i++) {
		const struct gw_condition *c = &rule->conditions[i];

		if (!c->is_category && c->index == rule->suggest) {
			gw_sheet_error(sheet, R_SUGGEST,
				       "suggests an item that stands in its own `if`");
			return false;
		}
	}
	return true;
}

/* "12.5%" in hundredths of a percent, -1 if it is no such thing. */
static int64_t percent_of(const char *text, size_t len)
{
	int64_t hundredths;

	if (gw_money_parse(text, len - 1, 2, &hundredths) < 0 || hundredths < 0 ||
	    hundredths > 10000)
		return -1;
	return hundredths;
}

/* Saving that a discount cell means on a price (-1: unknown), -1 after a complaint. */
static int64_t discount_of(const struct gw_set *set, struct gw_sheet *sheet, int64_t price)
{
	const char *text = gw_sheet_cell(sheet, R_DISCOUNT);
	size_t len = strlen(text);
	int64_t saving;

	if (text[len - 1] == '%') {
		int64_t hundredths = percent_of(text, len);

		if (hundredths < 0) {
			gw_sheet_error(sheet, R_DISCOUNT,
				       "'%.40s' is no discount; write 0.50 or 10%%", text);
			return -1;
		}
		if (price < 0) {
			gw_sheet_error(sheet, R_DISCOUNT,
				       "a share of an unknown price; give the item a price in "
				       "items.csv, or write an amount");
			return -1;
		}
		/* half a minor unit is rounded up, for the customer */
		return price / 10000 * hundredths + (price % 10000 * hundredths + 5000) / 10000;
	}
	saving = gw_sheet_minor(sheet, R_DISCOUNT, set->decimals, -1);
	if (price >= 0 && saving > price) {
		gw_sheet_error(sheet, R_DISCOUNT, "more than the item's price");
		return -1;
	}
	return saving;
}

static void read_price(const struct gw_set *set, struct gw_sheet *sheet, struct gw_rule *rule)
{
	int64_t own = gw_table_build_peek(set->build)->items[rule->suggest].price_minor;
	bool discount = gw_sheet_cell(sheet, R_DISCOUNT)[0] != '\0';
	int64_t price = gw_sheet_minor(sheet, R_PRICE, set->decimals, -1);

	if (price >= 0 && discount) {
		gw_sheet_error(sheet, R_DISCOUNT, "both a price and a discount; give one of them");
		return;
	}
	rule->price_minor = price >= 0 ? price : own;
	if (price >= 0 && own >= 0 && price < own)
		rule->saves_minor = own - price;
	if (price >= 0 && own >= 0 && price > own)
		gw_sheet_warning(sheet, R_PRICE, "dearer in the offer than without it");
	if (!discount)
		return;
	rule->saves_minor = discount_of(set, sheet, own);
	if (rule->saves_minor < 0)
		rule->saves_minor = 0;
	else if (own >= 0)
		rule->price_minor = own - rule->saves_minor;
}

static int day_of(const char *name, size_t len)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; len == 3 && i < 7; i++)
		if (strncasecmp(name, days[i], 3) == 0)
			return i;
	return -1;
}

/* "mon-fri", "sat,sun", "fri-mon wed": bits of the days, 0 if it is none of that. */
static uint8_t days_of(const char *text)
{
	uint8_t bits = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, ", +");
		const char *dash = memchr(text, '-', len);
		size_t first_len = dash != NULL ? (size_t)(dash - text) : len;
		int first = day_of(text, first_len);
		int last = dash != NULL ? day_of(dash + 1, len - first_len - 1) : first;

		if (first < 0 || last < 0)
			return 0;
		for (int d = first;; d = (d + 1) % 7) {
			bits = (uint8_t)(bits | 1u << d);
			if (d == last)
				break;
		}
		text += len;
		text += strspn(text, ", +");
	}
	return bits;
}

/* Minutes of "HH:MM" at *text, which moves behind it; -1 if it is no such time. */
static int minute_of(const char **text)
{
	const char *p = *text;
	int hour = 0, minute;
	int digits = 0;

	for (; *p >= '0' && *p <= '9' && digits < 2; digits++)
		hour = hour * 10 + (*p++ - '0');
	if (digits == 0 || *p != ':' || p[1] < '0' || p[1] > '5' || p[2] < '0' || p[2] > '9')
		return -1;
	minute = (p[1] - '0') * 10 + (p[2] - '0');
	*text = p + 3;
	return hour * 60 + minute <= 1440 ? hour * 60 + minute : -1;
}

static void read_hours(struct gw_sheet *sheet, struct gw_rule *rule)
{
	const char *text = gw_sheet_cell(sheet, R_HOURS), *p = text;
	int from, to = -1;

	if (text[0] == '\0')
		return;
	from = minute_of(&p);
	if (from >= 0 && *p++ == '-')
		to = minute_of(&p);
	if (to < 0 || *p != '\0' || from == 1440 || from == to) {
		gw_sheet_error(
			sheet, R_HOURS,
			"'%.40s' are no hours; write 11:00-14:00, or 22:00-02:00 over midnight",
			text);
		return;
	}
	rule->from_minute = (int16_t)from;
	rule->to_minute = (int16_t)to;
}

static void read_when(struct gw_sheet *sheet, struct gw_rule *rule)
{
	const char *days = gw_sheet_cell(sheet, R_DAYS);

	rule->from_day = gw_sheet_day(sheet, R_FROM, INT32_MIN);
	rule->to_day = gw_sheet_day(sheet, R_TO, INT32_MAX);
	if (rule->from_day > rule->to_day) {
		gw_sheet_error(sheet, R_TO, "ends before it begins; correct from or to");
		rule->to_day = INT32_MAX;
	}
	if (days[0] != '\0' && (rule->days = days_of(days)) == 0) {
		gw_sheet_error(sheet, R_DAYS, "'%.40s' are no days; write mon-fri or sat,sun",
			       days);
		rule->days = 0x7F;
	}
	read_hours(sheet, rule);
}

static void read_evidence(struct gw_sheet *sheet, struct gw_rule *rule)
{
	double usual;

	rule->support = gw_sheet_real(sheet, R_SUPPORT, 0, 1, 0);
	rule->confidence = gw_sheet_real(sheet, R_CONFIDENCE, 0, 1, 0);
	rule->lift = gw_sheet_real(sheet, R_LIFT, 0, 1e12, 0);
	usual = rule->confidence > 0 ? rule->confidence : WEIGHT_UNSTATED;
	rule->weight = gw_sheet_real(sheet, R_WEIGHT, -1000, 1000, usual);
}

static void check_arm(const struct gw_set *set, struct gw_sheet *sheet, const char *arm)
{
	const struct gw_table *t = gw_table_build_peek(set->build);

	if (arm[0] == '\0')
		return;
	for (uint32_t i = 0; i < t->experiment_count; i++)
		for (uint32_t k = 0; k < t->experiments[i].arm_count; k++)
			if (strcmp(t->experiments[i].arms[k].name, arm) == 0)
				return;
	gw_sheet_error(
		sheet, R_ARM,
		"no experiment has the arm '%s'; add it to experiments.csv or empty the cell", arm);
}

static void check_kind(struct gw_sheet *sheet, const struct gw_rule *rule)
{
	if (rule->kind != GW_RULE_ADDON && gw_sheet_cell(sheet, R_IF)[0] == '\0')
		gw_sheet_error(sheet, R_IF,
			       "%s needs items in `if`; only an add-on may always apply",
			       rule->kind == GW_RULE_UPGRADE ? "an upgrade" : "a bundle");
}

static void read_rule(struct gw_set *set, struct gw_sheet *sheet)
{
	static const char *const kinds[] = {"addon", "upgrade", "bundle", NULL};
	static const char *const moments[] = {"scan", "total", NULL};
	char pos_code[GW_CODE_MAX] = "", script[GW_RULE_SCRIPT_MAX + 1];
	struct gw_rule rule = gw_rule_blank();
	const char *suggest = gw_sheet_cell(sheet, R_SUGGEST);
	struct gw_err err = {0};
	bool doubt;

	rule.id = gw_sheet_id(sheet, R_RULE, true);
	rule.kind = (enum gw_rule_kind)gw_sheet_word(sheet, R_KIND, kinds);
	rule.moment = (enum gw_moment)gw_sheet_word(sheet, R_MOMENT, moments);
	read_conditions(set, sheet, &rule);
	check_kind(sheet, &rule);
	rule.suggest = item_of(set, sheet, R_SUGGEST, suggest);
	if (gw_sheet_cell(sheet, R_POS_CODE)[0] != '\0' &&
	    gw_code_read(gw_sheet_cell(sheet, R_POS_CODE), pos_code, &doubt, &err) < 0)
		gw_sheet_error(sheet, R_POS_CODE, "%s", err.text);
	rule.pos_code = pos_code;
	rule.script = gw_sheet_text(sheet, R_SCRIPT, script, GW_RULE_SCRIPT_MAX);
	read_when(sheet, &rule);
	rule.segment = gw_sheet_id(sheet, R_SEGMENT, false);
	rule.arm = gw_sheet_id(sheet, R_ARM, false);
	check_arm(set, sheet, rule.arm);
	rule.min_subtotal_minor = gw_sheet_minor(sheet, R_MIN_SUBTOTAL, set->decimals, 0);
	rule.priority = (int32_t)gw_sheet_int(sheet, R_PRIORITY, -1000000, 1000000, 0);
	read_evidence(sheet, &rule);
	if (rule.suggest == GW_NONE || rule.id[0] == '\0')
		return;
	read_price(set, sheet, &rule);
	if (check_conditions(sheet, &rule) && gw_table_build_rule(set->build, &rule, &err) < 0)
		gw_sheet_error(sheet, R_RULE, "%s", err.text);
}

void gw_set_read_rules(struct gw_set *set, const struct gw_set_file *file)
{
	struct gw_sheet sheet;

	gw_sheet_open(&sheet, file->name, columns, file->read, file->ctx, set->issues);
	while (gw_sheet_next(&sheet))
		read_rule(set, &sheet);
	gw_sheet_close(&sheet);
}

/* --- the folder --- */

static void read_file(struct gw_set *set, const char *dir, const char *name, bool needed,
		      void (*read_rows)(struct gw_set *, const struct gw_set_file *))
{
	char path[GW_PATH_MAX];
	struct gw_err err = {0};
	struct gw_set_file file = {path, gw_csv_read_fd, NULL};
	int fd;

	if (gw_path_join(path, dir, name, &err) < 0) {
		gw_issues_add(set->issues, false, (struct gw_place){.file = name}, "%s", err.text);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (needed || errno != ENOENT)
			gw_issues_add(set->issues, false, (struct gw_place){.file = path},
				      "cannot be opened: %s", strerror(errno));
		return;
	}
	file.ctx = &fd;
	read_rows(set, &file);
	close(fd);
}

static void advise(struct gw_set *set, const char *dir)
{
	const struct gw_table *t = gw_table_build_peek(set->build);
	bool holdout = gw_table_setting_int(t, "holdout_ppm", 1, 1000000, 0) > 0;

	for (uint32_t i = 0; i < t->experiment_count; i++)
		holdout = holdout || t->experiments[i].holdout_ppm > 0;
	if (t->item_count == 0)
		gw_issues_add(set->issues, true, (struct gw_place){.file = dir},
			      "no items: every scan will be unknown");
	else if (t->rule_count == 0)
		gw_issues_add(set->issues, true, (struct gw_place){.file = dir},
			      "no rules: nothing will be suggested");
	else if (!holdout)
		gw_issues_add(set->issues, true, (struct gw_place){.file = dir},
			      "no hold-out: what the offers add cannot be measured; set "
			      "holdout_ppm");
}

int gw_set_read_dir(const char *dir, struct gw_table **table, struct gw_issues *issues,
		    struct gw_err *err)
{
	struct gw_table_build *build;
	struct gw_set set;
	int rc = gw_table_build_new(&build, err);

	*table = NULL;
	if (rc < 0)
		return rc;
	gw_set_start(&set, build, issues);
	read_file(&set, dir, "settings.csv", false, gw_set_read_settings);
	rc = gw_table_build_head(build, &(struct gw_table_head){.currency = set.currency}, err);
	read_file(&set, dir, "items.csv", true, gw_set_read_items);
	read_file(&set, dir, "experiments.csv", false, gw_set_read_experiments);
	read_file(&set, dir, "rules.csv", true, gw_set_read_rules);
	if (rc == GW_OK && issues->errors > 0)
		rc = gw_err_set(err, GW_E_INPUT, "%lld %s in %s, nothing was made",
				(long long)issues->errors, issues->errors == 1 ? "error" : "errors",
				dir);
	if (rc == GW_OK)
		advise(&set, dir);
	if (rc < 0)
		gw_table_build_free(build);
	else if ((*table = gw_table_build_done(build)) == NULL)
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory for the table");
	return rc;
}
