/* show: what a table holds, in words or as JSON. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/when.h"
#include "model/settings.h"
#include "model/table.h"
#include "tools/table/payload.h"
#include "tools/table/table_tool.h"
#include "tools/table/words.h"

enum { ID_RULES = 256, ID_ITEMS, ID_SETTINGS };

static const struct gw_cli_option options[] = {
	{ID_RULES, "rules", NULL, "every rule in words"},
	{ID_ITEMS, "items", NULL, "every item"},
	{ID_SETTINGS, "settings", NULL, "every setting with its meaning"},
	{0}};

static const struct gw_cli_program program = {
	"goeswith-table show", "[--rules] [--items] [--settings] [PATH]",
	"Shows the table in force in the home, or the one in PATH: a table.db, a home, a bundle, "
	"or a\n"
	"folder of CSV files.  With --json a summary line, then a line for each row asked for.",
	options, true};

struct show {
	bool rules, items, settings;
};

#define RULES_AT_FIRST 10

static void print_time(const char *label, int64_t ms)
{
	char when[GW_WHEN_MAX];

	if (ms > 0)
		printf("%-10s %s\n", label, gw_when_format(when, ms));
}

static void print_text(const char *label, const char *text)
{
	if (text[0] != '\0')
		printf("%-10s %s\n", label, text);
}

static void print_summary(const struct gw_loaded *l)
{
	const struct gw_table *t = l->table;
	int64_t now_ms = gw_clock_ms();

	printf("%-10s %s\n", "version", t->version[0] != '\0' ? t->version : "none");
	print_text("chain", t->chain);
	print_time("issued", t->issued_ms);
	print_time(t->expires_ms > 0 && t->expires_ms < now_ms ? "EXPIRED" : "expires",
		   t->expires_ms);
	print_time("installed", l->origin.installed_ms);
	print_text("signed by", l->origin.key);
	print_text("payload", l->is_bundle ? l->manifest.hash : l->origin.payload);
	printf("%-10s %u in %u categories\n", "items", t->item_count, t->category_count);
	printf("%-10s %u\n", "rules", t->rule_count);
	printf("%-10s %s\n", "currency", t->currency);
}

static void print_experiments(const struct gw_table *t)
{
	char room[GW_TABLE_TEXT_MAX * 2];

	for (uint32_t i = 0; i < t->experiment_count; i++) {
		struct gw_text text = gw_text_over(room, sizeof(room));

		gw_experiment_in_words(&t->experiments[i], &text);
		printf("experiment %s: %s\n", t->experiments[i].id, room);
	}
}

static void print_rules(const struct gw_table *t, uint32_t most)
{
	char room[4096];

	for (uint32_t i = 0; i < t->rule_count && i < most; i++) {
		struct gw_text text = gw_text_over(room, sizeof(room));

		gw_rule_in_words(t, &t->rules[i], &text);
		printf("%s: %s\n", t->rules[i].id, room);
		if (t->rules[i].script[0] != '\0')
			printf("    \"%s\"\n", t->rules[i].script);
	}
	if (t->rule_count > most)
		printf("... and %u more; --rules shows all\n", t->rule_count - most);
}

static void print_items(const struct gw_table *t)
{
	char room[2048];

	for (uint32_t i = 0; i < t->item_count; i++) {
		struct gw_text text = gw_text_over(room, sizeof(room));

		gw_item_in_words(t, &t->items[i], &text);
		printf("%s: %s\n", t->items[i].code, room);
	}
}

static void print_settings(const struct gw_table *t)
{
	for (const struct gw_setting_row *row = gw_setting_rows(); row->key != NULL; row++) {
		const char *value = t != NULL ? gw_table_setting(t, row->key, NULL) : NULL;
		const char *usual = row->fallback != NULL ? row->fallback : "";

		printf("%s=%s%s\n    %s\n", row->key, value != NULL ? value : usual,
		       value != NULL ? "" : "   (default)", row->sentence);
	}
}

static void print_json_summary(const struct gw_loaded *l)
{
	const struct gw_table *t = l->table;
	char room[1000], when[GW_WHEN_MAX];
	struct gw_text text = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&text);

	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "version", t->version);
	gw_json_member_string(&j, "chain", t->chain);
	if (t->issued_ms > 0)
		gw_json_member_string(&j, "issued", gw_when_format(when, t->issued_ms));
	if (t->expires_ms > 0)
		gw_json_member_string(&j, "expires", gw_when_format(when, t->expires_ms));
	if (l->origin.installed_ms > 0)
		gw_json_member_string(&j, "installed",
				      gw_when_format(when, l->origin.installed_ms));
	gw_json_member_string(&j, "key", l->origin.key);
	gw_json_member_string(&j, "payload", l->is_bundle ? l->manifest.hash : l->origin.payload);
	gw_json_member_string(&j, "currency", t->currency);
	gw_json_member_int(&j, "items", t->item_count);
	gw_json_member_int(&j, "rules", t->rule_count);
	gw_json_member_int(&j, "categories", t->category_count);
	gw_json_member_int(&j, "experiments", t->experiment_count);
	gw_json_end(&j, '}');
	puts(room);
}

static void print_json_rows(const struct gw_table *t, enum gw_row_kind kind)
{
	char room[GW_PAYLOAD_LINE_MAX];

	for (uint32_t i = 0; i < gw_row_count(t, kind); i++) {
		struct gw_text line = gw_text_over(room, sizeof(room));

		gw_row_write(t, kind, i, &line);
		puts(room);
	}
}

static void show_json(const struct gw_loaded *l, const struct show *what)
{
	print_json_summary(l);
	if (what->settings)
		print_json_rows(l->table, GW_ROW_SETTING);
	if (what->items)
		print_json_rows(l->table, GW_ROW_ITEM);
	if (what->rules) {
		print_json_rows(l->table, GW_ROW_EXPERIMENT);
		print_json_rows(l->table, GW_ROW_RULE);
	}
}

static void show_words(const struct gw_loaded *l, const struct show *what)
{
	bool all = !what->rules && !what->items && !what->settings;

	if (all) {
		print_summary(l);
		print_experiments(l->table);
	}
	if (what->settings)
		print_settings(l->table);
	if (what->items)
		print_items(l->table);
	if (all || what->rules)
		print_rules(l->table, what->rules ? UINT32_MAX : RULES_AT_FIRST);
}

int gw_verb_show(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&program, argc, argv);
	char home[GW_PATH_MAX];
	struct show what = {.rules = false};
	struct gw_loaded loaded = {.table = NULL};
	struct gw_err err = {0};
	const char *value, *path = home;
	int id, rc = GW_OK;

	while ((id = gw_cli_next(&cli, &value)) > 0) {
		what.rules |= id == ID_RULES;
		what.items |= id == ID_ITEMS;
		what.settings |= id == ID_SETTINGS;
	}
	if (id < 0)
		return cli.exit_status;
	if (cli.argc - cli.first > 1)
		return gw_cli_usage(&program, "name one table at most");
	if (cli.first < cli.argc)
		path = cli.argv[cli.first];
	else
		rc = gw_home_path(home, cli.home, &err);
	if (rc == GW_OK)
		rc = gw_any_load(&loaded, path, &err);
	if (rc == GW_E_NOT_FOUND && what.settings && path == home) {
		print_settings(NULL); /* nothing in force: what the settings are by themselves */
		return 0;
	}
	if (rc < 0 || loaded.table == NULL)
		return gw_cli_fail(&program, &err);
	if (cli.json)
		show_json(&loaded, &what);
	else
		show_words(&loaded, &what);
	gw_table_free(loaded.table);
	return 0;
}
