/*
 * Reading the events of a collector's database (goeswith-sync collect), journal by journal: those
 * of a terminal together, its epochs in the order of their first event, each in the order of its
 * numbers.
 *
 * Owns nothing beyond the call; opens read-only.  One thread.
 */
#ifndef STORE_COLLECTION_H
#define STORE_COLLECTION_H

#include <stdbool.h>

#include "base/err.h"
#include "store/chain.h"

/* Who is called with events; a negative result ends the reading and is returned. */
struct gw_events_to {
	/* The events of this journal follow.  Texts are borrowed until the next call. */
	int (*journal)(void *ctx, const char *till, const char *epoch, struct gw_err *err);
	int (*event)(void *ctx, const struct gw_chain_row *row, struct gw_err *err);
	void *ctx;
};

/* Whether the file is such a database. */
bool gw_collection_is(const char *path);

/* GW_E_NOT_FOUND, GW_E_DENIED, GW_E_INPUT (foreign, newer, damaged), GW_E_STORAGE, or to's. */
int gw_collection_read(const char *path, const struct gw_events_to *to, struct gw_err *err);

#endif
