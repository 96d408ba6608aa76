/*
 * What a mining run puts out: exact rules as tab-separated text, and the CSV files that make a
 * table for the register.  Writes to the stream it is given; whether all of it arrived is told by
 * gw_out_close.  Prints nothing else.
 */
#ifndef TOOLS_MINE_WRITE_H
#define TOOLS_MINE_WRITE_H

#include <stdio.h>

#include "base/err.h"
#include "tools/mine/rules.h"
#include "tools/mine/sales.h"

/*
 * A result file: written beside its place and renamed when whole; a device or pipe is written as it
 * is; path NULL or "-": stdout.
 */
struct gw_out {
	FILE *to;
	char path[1024], beside[1040];
};

int gw_out_open(struct gw_out *out, const char *path, struct gw_err *err);
/* keep: false drops what was written.  GW_E_STORAGE: the disk is full, the reader is gone. */
int gw_out_close(struct gw_out *out, bool keep, struct gw_err *err);

/* One text as a CSV field, quoted where it must be. */
void gw_csv_put(FILE *to, const char *text);

/*
 * antecedent TAB consequent TAB n_xy TAB n_x TAB n_y TAB n, antecedents sorted by code and joined
 * by a blank; with a measure, a seventh column.
 */
struct gw_tsv {
	FILE *to;
	const struct gw_sales *sales;
	const struct gw_itemsets *sets;
	gw_measure_fn *measure; /* NULL: none */
};

/* A line for "category:NAME" as antecedent. */
void gw_tsv_category(const struct gw_tsv *tsv, uint32_t category, uint32_t item,
		     const struct gw_counts *counts);

/* A gw_rule_fn; ctx is the gw_tsv. */
int gw_tsv_rule(void *ctx, const struct gw_mined_rule *rule);

#endif
