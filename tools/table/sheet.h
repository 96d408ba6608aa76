/*
 * One CSV file with a header row: columns are found by name, cells are trimmed, and whatever is
 * wrong with the file itself is complained of here, so that the readers of items, rules and so on
 * only deal with values.
 *
 * Owns the CSV reader; the input stays the caller's.  Cells are valid until the next row.
 *
 *	gw_sheet_open(&sheet, "items.csv", columns, read, ctx, issues);
 *	while (gw_sheet_next(&sheet)) {
 *		name = gw_sheet_cell(&sheet, COLUMN_NAME);
 *		if (*name == '\0') gw_sheet_error(&sheet, COLUMN_NAME, "...");
 *	}
 *	gw_sheet_close(&sheet);
 */
#ifndef TABLE_SHEET_H
#define TABLE_SHEET_H

#include <stdbool.h>

#include "base/csv.h"
#include "tools/table/issues.h"

#define GW_SHEET_COLUMNS_MAX 32

struct gw_sheet_column {
	const char *name; /* NULL ends the list */
	bool needed;
};

struct gw_sheet {
	const char *file;
	const struct gw_sheet_column *columns;
	struct gw_issues *issues;
	struct gw_csv *csv;
	int at[GW_SHEET_COLUMNS_MAX]; /* field of each column, -1: not in the file */
	int fields;                   /* of the header; 0: there is none that could be used */
	int64_t rows;
};

/* Reads the header.  file and columns are borrowed. */
void gw_sheet_open(struct gw_sheet *sheet, const char *file, const struct gw_sheet_column *columns,
		   gw_csv_read_fn *read, void *ctx, struct gw_issues *issues);
/* False at the end, or when nothing more can be read (which has been complained of). */
bool gw_sheet_next(struct gw_sheet *sheet);
void gw_sheet_close(struct gw_sheet *sheet);

/* Cell of column number `column` of the current row, without blanks around it; "" when the file has
 * no such column. */
const char *gw_sheet_cell(struct gw_sheet *sheet, int column);

/* Where a cell of the current row stands. */
struct gw_place gw_sheet_place(const struct gw_sheet *sheet, int column);

/* Complains at a cell of the current row, as gw_issues_add does. */
#define gw_sheet_error(sheet, column, ...)                                                         \
	gw_issues_add((sheet)->issues, false, gw_sheet_place(sheet, column), __VA_ARGS__)
#define gw_sheet_warning(sheet, column, ...)                                                       \
	gw_issues_add((sheet)->issues, true, gw_sheet_place(sheet, column), __VA_ARGS__)

#endif
