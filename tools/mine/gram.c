/* The weighted co-occurrence matrix: counted like pairs (itemsets.c), with sums beside counts. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/learn_private.h"

#define THREADS_MAX 256

struct for_items {
	uint32_t to;
	bool (*solve)(void *ctx, int thread, uint32_t item);
	void *ctx;
	atomic_uint next;
	atomic_bool stopped;
};

struct for_thread {
	struct for_items *all;
	int number;
	pthread_t thread;
	bool started;
};

static void *run(void *ctx)
{
	struct for_thread *t = ctx;
	struct for_items *all = t->all;

	while (!atomic_load(&all->stopped)) {
		uint32_t i = atomic_fetch_add(&all->next, 8);

		if (i >= all->to)
			break;
		for (uint32_t end = i + 8; i < end && i < all->to; i++)
			if (!all->solve(all->ctx, t->number, i)) {
				atomic_store(&all->stopped, true);
				break;
			}
	}
	return NULL;
}

static bool for_range(uint32_t from, uint32_t to, int threads,
		      bool (*solve)(void *ctx, int thread, uint32_t item), void *ctx)
{
	struct for_items all = {.to = to, .solve = solve, .ctx = ctx};
	struct for_thread t[THREADS_MAX] = {{.all = &all}};

	atomic_store(&all.next, from);
	for (int i = 1; i < threads; i++) {
		t[i] = (struct for_thread){.all = &all, .number = i};
		t[i].started = pthread_create(&t[i].thread, NULL, run, &t[i]) == 0;
	}
	run(&t[0]);
	for (int i = 1; i < threads; i++)
		if (t[i].started)
			pthread_join(t[i].thread, NULL);
	return !atomic_load(&all.stopped);
}

bool gw_for_items(uint32_t n, int threads, bool (*solve)(void *ctx, int thread, uint32_t item),
		  void *ctx)
{
	return for_range(0, n, threads, solve, ctx);
}

/* --- counting
 * ------------------------------------------------------------------------------------- */

struct counting {
	struct gw_gram *gram;
	const struct gw_db *db;
	uint32_t pair_min;
	double **sums; /* one array a thread */
	uint32_t **counts;
};

static bool count_row(void *ctx, int thread, uint32_t x)
{
	struct counting *c = ctx;
	const struct gw_db *db = c->db;
	double *sums = c->sums[thread];
	uint32_t *counts = c->counts[thread], len = 0, at = 0;
	struct gw_row *row = &c->gram->rows[x];

	for (uint32_t h = db->first[x]; h < db->first[x + 1]; h++) {
		uint32_t basket = db->holders[h];
		double weight = db->weight[basket];

		for (const uint32_t *p = db->items + db->start[basket]; *p != x; p++) {
			sums[*p] += weight;
			counts[*p]++;
		}
	}
	for (uint32_t y = 0; y < x; y++)
		len += counts[y] >= c->pair_min;
	if (len > 0)
		row->at = malloc(len * sizeof(*row->at));
	if (len > 0 && row->at == NULL)
		return false;
	row->len = len;
	for (uint32_t y = 0; y < x; y++) {
		if (counts[y] >= c->pair_min)
			row->at[at++] = (struct gw_cell){y, counts[y], (float)sums[y]};
		sums[y] = 0;
		counts[y] = 0;
	}
	return true;
}

static bool counting_init(struct counting *c, int threads, uint32_t n)
{
	c->sums = calloc((size_t)threads, sizeof(*c->sums));
	c->counts = calloc((size_t)threads, sizeof(*c->counts));
	for (int i = 0; c->sums != NULL && c->counts != NULL && i < threads; i++) {
		c->sums[i] = calloc((size_t)n + 1, sizeof(**c->sums));
		c->counts[i] = calloc((size_t)n + 1, sizeof(**c->counts));
		if (c->sums[i] == NULL || c->counts[i] == NULL)
			return false;
	}
	return c->sums != NULL && c->counts != NULL;
}

static void counting_release(struct counting *c, int threads)
{
	for (int i = 0; c->sums != NULL && c->counts != NULL && i < threads; i++) {
		free(c->sums[i]);
		free(c->counts[i]);
	}
	free(c->sums);
	free(c->counts);
}

static int no_memory(struct gw_err *err)
{
	return gw_err_set(err, GW_E_MEMORY, "out of memory for item weights; raise --min-count");
}

static int count_parts(struct counting *c, struct gw_db *db, const struct gw_spool *spool,
		       const struct gw_order *order, const struct gw_learning *l,
		       struct gw_err *err)
{
	struct gw_cut cut = {0};
	int rc = gw_db_cut(&cut, spool, order, l->memory, err);

	c->db = db;
	for (uint32_t i = 0; rc == GW_OK && i < cut.parts; i++) {
		rc = gw_db_load(db, spool, order, cut.bounds[i], cut.bounds[i + 1], &l->weighing,
				err);
		if (rc == GW_OK &&
		    !for_range(cut.bounds[i], cut.bounds[i + 1], l->threads, count_row, c))
			rc = no_memory(err);
	}
	gw_cut_release(&cut);
	return rc;
}

int gw_gram_make(struct gw_gram *gram, const struct gw_spool *spool, const struct gw_order *order,
		 const struct gw_learning *l, struct gw_err *err)
{
	struct counting c = {.gram = gram, .pair_min = l->pair_min};
	struct gw_db db = {0};
	int rc;

	gram->n = order->n;
	gram->rows = calloc((size_t)order->n + 1, sizeof(*gram->rows));
	gram->diagonal = calloc((size_t)order->n + 1, sizeof(*gram->diagonal));
	if (gram->rows == NULL || gram->diagonal == NULL ||
	    !counting_init(&c, l->threads, order->n))
		rc = no_memory(err);
	else
		rc = gw_db_weigh(gram->diagonal, spool, order, &l->weighing, err);
	if (rc == GW_OK)
		rc = count_parts(&c, &db, spool, order, l, err);
	gw_db_release(&db);
	counting_release(&c, l->threads);
	if (rc < 0)
		gw_gram_release(gram);
	return rc;
}

void gw_gram_release(struct gw_gram *gram)
{
	for (uint32_t i = 0; gram->rows != NULL && i < gram->n; i++)
		free(gram->rows[i].at);
	free(gram->rows);
	free(gram->diagonal);
	memset(gram, 0, sizeof(*gram));
}

const struct gw_cell *gw_gram_find(const struct gw_gram *gram, uint32_t a, uint32_t b)
{
	const struct gw_row *row = &gram->rows[a > b ? a : b];
	uint32_t label = a > b ? b : a, low = 0, high = row->len;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (row->at[middle].label < label)
			low = middle + 1;
		else
			high = middle;
	}
	return low < row->len && row->at[low].label == label ? &row->at[low] : NULL;
}

/* --- neighbours
 * ----------------------------------------------------------------------------------- */

/* Weaker: lower score, or at the same score the rarer label. */
static bool weaker(const struct gw_near *a, const struct gw_near *b)
{
	return a->score != b->score ? a->score < b->score : a->label > b->label;
}

/* A heap with the weakest on top, so that a stronger one takes its place. */
static void offer(struct gw_neighbours *near, uint32_t item, struct gw_near one)
{
	struct gw_near *heap = near->at + (size_t)item * near->most;
	uint32_t i, len = near->len[item];

	if (len < near->most) {
		for (i = near->len[item]++; i > 0 && weaker(&one, &heap[(i - 1) / 2]);
		     i = (i - 1) / 2)
			heap[i] = heap[(i - 1) / 2];
		heap[i] = one;
		return;
	}
	if (!weaker(&heap[0], &one))
		return;
	for (i = 0; 2 * i + 1 < len;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < len && weaker(&heap[child + 1], &heap[child]))
			child++;
		if (!weaker(&heap[child], &one))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = one;
}

static int by_label(const void *a, const void *b)
{
	uint32_t x = ((const struct gw_near *)a)->label, y = ((const struct gw_near *)b)->label;

	return (x > y) - (x < y);
}

int gw_neighbours_make(struct gw_neighbours *near, const struct gw_gram *g,
		       const struct gw_learning *l)
{
	uint32_t most = l->neighbours;
	double *as_from = malloc(((size_t)g->n + 1) * sizeof(*as_from));
	double *as_to = malloc(((size_t)g->n + 1) * sizeof(*as_to));

	near->most = most;
	near->len = calloc((size_t)g->n + 1, sizeof(*near->len));
	near->at = calloc((size_t)g->n * most + 1, sizeof(*near->at));
	if (near->len == NULL || near->at == NULL || as_from == NULL || as_to == NULL) {
		gw_neighbours_release(near);
		free(as_from);
		free(as_to);
		return GW_E_MEMORY;
	}
	for (uint32_t i = 0; i < g->n; i++) {
		as_from[i] = pow(g->diagonal[i] + l->shrink, -l->blend);
		as_to[i] = pow(g->diagonal[i] + l->shrink, l->blend - 1);
	}
	for (uint32_t x = 0; x < g->n; x++)
		for (uint32_t k = 0; k < g->rows[x].len; k++) {
			const struct gw_cell *c = &g->rows[x].at[k];
			uint32_t y = c->label;

			offer(near, x,
			      (struct gw_near){y, c->count, c->sum,
					       c->sum * as_from[y] * as_to[x]});
			offer(near, y,
			      (struct gw_near){x, c->count, c->sum,
					       c->sum * as_from[x] * as_to[y]});
		}
	for (uint32_t i = 0; i < g->n; i++)
		if (near->len[i] > 1)
			qsort(near->at + (size_t)i * most, near->len[i], sizeof(*near->at),
			      by_label);
	free(as_from);
	free(as_to);
	return GW_OK;
}

void gw_neighbours_release(struct gw_neighbours *near)
{
	free(near->len);
	free(near->at);
	memset(near, 0, sizeof(*near));
}
