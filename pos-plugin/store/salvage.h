/*
 * Events out of a damaged journal.  SQLite refuses a database whose inner nodes or schema are
 * broken, though its leaves are whole; so this reads the pages of the file and of its write-ahead
 * log one by one (SQLite file format 3, sections 1.6 and 2.1), takes every cell that looks like an
 * event, and lets the hash chain say which of them are proved.
 *
 * Never writes to the damaged file.  One thread; memory for all rows.
 */
#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include <stdint.h>

#include "base/err.h"

struct gw_salvage {
	int64_t rows, first, last; /* saved; numbers of the first and last */
	int64_t missing;           /* numbers between them that were not found */
	int64_t proved;            /* whose chain follows from the row before */
};

/*
 * Copies what can be read into a new journal (numbers, chain and identity kept, statistics tables
 * made anew).  GW_E_INPUT: no event found, or the new file is there already; GW_E_NOT_FOUND,
 * GW_E_DENIED, GW_E_STORAGE, GW_E_MEMORY.
 */
int gw_salvage_journal(const char *damaged, const char *fresh, struct gw_salvage *result,
		       struct gw_err *err);

#endif
