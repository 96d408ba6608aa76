/*
 * Row x holds the counters of (x, 0) .. (x, x - 1).  Threads share out the rows, by how often their
 * labels occur, and each of them reads all baskets: reading back a basket is cheap beside counting
 * its pairs, and nothing is shared but the spool.
 */
#include "tools/mine/triangle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct counting {
	const struct gw_spool *spool;
	const struct gw_order *order;
	uint32_t *cells;
	uint32_t from, to; /* rows of this thread */
	struct gw_err err;
	int rc;
	pthread_t thread;
	bool started;
};

static size_t row_of(uint32_t x)
{
	return (size_t)x * (x > 0 ? x - 1 : 0) / 2;
}

bool gw_triangle_fits(uint32_t n, size_t memory)
{
	return row_of(n) <= memory / sizeof(uint32_t);
}

/* Turns item numbers into labels, rare ones left out; returns how many are left. */
static uint32_t labels_of(const struct gw_order *order, const struct gw_basket *b, uint32_t *labels)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		uint32_t label = order->label_of[b->items[i]];

		if (label != GW_NO_LABEL)
			labels[n++] = label;
	}
	return n;
}

static void count_basket(struct counting *c, const uint32_t *labels, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = labels[i], *row;

		if (x < c->from || x >= c->to)
			continue;
		row = c->cells + row_of(x);
		for (uint32_t k = 0; k < n; k++)
			if (labels[k] < x)
				row[labels[k]]++;
	}
}

static void *run(void *ctx)
{
	struct counting *c = ctx;
	struct gw_spool_reader reader = {0};
	struct gw_basket b;

	c->rc = GW_OK;
	for (uint32_t k = 0; c->rc == GW_OK && k < gw_spool_blocks(c->spool); k++) {
		c->rc = gw_spool_open(c->spool, k, &reader, &c->err);
		/* The labels take the place of the ids, in the reader's own room. */
		while (c->rc == GW_OK && gw_spool_next(&reader, &b))
			count_basket(c, reader.items, labels_of(c->order, &b, reader.items));
	}
	gw_spool_reader_release(&reader);
	return NULL;
}

/* First row of each thread, so that every thread's labels occur about equally often. */
static void share_rows(struct counting *c, int threads, const struct gw_order *order)
{
	uint64_t all = 0, sum = 0;
	uint32_t x = 0;

	for (uint32_t i = 0; i < order->n; i++)
		all += order->count[i];
	for (int t = 0; t < threads; t++) {
		c[t].from = x;
		while (x < order->n && sum * (uint64_t)threads < all * (uint64_t)(t + 1))
			sum += order->count[x++];
		c[t].to = t + 1 < threads ? x : order->n;
	}
}

static int count_all(struct counting *c, int threads, struct gw_err *err)
{
	int rc = GW_OK;

	for (int t = 1; t < threads; t++)
		c[t].started = pthread_create(&c[t].thread, NULL, run, &c[t]) == 0;
	run(&c[0]);
	for (int t = 1; t < threads; t++) {
		if (c[t].started)
			pthread_join(c[t].thread, NULL);
		else
			run(&c[t]);
	}
	for (int t = 0; t < threads && rc == GW_OK; t++)
		if (c[t].rc < 0)
			rc = gw_err_set(err, c[t].rc, "%s", c[t].err.text);
	return rc;
}

static bool take_row(struct gw_node *node, const uint32_t *row, uint32_t x, uint32_t least)
{
	for (uint32_t y = 0; y < x; y++)
		node->pairs += row[y] >= least;
	if (node->pairs == 0)
		return true;
	node->pair = malloc(node->pairs * sizeof(*node->pair));
	if (node->pair == NULL)
		return false;
	for (uint32_t y = 0, at = 0; y < x; y++)
		if (row[y] >= least)
			node->pair[at++] = (struct gw_ext){y, row[y]};
	return true;
}

int gw_triangle_mine(struct gw_itemsets *sets, const struct gw_spool *spool,
		     const struct gw_mine_limits *limits, struct gw_err *err)
{
	uint32_t n = sets->order->n, *cells = calloc(row_of(n) + 1, sizeof(*cells));
	struct counting *c = calloc((size_t)limits->threads, sizeof(*c));
	int rc = GW_E_MEMORY;

	if (cells != NULL && c != NULL) {
		for (int t = 0; t < limits->threads; t++) {
			c[t].spool = spool;
			c[t].order = sets->order;
			c[t].cells = cells;
		}
		share_rows(c, limits->threads, sets->order);
		rc = count_all(c, limits->threads, err);
	} else {
		gw_err_set(err, rc, "out of memory for pairs");
	}
	for (uint32_t x = 0; rc == GW_OK && x < n; x++)
		if (!take_row(&sets->nodes[x], cells + row_of(x), x, limits->min_count))
			rc = gw_err_set(err, GW_E_MEMORY, "out of memory for pairs");
	free(c);
	free(cells);
	return rc;
}
