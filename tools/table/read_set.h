/*
 * Reads the CSV files that head office edits (settings, items, experiments, rules) into a table
 * under construction, with every complaint of the whole set gathered.  The order of the calls is
 * the order above: money needs the currency, rules need items and arms.
 *
 * A row with a fault is complained of and, as far as it can be, still taken, so that it does not
 * make faults elsewhere; a set with errors must not be used.
 */
#ifndef TABLE_READ_SET_H
#define TABLE_READ_SET_H

#include "base/csv.h"
#include "model/table_build.h"
#include "tools/table/issues.h"

/* More than there are keys, each of which may stand there once. */
#define GW_SET_SETTINGS_MAX 64

struct gw_set {
	struct gw_table_build *build;
	struct gw_issues *issues;
	char currency[4];
	int decimals;
	struct gw_place setting_at[GW_SET_SETTINGS_MAX]; /* of each setting's value */
};

/* One file of the set, however it is read; name is what complaints call it. */
struct gw_set_file {
	const char *name;
	gw_csv_read_fn *read;
	void *ctx;
};

/* currency and decimals are set by gw_set_read_settings, or to EUR by gw_set_start. */
void gw_set_start(struct gw_set *set, struct gw_table_build *build, struct gw_issues *issues);
void gw_set_read_settings(struct gw_set *set, const struct gw_set_file *file);
void gw_set_read_items(struct gw_set *set, const struct gw_set_file *file);
void gw_set_read_experiments(struct gw_set *set, const struct gw_set_file *file);
void gw_set_read_rules(struct gw_set *set, const struct gw_set_file *file);

/*
 * Reads a folder: items.csv and rules.csv, experiments.csv and settings.csv where they are.
 * *table is NULL when there was any error, which then stands in issues.  GW_E_INPUT (see issues),
 * GW_E_MEMORY.
 */
int gw_set_read_dir(const char *dir, struct gw_table **table, struct gw_issues *issues,
		    struct gw_err *err);

/* --- shared by the readers --- */

struct gw_sheet;

/*
 * Turns a code as people write it into the key of the item: a number of 8, 12, 13 or 14 digits with
 * a right check digit into its GTIN-14, `internal:TEXT` into TEXT as it is, and everything else
 * into itself.  GW_E_INPUT with a sentence; *doubt is set where a spreadsheet may have eaten zeros.
 */
int gw_code_read(const char *text, char out[GW_CODE_MAX], bool *doubt, struct gw_err *err);

/* Days since 1970 of a cell, fallback when it is empty or faulty (which is complained of). */
int32_t gw_sheet_day(struct gw_sheet *sheet, int column, int32_t fallback);
/* Amount of a cell in minor units, fallback when empty; complains of a negative or faulty one. */
int64_t gw_sheet_minor(struct gw_sheet *sheet, int column, int decimals, int64_t fallback);
/* Whole number least..most, fallback when empty or faulty. */
int64_t gw_sheet_int(struct gw_sheet *sheet, int column, int64_t least, int64_t most,
		     int64_t fallback);
/* Decimal number least..most, fallback when empty or faulty. */
double gw_sheet_real(struct gw_sheet *sheet, int column, double least, double most,
		     double fallback);
/* Index of the word in words[] (ended by NULL); 0 when the cell is empty or faulty. */
int gw_sheet_word(struct gw_sheet *sheet, int column, const char *const *words);
/*
 * Text for people: at most `most` bytes, made safe for a terminal, with a warning where that
 * changed it.  Writes to room[most + 1] and returns it.
 */
const char *gw_sheet_text(struct gw_sheet *sheet, int column, char *room, size_t most);
/* A name that stands in identifiers: no blanks, at most GW_ID_MAX - 1 bytes; "" when faulty. */
const char *gw_sheet_id(struct gw_sheet *sheet, int column, bool needed);

#endif
