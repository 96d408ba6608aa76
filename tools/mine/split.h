/*
 * Sales in the order of time, cut into what is learned from and what is measured on.
 *
 * Owns the baskets it copied (4 bytes an item; this is for measuring, not for mining).
 */
#ifndef TOOLS_MINE_SPLIT_H
#define TOOLS_MINE_SPLIT_H

#include <stdbool.h>

#include "tools/mine/measure.h"
#include "tools/mine/order.h"
#include "tools/mine/sales.h"

struct gw_corpus {
	uint32_t baskets;
	uint64_t *start; /* start[baskets + 1] into items, in the order of time */
	uint32_t *items; /* item numbers of the sales */
	int64_t *when_ms;
	bool untimed; /* no basket has a time: each counts as a day after the one before */
};

/*
 * All baskets by (time, receipt number, order read); those without a time keep the order read and
 * come first.  GW_E_MEMORY, GW_E_STORAGE.
 */
int gw_corpus_make(struct gw_corpus *corpus, const struct gw_sales *sales, struct gw_err *err);
void gw_corpus_release(struct gw_corpus *corpus);

/* Baskets [from, to) of a corpus as something to learn from. */
struct gw_sample {
	struct gw_spool *spool;
	struct gw_order order;
	int64_t last_ms;
};

int gw_sample_make(struct gw_sample *sample, const struct gw_corpus *corpus, uint32_t from,
		   uint32_t to, const struct gw_sales *sales, uint32_t min_count,
		   struct gw_err *err);
void gw_sample_release(struct gw_sample *sample);

#endif
