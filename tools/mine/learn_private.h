/*
 * What the learners share: the weighted co-occurrence matrix G = X'WX, kept as its pairs below the
 * diagonal, and the neighbours of each item.  Private to learn*.c.
 */
#ifndef TOOLS_MINE_LEARN_PRIVATE_H
#define TOOLS_MINE_LEARN_PRIVATE_H

#include <stdbool.h>

#include "tools/mine/learn.h"

struct gw_cell {
	uint32_t label, count; /* count: baskets with both, unweighted */
	float sum;             /* of their weights */
};

struct gw_row {
	uint32_t len;
	struct gw_cell *at; /* rising labels below the row's own */
};

struct gw_gram {
	uint32_t n;
	struct gw_row *rows; /* rows[n] */
	double *diagonal;    /* diagonal[n] */
};

int gw_gram_make(struct gw_gram *gram, const struct gw_spool *spool, const struct gw_order *order,
		 const struct gw_learning *learning, struct gw_err *err);
void gw_gram_release(struct gw_gram *gram);
/* The pair's cell, NULL when it holds nothing; a != b. */
const struct gw_cell *gw_gram_find(const struct gw_gram *gram, uint32_t a, uint32_t b);

/* The strongest partners of each item, rising labels. */
struct gw_near {
	uint32_t label, count;
	float sum;
	double score; /* what ranked it */
};

struct gw_neighbours {
	uint32_t most;      /* per item */
	uint32_t *len;      /* len[n] */
	struct gw_near *at; /* of item i: at[i * most ..] */
};

/*
 * The learning's neighbours of each item by score = sum / (d_from^blend d_to^(1 - blend)), d the
 * diagonal + shrink, from = the partner, to = the item.
 */
int gw_neighbours_make(struct gw_neighbours *near, const struct gw_gram *gram,
		       const struct gw_learning *learning);
void gw_neighbours_release(struct gw_neighbours *near);

/*
 * Runs solve(ctx, thread, item) for all items on several threads; false from one stops all.
 * Returns false when stopped.
 */
bool gw_for_items(uint32_t n, int threads, bool (*solve)(void *ctx, int thread, uint32_t item),
		  void *ctx);

/* Dense: the inverse of a symmetric positive definite n x n matrix, in place, by LAPACKE. */
int gw_lapack_invert(float *matrix, uint32_t n, int threads, struct gw_err *err);

#endif
