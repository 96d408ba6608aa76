/*
 * Events of tills, folded into what mining needs: the baskets that were sold, and for each rule
 * what became of its offers.  Lines that an offer brought about are left out of the baskets, so
 * that a rule is not confirmed by its own success.
 *
 * Owns the sales that are still open.  An event met twice (a journal and its batches) counts once.
 * One thread.
 */
#ifndef TOOLS_MINE_FOLD_H
#define TOOLS_MINE_FOLD_H

#include "model/event_json.h"
#include "tools/mine/sales.h"

struct gw_fold;

/* sales: borrowed.  GW_E_MEMORY. */
int gw_fold_new(struct gw_fold **fold, struct gw_sales *sales);
/* Sales still open are dropped, as their baskets are not complete. */
void gw_fold_free(struct gw_fold *fold);

/*
 * Says whose events follow, numbered first..last (a journal: 1..INT64_MAX).  GW_E_MEMORY.
 */
int gw_fold_source(struct gw_fold *fold, const char *till, const char *epoch, int64_t first,
		   int64_t last);
/* Says that the source was read up to event `last`, so that others may repeat it. */
void gw_fold_source_done(struct gw_fold *fold, int64_t last);

/* Whether event seq of the current source was already taken from another one. */
bool gw_fold_is_known(const struct gw_fold *fold, int64_t seq);

/* Takes an event.  GW_E_MEMORY, GW_E_STORAGE. */
int gw_fold_event(struct gw_fold *fold, const struct gw_event *event, struct gw_err *err);

#endif
