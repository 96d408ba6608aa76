/*
 * Filling a struct gw_err (goeswith/status.h): a status code and a sentence for a person that says
 * what was wrong, where, and what to do.  Never printed below main.
 *
 * Owned by the caller, usually on its stack.  Every function that takes a `struct gw_err *`
 * accepts NULL.  No allocation.
 *
 *	struct gw_err err = {0};
 *	if (gw_table_load(&t, path, &err) != GW_OK)
 *		return gw_cli_fail("goeswith-table", &err);
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#include "goeswith/status.h"

/*
 * Fills *err (if not NULL) and returns code, so that `return gw_err_set(...)` is one line.  What a
 * text quotes from a file or a wire may hold anything: controls and the like are taken out, and
 * malformed bytes become U+FFFD.
 */
int gw_err_set(struct gw_err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As gw_err_set, with ": " and the text of the system's error number appended. */
int gw_err_errno(struct gw_err *err, int code, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
