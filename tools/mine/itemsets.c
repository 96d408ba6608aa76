/*
 * How the counting works, and what it costs
 *
 * Every item gets a label by its frequency, the commonest 0.  For an item x, each basket that
 * holds x is walked from its commonest item up to x, and a counter of every item met is raised
 * ("occurrence deliver", Uno et al., LCM, 2004).  So a pair is counted at its rarer item: lists of
 * rare items are short, and walks of common items, whose lists are long, end early because few
 * labels lie below them.  The counters of one x are an array of 4 n bytes that stays in the first
 * level cache; there is no table of all pairs, no hash and no tree.
 *
 *	basket  0 2 5 9        x = 5: raise counter[0], counter[2]
 *	basket  1 5            x = 5: raise counter[1]
 *
 * Cost: sum over baskets of |b|^2 / 2 raised counters, plus at most n^2 / 2 counters read off,
 * sixteen at a time; for an item that raises few, its baskets are walked again instead.  Memory: 8
 * bytes an occurrence for the baskets, 4 n for the counters of a thread, 8 bytes a set found.
 *
 * Larger sets: for x the baskets are projected on its frequent partners and counted again in the
 * same way, now for pairs (y, z) below x; that is Apriori's pruning (Agrawal and Srikant, 1994)
 * for nothing, since an item that is not frequent with x is not in the projection.  Projections
 * are small and die with x.
 *
 * More baskets than memory: labels are cut into parts [from, to).  The sets of a part need only
 * baskets that hold one of its labels, reduced to labels below `to`; so each part is loaded from
 * the spool, mined and dropped.  A plan made in one pass over the spool says how large each part
 * would be, and parts too large are halved.
 *
 * For so many baskets, pairs alone are counted in one pass instead, in a triangle of counters, if
 * that fits into the memory: walks from x to its baskets no longer stay in any cache.
 *
 * Threads take runs of x from a common counter and write only nodes[x], so the result is the same
 * for any number of threads; nothing is locked.
 *
 * Why not others: FP-growth's tree and Eclat's sets of ids cost several times the memory on sparse
 * sales and more time; a triangular table of all pairs is as fast for few items but holds n^2 / 2
 * counters, most of them 0, and each raise misses the cache.
 */
#include "tools/mine/itemsets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/db.h"
#include "tools/mine/triangle.h"

#define RUN_LEN 16u /* labels a thread takes at a time */

struct work {
	const struct gw_db *db;
	struct gw_itemsets *sets;
	const struct gw_mine_limits *limits;
	uint32_t to;
	int level;       /* 2: pairs, 3: triples, 4: quads */
	int first_level; /* 3: the pairs are there already */
	atomic_uint next;
	atomic_bool failed;
};

struct ext_list {
	struct gw_ext *at;
	uint32_t len, room;
};

/* What a thread works with; released when it ends. */
struct worker {
	struct work *work;
	uint32_t *counts, *local, *kept;
	uint32_t *inner_counts, *inner_local;
	struct gw_db near, far; /* projected on x, on x and y */
	struct ext_list list;
	pthread_t thread;
	bool started;
};

static bool push(struct ext_list *list, uint32_t label, uint32_t count)
{
	if (list->len == list->room) {
		uint32_t room = list->room > 0 ? list->room * 2 : 256;
		struct gw_ext *at = realloc(list->at, room * sizeof(*at));

		if (at == NULL)
			return false;
		list->at = at;
		list->room = room;
	}
	list->at[list->len++] = (struct gw_ext){label, count};
	return true;
}

/* A copy of exact size; NULL for an empty list or no memory (ask list->len). */
static struct gw_ext *exact(const struct ext_list *list)
{
	struct gw_ext *copy = NULL;

	if (list->len > 0)
		copy = malloc(list->len * sizeof(*copy));
	if (copy != NULL)
		memcpy(copy, list->at, list->len * sizeof(*copy));
	return copy;
}

/* True if one of 16 counters may reach least: no counter is above the OR of all. */
static bool may_reach(const uint32_t *counts, uint32_t least)
{
	uint64_t pairs[8], all = 0;

	memcpy(pairs, counts, sizeof(pairs));
	for (int i = 0; i < 8; i++)
		all |= pairs[i];
	return ((uint32_t)all | (uint32_t)(all >> 32)) >= least;
}

/* Reads counters off in order and zeroes them; most are 0, so sixteen are looked at at once. */
static bool read_off(struct worker *w, uint32_t *counts, uint32_t n, const uint32_t *names)
{
	uint32_t least = w->work->limits->min_count;

	for (uint32_t i = 0; i < n;) {
		uint32_t end = n - i < 16 ? n : i + 16;

		if (end - i < 16 || may_reach(counts + i, least))
			for (uint32_t k = i; k < end; k++)
				if (counts[k] >= least &&
				    !push(&w->list, names != NULL ? names[k] : k, counts[k]))
					return false;
		memset(counts + i, 0, (end - i) * sizeof(*counts));
		i = end;
	}
	return true;
}

static int by_label(const void *a, const void *b)
{
	uint32_t x = ((const struct gw_ext *)a)->label, y = ((const struct gw_ext *)b)->label;

	return (x > y) - (x < y);
}

/* The same by walking the baskets again: for an item whose few baskets touch few counters. */
static bool walk_off(struct worker *w, const struct gw_db *db, uint32_t item, uint32_t *counts,
		     const uint32_t *names)
{
	uint32_t least = w->work->limits->min_count, begun = w->list.len;

	for (uint32_t h = db->first[item]; h < db->first[item + 1]; h++)
		for (const uint32_t *p = db->items + db->start[db->holders[h]]; *p != item; p++) {
			uint32_t count = counts[*p];

			counts[*p] = 0;
			if (count >= least &&
			    !push(&w->list, names != NULL ? names[*p] : *p, count))
				return false;
		}
	if (w->list.len > begun + 1)
		qsort(w->list.at + begun, w->list.len - begun, sizeof(*w->list.at), by_label);
	return true;
}

/* Counts what goes with item in db and pushes the frequent ones i as names[i] (or i), rising. */
static bool count_item(struct worker *w, const struct gw_db *db, uint32_t item, uint32_t *counts,
		       const uint32_t *names)
{
	uint64_t raised;

	if (db->first[item + 1] - db->first[item] < w->work->limits->min_count)
		return true;
	raised = gw_db_count(db, item, counts);
	return raised < item / 8 ? walk_off(w, db, item, counts, names)
				 : read_off(w, counts, item, names);
}

static bool mine_pairs(struct worker *w, uint32_t x)
{
	struct gw_node *node = &w->work->sets->nodes[x];

	w->list.len = 0;
	if (!count_item(w, w->work->db, x, w->counts, NULL))
		return false;
	node->pair = exact(&w->list);
	node->pairs = w->list.len;
	return node->pair != NULL || node->pairs == 0;
}

static void names_of(const struct gw_ext *ext, uint32_t n, uint32_t *names)
{
	for (uint32_t i = 0; i < n; i++)
		names[i] = ext[i].label;
}

static bool mine_triples(struct worker *w, uint32_t x)
{
	struct gw_node *node = &w->work->sets->nodes[x];

	node->triple_start = calloc((size_t)node->pairs + 1, sizeof(*node->triple_start));
	if (node->triple_start == NULL)
		return false;
	if (node->pairs < 2)
		return true;
	names_of(node->pair, node->pairs, w->kept);
	if (gw_db_project(&w->near, w->work->db, x, w->kept, node->pairs, w->local) < 0)
		return false;
	w->list.len = 0;
	for (uint32_t y = 0; y < node->pairs; y++) {
		if (!count_item(w, &w->near, y, w->counts, w->kept))
			return false;
		node->triple_start[y + 1] = w->list.len;
	}
	node->triple = exact(&w->list);
	return node->triple != NULL || w->list.len == 0;
}

/* The sets (x, y, z, w) for pair number y of x, from the projection on x. */
static bool mine_quads_of(struct worker *w, struct gw_node *node, uint32_t y)
{
	uint32_t first = node->triple_start[y], n = node->triple_start[y + 1] - first;
	uint32_t at = 0;

	/* Triples hold labels, the projection local numbers: both rise, so one walk maps them. */
	for (uint32_t i = 0; i < n; i++) {
		while (node->pair[at].label != node->triple[first + i].label)
			at++;
		w->kept[i] = at;
	}
	if (n >= 2 && gw_db_project(&w->far, &w->near, y, w->kept, n, w->inner_local) < 0)
		return false;
	names_of(node->triple + first, n, w->kept);
	for (uint32_t z = 0; z < n; z++) {
		if (n >= 2 && !count_item(w, &w->far, z, w->inner_counts, w->kept))
			return false;
		node->quad_start[first + z + 1] = w->list.len;
	}
	return true;
}

static bool mine_quads(struct worker *w, uint32_t x)
{
	struct gw_node *node = &w->work->sets->nodes[x];
	uint32_t triples = node->triple_start[node->pairs];

	node->quad_start = calloc((size_t)triples + 1, sizeof(*node->quad_start));
	if (node->quad_start == NULL)
		return false;
	if (triples < 3)
		return true;
	names_of(node->pair, node->pairs, w->kept);
	if (gw_db_project(&w->near, w->work->db, x, w->kept, node->pairs, w->local) < 0)
		return false;
	w->list.len = 0;
	for (uint32_t y = 0; y < node->pairs; y++)
		if (!mine_quads_of(w, node, y))
			return false;
	node->quad = exact(&w->list);
	return node->quad != NULL || w->list.len == 0;
}

static void *run_worker(void *ctx)
{
	static bool (*const mine[])(struct worker *, uint32_t) = {mine_pairs, mine_triples,
								  mine_quads};
	struct worker *w = ctx;
	struct work *work = w->work;

	while (!atomic_load(&work->failed)) {
		uint32_t x = atomic_fetch_add(&work->next, RUN_LEN);

		if (x >= work->to)
			break;
		for (uint32_t end = x + RUN_LEN; x < end && x < work->to; x++)
			if (!mine[work->level - 2](w, x)) {
				atomic_store(&work->failed, true);
				break;
			}
	}
	return NULL;
}

static bool worker_init(struct worker *w, struct work *work, uint32_t n)
{
	memset(w, 0, sizeof(*w));
	w->work = work;
	w->counts = calloc((size_t)n + 1, sizeof(uint32_t));
	if (work->limits->size_max == 2)
		return w->counts != NULL;
	w->local = calloc((size_t)n + 1, sizeof(uint32_t));
	w->kept = calloc((size_t)n + 1, sizeof(uint32_t));
	w->inner_counts = calloc((size_t)n + 1, sizeof(uint32_t));
	w->inner_local = calloc((size_t)n + 1, sizeof(uint32_t));
	return w->counts != NULL && w->local != NULL && w->kept != NULL &&
	       w->inner_counts != NULL && w->inner_local != NULL;
}

static void worker_release(struct worker *w)
{
	free(w->counts);
	free(w->local);
	free(w->kept);
	free(w->inner_counts);
	free(w->inner_local);
	free(w->list.at);
	gw_db_release(&w->near);
	gw_db_release(&w->far);
}

/* One level of [from, work->to) by all threads; the caller's thread is the first of them. */
static bool run_level(struct work *work, struct worker *workers, uint32_t from, int level)
{
	int threads = work->limits->threads;

	work->level = level;
	atomic_store(&work->next, from);
	for (int i = 1; i < threads; i++)
		workers[i].started =
			pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) == 0;
	run_worker(&workers[0]);
	for (int i = 1; i < threads; i++)
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
	return !atomic_load(&work->failed);
}

static int mine_part(struct work *work, struct worker *workers, uint32_t from, struct gw_err *err)
{
	for (int level = work->first_level; level <= work->limits->size_max; level++)
		if (!run_level(work, workers, from, level))
			return gw_err_set(err, GW_E_MEMORY,
					  "out of memory for the sets found; raise --min-count");
	return GW_OK;
}

static int mine_parts(struct work *work, struct gw_db *db, const struct gw_spool *spool,
		      const struct gw_cut *cut, struct worker *workers, struct gw_err *err)
{
	const struct gw_order *order = work->sets->order;
	int rc = GW_OK;

	work->db = db;
	for (uint32_t i = 0; rc == GW_OK && i < cut->parts; i++) {
		rc = gw_db_load(db, spool, order, cut->bounds[i], cut->bounds[i + 1], NULL, err);
		work->to = cut->bounds[i + 1];
		if (rc == GW_OK)
			rc = mine_part(work, workers, cut->bounds[i], err);
	}
	return rc;
}

int gw_itemsets_mine(struct gw_itemsets *sets, const struct gw_spool *spool,
		     const struct gw_order *order, const struct gw_mine_limits *limits,
		     struct gw_err *err)
{
	struct work work = {.sets = sets, .limits = limits};
	struct worker *workers = calloc((size_t)limits->threads, sizeof(*workers));
	struct gw_cut cut = {0};
	struct gw_db db = {0};
	bool ready = workers != NULL;
	int rc;

	if (limits->threads < 1 || limits->size_max < 2 || limits->size_max > GW_SET_MAX) {
		free(workers);
		return gw_err_set(err, GW_E_BUG, "sets of 2 to 4 items, by one thread or more");
	}
	sets->order = order;
	sets->nodes = calloc((size_t)order->n + 1, sizeof(*sets->nodes));
	for (int i = 0; ready && i < limits->threads; i++)
		ready = worker_init(&workers[i], &work, order->n);
	rc = ready && sets->nodes != NULL ? gw_db_cut(&cut, spool, order, limits->memory, err)
					  : gw_err_set(err, GW_E_MEMORY, "out of memory");
	work.first_level = 2;
	if (rc == GW_OK && cut.parts > 1 && gw_triangle_fits(order->n, limits->memory)) {
		rc = gw_triangle_mine(sets, spool, limits, err);
		work.first_level = 3;
	}
	if (rc == GW_OK && limits->size_max >= work.first_level)
		rc = mine_parts(&work, &db, spool, &cut, workers, err);
	for (int i = 0; workers != NULL && i < limits->threads; i++)
		worker_release(&workers[i]);
	free(workers);
	gw_db_release(&db);
	gw_cut_release(&cut);
	if (rc < 0)
		gw_itemsets_release(sets);
	return rc;
}

void gw_itemsets_release(struct gw_itemsets *sets)
{
	for (uint32_t x = 0; sets->nodes != NULL && x < sets->order->n; x++) {
		free(sets->nodes[x].pair);
		free(sets->nodes[x].triple_start);
		free(sets->nodes[x].triple);
		free(sets->nodes[x].quad_start);
		free(sets->nodes[x].quad);
	}
	free(sets->nodes);
	memset(sets, 0, sizeof(*sets));
}

static const struct gw_ext *find(const struct gw_ext *ext, uint32_t n, uint32_t label)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (ext[middle].label < label)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && ext[low].label == label ? &ext[low] : NULL;
}

uint32_t gw_itemsets_count(const struct gw_itemsets *sets, const uint32_t *labels, int size)
{
	const struct gw_node *node = &sets->nodes[labels[0]];
	const struct gw_ext *e;
	const uint32_t *start;
	uint32_t i;

	if (size == 1)
		return sets->order->count[labels[0]];
	e = find(node->pair, node->pairs, labels[1]);
	if (e == NULL || size == 2)
		return e != NULL ? e->count : 0;
	if (node->triple_start == NULL)
		return 0;
	start = &node->triple_start[e - node->pair];
	e = find(node->triple + start[0], start[1] - start[0], labels[2]);
	if (e == NULL || size == 3)
		return e != NULL ? e->count : 0;
	if (node->quad_start == NULL)
		return 0;
	i = (uint32_t)(e - node->triple);
	e = find(node->quad + node->quad_start[i], node->quad_start[i + 1] - node->quad_start[i],
		 labels[3]);
	return e != NULL ? e->count : 0;
}
