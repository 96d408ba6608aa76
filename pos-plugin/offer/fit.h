/*
 * What fits the basket: the evidence of every suggested item, added up over all satisfied patterns,
 * and the best of them by evidence x worth, kept up to date piece by piece.
 *
 * Additive evidence over the whole basket beats the best single rule (Steck, "Embarrassingly
 * shallow autoencoders", WWW 2019): a pruned table of one-item rules whose weights are summed
 * carries nearly all of it.
 *
 * Owns a match; borrows the index.  No allocation after gw_fit_new.  Everything it tells is a
 * function of what is in the basket, not of the order in which it came: a basket rebuilt after a
 * restart, or replayed at head office, gives the same answers.
 *
 *	gw_fit_add(fit, item, 1);
 *	n = gw_fit_best(fit, best, GW_FIT_BEST);
 */
#ifndef OFFER_FIT_H
#define OFFER_FIT_H

#include "offer/match.h"

#define GW_FIT_BEST  32 /* targets kept in order */
#define GW_FIT_BLOCK 64 /* targets that are cleared together */

struct gw_fit_scored {
	double score; /* evidence x worth */
	uint32_t target;
};

struct gw_fit {
	const struct gw_offer_index *index; /* borrowed */
	struct gw_match *match;

	/* private; arrays per target are padded to whole blocks */
	int32_t *evidence;  /* in 1/scale */
	int64_t *strongest; /* weight and pairing as one key */
	uint8_t *listed;    /* 1: in the heap */
	uint8_t *dirty;     /* per block: something in it is not as in an empty basket */
	uint32_t *dense;    /* satisfied patterns that are added up as whole columns */
	uint32_t dense_count;
	struct gw_fit_scored heap[GW_FIT_BEST]; /* the best, the least of them on top */
	uint32_t heap_count;
	float floor; /* what scores less does not concern the heap */
	bool stale;  /* evidence went down: the heap must be filled again */
};

/* GW_E_MEMORY; *fit is NULL on failure.  Begins with an empty basket. */
int gw_fit_new(struct gw_fit **fit, const struct gw_offer_index *index);
void gw_fit_free(struct gw_fit *fit);

/* As gw_match_clear, gw_match_add, gw_match_remove. */
void gw_fit_clear(struct gw_fit *fit);
void gw_fit_add(struct gw_fit *fit, uint32_t item, int32_t pieces);
void gw_fit_remove(struct gw_fit *fit, uint32_t item, int32_t pieces);

/*
 * Targets whose evidence and worth are above 0, the best first (equal: the one whose first rule
 * stands earlier in the table), at most max <= GW_FIT_BEST.  O(1) after additions; after a void
 * O(targets with evidence).
 */
size_t gw_fit_best(struct gw_fit *fit, uint32_t *targets, size_t max);

/*
 * As gw_fit_best, without a limit, for when none of the best may be offered: gathers all, O(n), to
 * list[index->target_count]; each gw_fit_pop then takes the best one out, O(log n).
 */
size_t gw_fit_gather(const struct gw_fit *fit, struct gw_fit_scored *list);
struct gw_fit_scored gw_fit_pop(struct gw_fit_scored *list, size_t *count);

/*
 * What would be offered first if nothing but evidence counted: up to `max` items that are not in
 * the basket, most evidence first (equal: earlier in the table).  This is what quality is measured
 * on.  O(targets with evidence x max).
 */
size_t gw_fit_rank(const struct gw_fit *fit, uint32_t *items, size_t max);

/* The strongest satisfied pairing of a target; GW_NONE when there is none, or when the one that was
 * has been voided: then gw_fit_sweep knows. */
uint32_t gw_fit_strongest(const struct gw_fit *fit, uint32_t target);

/*
 * Calls visit for every satisfied pairing, in no particular order.  O(all of them): a microsecond
 * for a mined table, tens for a popular item among a million rules.
 */
void gw_fit_sweep(const struct gw_fit *fit,
		  void (*visit)(void *ctx, uint32_t target, uint32_t pairing), void *ctx);

/* Evidence as the table gives it. */
static inline double gw_fit_evidence(const struct gw_fit *fit, uint32_t target)
{
	return (double)fit->evidence[target] / fit->index->scale;
}

#endif
