/*
 * The readers: each takes one input and adds its baskets to the sales.  Bad rows are counted, the
 * first ten are kept with their line numbers, and reading goes on.
 *
 * Own nothing beyond the call.  Print nothing.  One thread.
 */
#ifndef TOOLS_MINE_READ_H
#define TOOLS_MINE_READ_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/home.h"
#include "tools/mine/sales.h"

/* Same shape as gw_csv_read_fn: bytes read, 0 at the end, negative with errno on failure. */
typedef int64_t gw_read_fn(void *ctx, char *room, size_t size);

struct gw_stream {
	gw_read_fn *read;
	void *ctx;
	const char *name; /* for messages */
};

enum gw_format {
	GW_FORMAT_GUESS,
	GW_FORMAT_BASKET,
	GW_FORMAT_CSV,
	GW_FORMAT_BATCH,
	GW_FORMAT_JOURNAL
};

struct gw_read_options {
	enum gw_format format;
	char separator; /* of the fields of a CSV or the items of a basket; 0: found out */
	const char *basket_column, *item_column, *name_column, *price_column; /* NULL: found out */
	const char *qty_column, *time_column, *till_column, *category_column;
	const char *time_format; /* for strptime; NULL: RFC 3339 and its shorter forms */
	bool upper;              /* item codes to upper case (ASCII) */
	bool keep_keys;          /* keep receipt numbers, to order baskets of one moment */
	const regex_t *basket_match, *item_match; /* NULL: every one */
	bool progress;
	const struct gw_conf *conf; /* for head office's server; NULL: none */
};

/* One basket a line.  Items are separated by TABs if the first 64 KiB hold one, else by blanks. */
int gw_read_baskets(struct gw_sales *sales, const struct gw_stream *in,
		    const struct gw_read_options *options, struct gw_err *err);

/*
 * A row a line of a receipt, with a header.  Rows of a receipt need not follow each other: the
 * last 65,536 receipts stay open; a row of one closed earlier is left out and counted.
 * GW_E_INPUT: a column is missing (the header's names are told).
 */
int gw_read_csv(struct gw_sales *sales, const struct gw_stream *in,
		const struct gw_read_options *options, struct gw_err *err);

struct gw_fold;

/* An uploaded batch, packed or not.  As gw_batch_load; a faulty line is counted and passed over. */
int gw_read_batch(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		  struct gw_err *err);

/* A register's journal, which a register may be writing meanwhile.  As gw_reader_open. */
int gw_read_journal(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		    struct gw_err *err);

/* A collector's database.  As gw_collection_read. */
int gw_read_collection(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		       struct gw_err *err);

struct gw_office;

/* All events of head office's server.  As gw_office_events. */
int gw_read_office(struct gw_sales *sales, struct gw_fold *fold, struct gw_office *office,
		   struct gw_err *err);

/*
 * A file, "-", head office's server (clickhouse:...), or a directory: its files in name order,
 * those that are hidden or of no known kind passed over.  What a file is is told by --format, its
 * first bytes, or its name's ending.
 */
int gw_read_path(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		 const struct gw_read_options *options, struct gw_err *err);

#endif
