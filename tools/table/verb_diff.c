/* diff: what changed from one table to the next, row by row and member by member. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/table.h"
#include "tools/table/payload.h"
#include "tools/table/table_tool.h"
#include "tools/table/words.h"

static const struct gw_cli_program program = {
	"goeswith-table diff", "A B",
	"Shows what changed from table A to table B, each a table.db, a home, a bundle, or a "
	"folder of\n"
	"CSV files: + new, - gone, ~ changed.  Prints nothing when they hold the same.",
	NULL, true};

struct side {
	const struct gw_table *table;
	uint32_t *order, count, at;
};

struct diff {
	enum gw_row_kind kind;
	bool json;
	int64_t differences;
};

static json_t *row_object(const struct side *s, enum gw_row_kind kind)
{
	char room[GW_PAYLOAD_LINE_MAX];
	struct gw_text line = gw_text_over(room, sizeof(room));

	gw_row_write(s->table, kind, s->order[s->at], &line);
	return json_loadb(room, line.len, 0, NULL);
}

static const char *key_of(const struct side *s, enum gw_row_kind kind)
{
	return gw_row_key(s->table, kind, s->order[s->at]);
}

static void in_words(const struct side *s, enum gw_row_kind kind, struct gw_text *out)
{
	uint32_t row = s->order[s->at];

	switch (kind) {
	case GW_ROW_RULE:
		gw_rule_in_words(s->table, &s->table->rules[row], out);
		break;
	case GW_ROW_ITEM:
		gw_item_in_words(s->table, &s->table->items[row], out);
		break;
	case GW_ROW_EXPERIMENT:
		gw_experiment_in_words(&s->table->experiments[row], out);
		break;
	default:
		gw_text_add(out, s->table->settings[row].value);
		break;
	}
}

static void one_sided(struct diff *d, const struct side *s, char sign)
{
	char room[GW_PAYLOAD_LINE_MAX];
	struct gw_text text = gw_text_over(room, sizeof(room));

	d->differences++;
	if (d->json) {
		gw_row_write(s->table, d->kind, s->order[s->at], &text);
		printf("{\"change\":\"%s\",\"row\":%s}\n", sign == '+' ? "new" : "gone", room);
		return;
	}
	in_words(s, d->kind, &text);
	printf("%c %s %s: %s\n", sign, gw_row_kind_name(d->kind), key_of(s, d->kind), room);
}

static void print_value(const json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	fputs(text != NULL ? text : "none", stdout);
	free(text);
}

static void print_change(const char *key, const json_t *a, const json_t *b, const char **comma)
{
	printf("%s %s ", *comma, key);
	print_value(a);
	fputs(" -> ", stdout);
	print_value(b);
	*comma = ",";
}

static void changed_in_words(const struct diff *d, const struct side *s, json_t *a, json_t *b)
{
	const char *key, *comma = "";
	const json_t *value;

	printf("~ %s %s:", gw_row_kind_name(d->kind), key_of(s, d->kind));
	json_object_foreach(a, key, value) if (!json_equal(value, json_object_get(b, key)))
		print_change(key, value, json_object_get(b, key), &comma);
	json_object_foreach(b, key, value) if (json_object_get(a, key) == NULL)
		print_change(key, NULL, value, &comma);
	putchar('\n');
}

static void both_sided(struct diff *d, const struct side *a, const struct side *b)
{
	json_t *before = row_object(a, d->kind), *after = row_object(b, d->kind);

	if (!json_equal(before, after)) {
		d->differences++;
		if (d->json) {
			fputs("{\"change\":\"changed\",\"before\":", stdout);
			print_value(before);
			fputs(",\"row\":", stdout);
			print_value(after);
			puts("}");
		} else {
			changed_in_words(d, a, before, after);
		}
	}
	json_decref(before);
	json_decref(after);
}

/* Walks both sides in the order of their keys, as a merge does. */
static void walk(struct diff *d, struct side *a, struct side *b)
{
	while (a->at < a->count || b->at < b->count) {
		int order;

		if (a->at == a->count)
			order = 1;
		else if (b->at == b->count)
			order = -1;
		else
			order = strcmp(key_of(a, d->kind), key_of(b, d->kind));
		if (order < 0)
			one_sided(d, a, '-');
		else if (order > 0)
			one_sided(d, b, '+');
		else
			both_sided(d, a, b);
		a->at += order <= 0;
		b->at += order >= 0;
	}
}

static int diff_kind(struct diff *d, const struct gw_table *before, const struct gw_table *after)
{
	struct side a = {before, gw_row_order(before, d->kind), gw_row_count(before, d->kind), 0};
	struct side b = {after, gw_row_order(after, d->kind), gw_row_count(after, d->kind), 0};
	int rc = a.order != NULL && b.order != NULL ? GW_OK : GW_E_MEMORY;

	if (rc == GW_OK)
		walk(d, &a, &b);
	free(a.order);
	free(b.order);
	return rc;
}

int gw_verb_diff(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&program, argc, argv);
	struct gw_loaded a = {.table = NULL}, b = {.table = NULL};
	struct diff d = {.json = false};
	struct gw_err err = {0};
	const char *value;
	int rc;

	if (gw_cli_next(&cli, &value) < 0)
		return cli.exit_status;
	if (cli.argc - cli.first != 2)
		return gw_cli_usage(&program, "name two tables");
	d.json = cli.json;
	rc = gw_any_load(&a, cli.argv[cli.first], &err);
	if (rc == GW_OK)
		rc = gw_any_load(&b, cli.argv[cli.first + 1], &err);
	for (int kind = 0; rc == GW_OK && kind < GW_ROW_KINDS; kind++) {
		d.kind = (enum gw_row_kind)kind;
		rc = diff_kind(&d, a.table, b.table);
		if (rc < 0)
			gw_err_set(&err, rc, "out of memory");
	}
	gw_table_free(a.table);
	gw_table_free(b.table);
	return rc < 0 ? gw_cli_fail(&program, &err) : 0;
}
