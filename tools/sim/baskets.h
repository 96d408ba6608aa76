/*
 * Baskets of the past through a till: every item as a till's own line, in the order of the file,
 * then the total and the payment; and the proof that the journal holds exactly that.
 *
 * Customers are simulated by a coin: a hash of basket and rule decides whether an offer is
 * accepted, so that a run can be repeated.  An add-on that is still to come in the basket is left
 * to come: scanning it is the acceptance.
 *
 *	gw_baskets_run(&run, &till, path, &err);
 *	gw_baskets_check(&run, journal_path, &check, &err);
 *	gw_baskets_release(&run);
 */
#ifndef TOOLS_SIM_BASKETS_H
#define TOOLS_SIM_BASKETS_H

#include "tools/sim/till.h"

struct gw_baskets {
	/* how it is played */
	int32_t item_ms, basket_ms; /* between items; between sales */
	int32_t jitter_ms; /* up to so much more between items, by a hash of their number */
	int32_t accept_ppm;
	uint64_t most;    /* baskets, 0: all */
	uint32_t explain; /* offers to keep the story of */
	bool check;       /* remember what a check needs (16 bytes a basket) */

	/* what came of it */
	uint64_t baskets, items, steps;
	char **stories; /* owned: explain of them at most, evenly drawn from all offers */
	uint32_t story_count;
	uint64_t story_seen;
	struct gw_basket_print *prints; /* owned */
	size_t print_room;
};

/* A basket as a check sees it: how many items, and a hash of their codes in order. */
struct gw_basket_print {
	uint64_t hash;
	uint32_t items;
};

/* Any GW_E_ of the reader and the till.  Empty lines are no baskets. */
int gw_baskets_run(struct gw_baskets *run, struct gw_till *till, const char *path,
		   struct gw_err *err);
void gw_baskets_release(struct gw_baskets *run);

struct gw_baskets_check {
	uint64_t baskets, items; /* found in the journal */
	uint64_t wrong;    /* baskets with an item missing, doubled, foreign or out of order */
	int64_t chain_bad; /* first row whose hash is wrong, 0: none */
	char first[200];   /* what is wrong with the first, "" when nothing is */
};

/*
 * Reads the events of the run, from first_seq on, and compares.  GW_OK also when baskets are wrong.
 */
int gw_baskets_check(const struct gw_baskets *run, const char *journal, int64_t first_seq,
		     struct gw_baskets_check *check, struct gw_err *err);

#endif
