/*
 * What the verbs of goeswith-report share: options, the period, the sales to count, and printing of
 * amounts and shares in the form asked for.
 *
 * Owned by main; a verb borrows it while it runs.
 */
#ifndef TOOLS_REPORT_REPORT_H
#define TOOLS_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/cli.h"
#include "base/home.h"
#include "base/money.h"
#include "store/ledger.h"
#include "tools/net/office.h"

struct report {
	struct gw_cli cli;
	char home[GW_PATH_MAX], journal[GW_PATH_MAX];
	struct gw_conf *conf;
	int64_t from_day, to_day; /* --date, --from, --to: days since 1970, inclusive */
	struct gw_period period;  /* these days */
	bool has_offset;          /* --utc-offset, for sales that do not tell theirs; else they */
	int offset_min;           /* are taken to be in this machine's time zone */
	char currency[4];
	int decimals;
	bool json, csv, utf8;
};

/* A verb: prints its report to stdout.  GW_OK, or a code with the sentence in err. */
typedef int report_verb(struct report *r, struct gw_err *err);

report_verb report_today, report_rules, report_cashiers, report_hours, report_events,
	report_rebuild;

/* The sales to count: gathered from files, or at head office's server. */
struct report_sales {
	struct gw_answers answers;
	struct gw_ledger *ledger;
	struct gw_office *office;
};

/*
 * The sources named on the command line (else the home's journal), for sales of these days.
 * GW_E_USAGE: a server together with other sources.
 */
int report_load(struct report *r, const struct gw_period *period, struct report_sales *sales,
		struct gw_err *err);
void report_unload(struct report_sales *sales);

/* Opens head office's server, with what the configuration says about it. */
int report_office(struct report *r, const char *url, struct gw_office **office, struct gw_err *err);

/* Calls each for every operand, or for the home's journal. */
int report_each_source(struct report *r, int (*each)(void *ctx, const char *path, struct gw_err *),
		       void *ctx, struct gw_err *err);

/* Days since 1970, inclusive. */
struct gw_period report_period(const struct report *r, int64_t from_day, int64_t to_day);

/*
 * Says in one line that sales were counted by an assumed offset (beside CSV, not in it); nothing
 * when there were none.
 */
void report_assumed(const struct report *r, int64_t sales);

/* "18.72", and "18.72" with a sign or a leading blank where a column asks for it. */
const char *report_money(const struct report *r, char out[GW_MONEY_MAX], int64_t minor);

/* "13 %", "0.4 %", "-" when the whole is 0. */
const char *report_share(char out[24], int64_t part, int64_t whole);

/* Columns a text takes on a terminal. */
int report_width(const char *text, size_t len);

/* Longest n such that text[0..n) takes at most `columns`. */
size_t report_cut(const char *text, size_t len, int columns);

/* Writes one CSV field, quoted where needed and harmless to a spreadsheet. */
void report_csv_text(FILE *out, const char *text);

#endif
