/*
 * A strict reader of ClickHouse's TabSeparated form: rows of a known number of cells, cells
 * divided by TAB, rows ended by a line feed, with \b \f \n \r \t \0 \' \\ escaped and \N for NULL.
 * Anything else is refused: half a row, a row of another width, an unknown escape, a NUL.
 *
 * Takes pieces as they arrive; owns room for one row.  One thread.
 *
 *	struct gw_rows t;
 *	gw_rows_init(&t, 3, each, ctx);
 *	gw_rows_feed(&t, data, len); ...
 *	rc = gw_rows_end(&t, &err);
 *	gw_rows_release(&t);
 */
#ifndef TOOLS_NET_ROWS_H
#define TOOLS_NET_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GW_ROWS_COLUMNS_MAX 16
#define GW_ROWS_ROW_MAX     (4u << 20) /* bytes of a row as it arrives */

struct gw_rows_cell {
	const char *text; /* NUL-terminated, borrowed during the call; NULL: NULL */
	size_t len;
};

/* A negative result ends the reading and is what gw_rows_end returns. */
typedef int gw_rows_each(void *ctx, const struct gw_rows_cell *cells, int columns);

struct gw_rows {
	int columns;
	gw_rows_each *each;
	void *ctx;
	char *row; /* what has come of the row */
	size_t len, room;
	int64_t rows;   /* done */
	int status;     /* GW_OK, or what ended it */
	bool malformed; /* ... was not each */
};

/* columns: 1..GW_ROWS_COLUMNS_MAX. */
void gw_rows_init(struct gw_rows *t, int columns, gw_rows_each *each, void *ctx);
/* False: it has ended already (gw_rows_end tells why); more may be fed and is passed over. */
bool gw_rows_feed(struct gw_rows *t, const char *data, size_t len);
/*
 * GW_E_INPUT with the row's number: not in this form, or cut off; GW_E_MEMORY; or each's own, which
 * leaves err as it is.
 */
int gw_rows_end(const struct gw_rows *t, struct gw_err *err);
void gw_rows_release(struct gw_rows *t);

/* A whole number in the range of int64_t; false: it is none. */
bool gw_rows_number(const struct gw_rows_cell *cell, int64_t *out);

#endif
