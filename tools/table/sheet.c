#include "tools/table/sheet.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* A NUL counts too: it is what an earlier trim of the same cell left. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Cuts blanks off both ends of a cell, in place: the CSV reader's buffer is ours until the next
 * record. */
static char *trim(const struct gw_csv_field *field)
{
	char *at = (char *)field->at, *end = at + field->len;

	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	*end = '\0';
	return at;
}

static void name_columns(const struct gw_sheet *sheet, struct gw_text *text)
{
	for (const struct gw_sheet_column *c = sheet->columns; c->name != NULL; c++)
		gw_text_addf(text, "%s%s", c == sheet->columns ? "" : ",", c->name);
}

static void take_column(struct gw_sheet *sheet, int field)
{
	const struct gw_csv_field *f = gw_csv_field(sheet->csv, field);
	const char *name = trim(f);

	for (int c = 0; sheet->columns[c].name != NULL; c++) {
		if (strcasecmp(name, sheet->columns[c].name) != 0)
			continue;
		if (sheet->at[c] >= 0)
			gw_issues_add(sheet->issues, false,
				      (struct gw_place){sheet->file, f->line, f->column},
				      "column '%s' stands twice; take one of them out", name);
		sheet->at[c] = field;
		return;
	}
	if (name[0] != '\0')
		gw_issues_add(sheet->issues, true,
			      (struct gw_place){sheet->file, f->line, f->column},
			      "column '%.60s' is not known and left out", name);
}

static bool read_header(struct gw_sheet *sheet)
{
	char room[400];
	struct gw_text all = gw_text_over(room, sizeof(room));
	uint32_t line = gw_csv_line(sheet->csv);
	bool whole = true;

	name_columns(sheet, &all);
	if (sheet->fields == 1 && strpbrk(gw_csv_field(sheet->csv, 0)->at, ";\t") != NULL) {
		gw_issues_add(sheet->issues, false, (struct gw_place){sheet->file, line, 1},
			      "columns are not separated by commas; save the file as CSV with "
			      "commas");
		return false;
	}
	for (int f = 0; f < sheet->fields; f++)
		take_column(sheet, f);
	for (int c = 0; sheet->columns[c].name != NULL; c++)
		if (sheet->columns[c].needed && sheet->at[c] < 0) {
			gw_issues_add(sheet->issues, false, (struct gw_place){sheet->file, line, 1},
				      "column '%s' is missing; the header may hold %s",
				      sheet->columns[c].name, room);
			whole = false;
		}
	return whole;
}

/* Takes "line L, column C: " (column not always there) off the front of a CSV reader's words. */
static const char *take_place(const char *text, struct gw_place *at)
{
	char *end;

	if (strncmp(text, "line ", 5) != 0)
		return text;
	at->line = (uint32_t)strtoul(text + 5, &end, 10);
	if (strncmp(end, ", column ", 9) == 0)
		at->column = (uint32_t)strtoul(end + 9, &end, 10);
	return end + strspn(end, ": ");
}

static void complain(struct gw_sheet *sheet, const struct gw_err *err)
{
	struct gw_place at = {sheet->file, 0, 1};
	const char *what = take_place(err->text, &at);

	gw_issues_add(sheet->issues, false, at, "%s", what);
}

/* Fields of the next record that can be read, 0 at the end. */
static int next_record(struct gw_sheet *sheet)
{
	for (;;) {
		struct gw_err err = {0};
		int n = gw_csv_next(sheet->csv, &err);

		if (n >= 0)
			return n;
		complain(sheet, &err);
		if (n != GW_E_INPUT)
			return 0;
	}
}

void gw_sheet_open(struct gw_sheet *sheet, const char *file, const struct gw_sheet_column *columns,
		   gw_csv_read_fn *read, void *ctx, struct gw_issues *issues)
{
	*sheet = (struct gw_sheet){.file = file, .columns = columns, .issues = issues};
	for (int c = 0; c < GW_SHEET_COLUMNS_MAX; c++)
		sheet->at[c] = -1;
	if (gw_csv_new(&sheet->csv, read, ctx, ',') < 0) {
		gw_issues_add(issues, false, (struct gw_place){file, 0, 0}, "out of memory");
		return;
	}
	sheet->fields = next_record(sheet);
	if (sheet->fields == 0) {
		char room[400];
		struct gw_text all = gw_text_over(room, sizeof(room));

		name_columns(sheet, &all);
		gw_issues_add(issues, false, (struct gw_place){file, 1, 1},
			      "no header row; it may hold %s", room);
	} else if (!read_header(sheet)) {
		sheet->fields = 0;
	}
}

bool gw_sheet_next(struct gw_sheet *sheet)
{
	int n;

	if (sheet->fields == 0)
		return false;
	while ((n = next_record(sheet)) > 0) {
		const struct gw_csv_field *first = gw_csv_field(sheet->csv, 0);

		if (++sheet->rows % 8192 == 0 && sheet->issues->progress != NULL)
			sheet->issues->progress(sheet->file, sheet->rows);
		if (n == sheet->fields)
			return true;
		gw_issues_add(sheet->issues, false, (struct gw_place){sheet->file, first->line, 1},
			      "%d cells, but the header has %d; is a comma missing, or one in a "
			      "text without quotes?",
			      n, sheet->fields);
	}
	return false;
}

void gw_sheet_close(struct gw_sheet *sheet)
{
	gw_csv_free(sheet->csv);
	sheet->csv = NULL;
}

const char *gw_sheet_cell(struct gw_sheet *sheet, int column)
{
	return sheet->at[column] < 0 ? "" : trim(gw_csv_field(sheet->csv, sheet->at[column]));
}

struct gw_place gw_sheet_place(const struct gw_sheet *sheet, int column)
{
	int field = sheet->at[column] < 0 ? 0 : sheet->at[column];
	const struct gw_csv_field *f = gw_csv_field(sheet->csv, field);

	return (struct gw_place){sheet->file, f->line, f->column};
}
