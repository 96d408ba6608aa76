/*
 * A streaming CSV reader (RFC 4180, also with bare LF, a byte-order mark, and another separator).
 * It hands out one record at a time as fields that point into its own buffer, and knows the line
 * and column of each, so that every complaint can name its place.
 *
 * Owns its buffer (64 KiB, growing to GW_CSV_RECORD_MAX); the input stays the caller's.  A faulty
 * record is reported and skipped, and reading goes on behind it.
 *
 *	struct gw_csv *csv;
 *	gw_csv_new(&csv, read_fd, &fd, ',');
 *	while ((n = gw_csv_next(csv, &err)) != 0) {
 *		if (n < 0) ... complain(&err), continue;
 *		for (int i = 0; i < n; i++) use(gw_csv_field(csv, i));
 *	}
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GW_CSV_FIELDS_MAX 256
#define GW_CSV_RECORD_MAX (1u << 20)

/* Reads up to size bytes into room; returns the count, 0 at the end, negative on failure. */
typedef int64_t gw_csv_read_fn(void *ctx, char *room, size_t size);

/* A read function for a file descriptor; ctx points to the int. */
int64_t gw_csv_read_fd(void *ctx, char *room, size_t size);

struct gw_csv_field {
	const char *at; /* NUL-terminated, unquoted; valid until the next gw_csv_next */
	size_t len;
	uint32_t line;   /* 1-based */
	uint32_t column; /* 1-based, in bytes */
};

struct gw_csv;

/* GW_E_MEMORY. */
int gw_csv_new(struct gw_csv **csv, gw_csv_read_fn *read, void *ctx, char separator);
void gw_csv_free(struct gw_csv *csv);

/*
 * Next record that is not blank.  Returns its number of fields (>= 1), 0 at the end of the input,
 * or: GW_E_INPUT (a stray or unclosed quote, an embedded NUL, too many fields, a record over
 * GW_CSV_RECORD_MAX) with "line L, column C: ..." in err, after which the next call goes on with
 * the next line; GW_E_STORAGE when reading failed and GW_E_MEMORY, after which it must not be
 * called again.
 */
int gw_csv_next(struct gw_csv *csv, struct gw_err *err);

/* Field i of the current record, 0 <= i < the count gw_csv_next gave. */
const struct gw_csv_field *gw_csv_field(const struct gw_csv *csv, int i);

/* Line on which the current record starts. */
uint32_t gw_csv_line(const struct gw_csv *csv);

#endif
