/*
 * Item-to-item weights that add up: how strongly item `from` in a basket speaks for item `to`.
 * Learned by ridge regression of each item on the others (EASE: Steck, "Embarrassingly Shallow
 * Autoencoders for Sparse Data", WWW 2019), with baskets weighted down by their size, or taken
 * from co-occurrence counts alone.
 *
 * Owns the list it returns.  Deterministic for any number of threads.  Prints nothing.
 */
#ifndef TOOLS_MINE_LEARN_H
#define TOOLS_MINE_LEARN_H

#include <stddef.h>
#include <stdint.h>

#include "tools/mine/db.h"

/* A weight in ten-thousandths, so that sums are exact and the same here and in the register. */
#define GW_WEIGHT_UNIT 10000

struct gw_weight {
	uint32_t from, to; /* labels */
	int32_t weight;    /* in 1/GW_WEIGHT_UNIT, > 0 */
	uint32_t n_xy;     /* baskets with both */
};

struct gw_weights {
	struct gw_weight *at; /* by `to`, then `from` */
	size_t len;
};

enum gw_learner { GW_LEARN_COUNTS, GW_LEARN_SPARSE, GW_LEARN_DENSE };

struct gw_learning {
	enum gw_learner learner;
	struct gw_weighing weighing; /* of baskets, by size and age */
	double ridge;                /* added to the diagonal */
	double ridge_share;          /* share of the diagonal added to it */
	double blend;                /* exponent of the antecedent's frequency in the score, 0..1 */
	double shrink;               /* counts: added to both frequencies */
	double sharpness;            /* counts: exponent of the weight */
	uint32_t neighbours;         /* items one item is regressed on (sparse), or kept for it */
	uint32_t pair_min;           /* pairs in fewer baskets count as 0; >= 1 */
	int threads;
	size_t memory;
};

/* Defaults that a validation on real sales gave; see the manual. */
struct gw_learning gw_learning_defaults(enum gw_learner learner);

/*
 * GW_E_MEMORY, GW_E_STORAGE; GW_E_UNSUPPORTED (dense) when LAPACKE is not installed, said in one
 * line.  Dense needs 4 n^2 bytes for n = order->n, sparse 8 bytes a pair.
 */
int gw_learn(struct gw_weights *weights, const struct gw_spool *spool, const struct gw_order *order,
	     const struct gw_learning *learning, struct gw_err *err);
void gw_weights_release(struct gw_weights *weights);

#endif
