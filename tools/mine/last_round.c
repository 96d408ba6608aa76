#include "tools/mine/last_round.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/home.h"
#include "tools/mine/source.h"

static const char *const column_names[GW_RULE_COLUMNS] = {
	"rule",         "if",       "suggest", "kind",    "price",      "discount", "pos_code",
	"script",       "moment",   "from",    "to",      "days",       "hours",    "segment",
	"min_subtotal", "priority", "weight",  "support", "confidence", "lift",     "arm"};

/* A CSV file whose columns are found by name. */
struct sheet {
	struct gw_source *source;
	struct gw_csv *csv;
	const char *path;
	int columns[GW_RULE_COLUMNS], fields;
};

static int sheet_open(struct sheet *s, const char *path, const char *const *names, int count,
		      struct gw_err *err)
{
	int rc = gw_source_open(&s->source, path, false, err);

	s->path = path;
	s->csv = NULL;
	if (rc < 0)
		return rc;
	rc = gw_csv_new(&s->csv, gw_source_read, s->source, ',');
	if (rc < 0)
		return gw_err_set(err, rc, "%s: out of memory", path);
	s->fields = gw_csv_next(s->csv, err);
	if (s->fields < 0)
		return s->fields;
	for (int c = 0; c < count; c++) {
		s->columns[c] = -1;
		for (int i = 0; i < s->fields; i++)
			if (strcmp(gw_csv_field(s->csv, i)->at, names[c]) == 0)
				s->columns[c] = i;
	}
	return GW_OK;
}

/* 1: a row is there, 0: the end, or an error with file and line. */
static int sheet_next(struct sheet *s, struct gw_err *err)
{
	struct gw_err fault;

	s->fields = gw_csv_next(s->csv, &fault);
	if (s->fields < 0)
		return gw_err_set(err, s->fields, "%s: %s", s->path, fault.text);
	return s->fields > 0;
}

static const char *sheet_cell(const struct sheet *s, int column)
{
	int i = s->columns[column];

	return i >= 0 && i < s->fields ? gw_csv_field(s->csv, i)->at : "";
}

static void sheet_close(struct sheet *s)
{
	gw_csv_free(s->csv);
	gw_source_close(s->source, NULL);
}

static int take_rule(struct gw_last_round *round, const struct sheet *s, struct gw_err *err)
{
	struct gw_old_rule rule;

	if (sheet_cell(s, GW_COL_RULE)[0] == '\0' || sheet_cell(s, GW_COL_SUGGEST)[0] == '\0')
		return gw_err_set(err, GW_E_INPUT, "%s: line %u: no rule or nothing suggested",
				  s->path, gw_csv_line(s->csv));
	for (int c = 0; c < GW_RULE_COLUMNS; c++) {
		const char *text = sheet_cell(s, c);

		rule.cell[c] = gw_dict_add(&round->texts, text, strlen(text));
		if (rule.cell[c] == GW_DICT_NONE)
			return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", s->path);
	}
	if ((round->len & (round->len - 1)) == 0) {
		size_t room = round->len > 0 ? round->len * 2 : 1;
		struct gw_old_rule *rules = realloc(round->rules, room * sizeof(*rules));

		if (rules == NULL)
			return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", s->path);
		round->rules = rules;
	}
	round->rules[round->len++] = rule;
	return GW_OK;
}

int gw_last_round_load(struct gw_last_round *round, const char *dir, struct gw_err *err)
{
	char path[GW_PATH_MAX];
	struct sheet s;
	int rc;

	memset(round, 0, sizeof(*round));
	gw_dict_init(&round->texts);
	rc = gw_path_join(path, dir, "rules.csv", err);
	if (rc < 0)
		return rc;
	rc = sheet_open(&s, path, column_names, GW_RULE_COLUMNS, err);
	if (rc < 0 && s.source == NULL)
		return rc;
	while (rc == GW_OK && (rc = sheet_next(&s, err)) > 0)
		rc = take_rule(round, &s, err);
	sheet_close(&s);
	if (rc < 0)
		gw_last_round_release(round);
	return rc;
}

void gw_last_round_release(struct gw_last_round *round)
{
	gw_dict_release(&round->texts);
	free(round->rules);
	memset(round, 0, sizeof(*round));
}

const char *gw_old_cell(const struct gw_last_round *round, size_t rule, enum gw_rule_column column)
{
	return gw_dict_text(&round->texts, round->rules[rule].cell[column]);
}

int gw_verdict_of(enum gw_verdict *verdict, const char *path, const char *arm, struct gw_err *err)
{
	static const char *const names[] = {"arm", "verdict"};
	struct sheet s;
	int rc;

	*verdict = GW_VERDICT_NONE;
	if (path == NULL)
		return GW_OK;
	rc = sheet_open(&s, path, names, 2, err);
	if (rc < 0 && s.source == NULL)
		return rc;
	if (rc == GW_OK && (s.columns[0] < 0 || s.columns[1] < 0))
		rc = gw_err_set(err, GW_E_INPUT, "%s: line 1: no columns arm and verdict", path);
	while (rc == GW_OK && (rc = sheet_next(&s, err)) > 0) {
		rc = GW_OK;
		if (strcmp(sheet_cell(&s, 0), arm) != 0)
			continue;
		if (strcmp(sheet_cell(&s, 1), "adopt") == 0)
			*verdict = GW_VERDICT_ADOPT;
		else if (strcmp(sheet_cell(&s, 1), "kill") == 0)
			*verdict = GW_VERDICT_KILL;
	}
	sheet_close(&s);
	return rc;
}
