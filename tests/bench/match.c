/*
 * Matching and choosing per scan, against looking at every rule.
 *
 * Tables of 100,000 and 1,000,000 random rules over 20,000 items: one, two or three conditions for
 * 35, 43 and 22 % of them, items drawn by Zipf's law with exponent 1.  2,000 baskets of about ten
 * items by the same law are scanned item by item.  `match` keeps the satisfied patterns, `+ fit`
 * adds up the evidence, `+ choose` picks what to offer after every scan with no cap on offers.  All
 * baskets are scanned five times over, and the middle one of a scan's five times counts: what a
 * busy neighbour costs is not the code's.  The peer looks at every rule of the table, on a sample
 * of the scans of the same run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/table_build.h"
#include "offer/choose.h"
#include "tests/unit/random.h"

#define ITEMS   20000
#define BASKETS 2000
#define PEERS   400 /* scans the peer is timed on */
#define PASSES  5

static double zipf_sum[ITEMS];

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint32_t zipf(uint64_t *rng)
{
	double u = (double)(random_next(rng) >> 11) * 0x1p-53 * zipf_sum[ITEMS - 1];
	uint32_t low = 0, high = ITEMS - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (zipf_sum[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void random_rule(uint64_t *rng, struct gw_rule *rule)
{
	uint32_t size = random_below(rng, 100);

	rule->condition_count = size < 35 ? 1 : size < 78 ? 2 : 3;
	for (int c = 0; c < rule->condition_count; c++) {
		uint32_t item;
		bool again;

		do {
			item = zipf(rng);
			again = false;
			for (int d = 0; d < c; d++)
				again = again || rule->conditions[d].index == item;
		} while (again);
		rule->conditions[c].index = item;
	}
	do {
		rule->suggest = zipf(rng);
		for (int c = 0; c < rule->condition_count; c++)
			if (rule->conditions[c].index == rule->suggest)
				rule->suggest = GW_NONE;
	} while (rule->suggest == GW_NONE);
	rule->weight = (random_below(rng, 1000) + 1) / 1000.0;
}

static struct gw_table *random_table(uint64_t *rng, uint32_t rules)
{
	struct gw_table_build *b;
	struct gw_err err;
	char id[16];

	if (gw_table_build_new(&b, &err) < 0)
		exit(1);
	gw_table_build_head(b, &(struct gw_table_head){.version = "1"}, &err);
	for (uint32_t i = 0; i < ITEMS; i++) {
		struct gw_item item = {.code = id, .name = id, .tags = "", .stock = -1};

		snprintf(id, sizeof(id), "i%u", i);
		item.category = GW_NONE;
		item.price_minor = 100 + random_below(rng, 2000);
		item.cost_minor = item.price_minor * (20 + random_below(rng, 60)) / 100;
		if (gw_table_build_item(b, &item, &err) < 0)
			exit(1);
	}
	for (uint32_t r = 0; r < rules; r++) {
		struct gw_rule rule = gw_rule_blank();

		snprintf(id, sizeof(id), "r%u", r);
		rule.id = rule.pos_code = id;
		random_rule(rng, &rule);
		if (gw_table_build_rule(b, &rule, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			exit(1);
		}
	}
	return gw_table_build_done(b);
}

struct basket {
	uint32_t items[20];
	uint32_t count;
};

static struct basket baskets[BASKETS];

static size_t random_baskets(uint64_t *rng)
{
	size_t scans = 0;

	for (int b = 0; b < BASKETS; b++) {
		baskets[b].count = 5 + random_below(rng, 11);
		for (uint32_t i = 0; i < baskets[b].count; i++)
			baskets[b].items[i] = zipf(rng);
		scans += baskets[b].count;
	}
	return scans;
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double micros(int64_t ns)
{
	return (double)ns / 1000;
}

static void print_times(const char *what, int64_t *ns, size_t n, double peer)
{
	double median, p99;

	qsort(ns, n, sizeof(*ns), by_time);
	median = micros(ns[n / 2]);
	p99 = micros(ns[n * 99 / 100]);
	printf("  %-12s median %8.2f us   p99 %8.2f us   max %8.2f us", what, median, p99,
	       micros(ns[n - 1]));
	if (peer > 0)
		printf("   1/%.0f of the peer", peer / median);
	putchar('\n');
}

static struct gw_decision any_time(void)
{
	return (struct gw_decision){.segment = "", .minute = 600, .min_weight = 0.0};
}

static double time_peer(const struct gw_table *t, int64_t *ns)
{
	size_t n = 0;
	volatile int64_t checksum = 0;

	for (int b = 0; b < BASKETS && n < PEERS; b++) {
		static uint8_t in[ITEMS];

		memset(in, 0, sizeof(in));
		for (uint32_t i = 0; i < baskets[b].count && n < PEERS; i++) {
			int64_t start = now_ns(), found = 0;

			in[baskets[b].items[i]] = 1;
			for (uint32_t r = 0; r < t->rule_count; r++) {
				const struct gw_rule *rule = &t->rules[r];
				int c = 0;

				while (c < rule->condition_count && in[rule->conditions[c].index])
					c++;
				found += c == rule->condition_count;
			}
			checksum = found;
			ns[n++] = now_ns() - start;
		}
	}
	(void)checksum;
	print_times("every rule", ns, n, 0);
	return micros(ns[n / 2]);
}

/* One pass over all baskets; ns[pass] of each scan's PASSES. */
static size_t time_pass(struct gw_fit *fit, struct gw_shortlist_room *room, int level,
			int64_t (*ns)[PASSES], int pass)
{
	struct gw_candidate list[GW_SHORTLIST_MAX];
	size_t n = 0;

	for (int b = 0; b < BASKETS; b++) {
		gw_fit_clear(fit);
		for (uint32_t i = 0; i < baskets[b].count; i++) {
			struct gw_decision d = any_time();
			int64_t start = now_ns();

			if (level == 0)
				gw_match_add(fit->match, baskets[b].items[i], 1);
			else
				gw_fit_add(fit, baskets[b].items[i], 1);
			if (level == 2)
				gw_shortlist(fit, &d, room, list);
			ns[n++][pass] = now_ns() - start;
		}
	}
	return n;
}

/* level: 0 match, 1 + fit, 2 + choose */
static void time_level(const struct gw_offer_index *x, int level, int64_t *ns, size_t scans,
		       double peer)
{
	static const char *const names[] = {"match", "+ fit", "+ choose"};
	int64_t(*all)[PASSES] = calloc(scans, sizeof(*all));
	struct gw_shortlist_room room;
	struct gw_fit *fit;
	size_t n = 0;

	if (all == NULL || gw_fit_new(&fit, x) < 0 || gw_shortlist_room_init(&room, x) < 0)
		exit(1);
	for (int pass = 0; pass < PASSES; pass++)
		n = time_pass(fit, &room, level, all, pass);
	for (size_t i = 0; i < n; i++) {
		qsort(all[i], PASSES, sizeof(all[i][0]), by_time);
		ns[i] = all[i][PASSES / 2];
	}
	print_times(names[level], ns, n, peer);
	free(all);
	gw_fit_free(fit);
	gw_shortlist_room_release(&room);
}

int main(void)
{
	static const uint32_t sizes[] = {100000, 1000000};
	uint64_t rng = 7;
	size_t scans = 0;
	int64_t *ns;

	for (uint32_t i = 0; i < ITEMS; i++)
		zipf_sum[i] = (i > 0 ? zipf_sum[i - 1] : 0) + 1.0 / (i + 1);
	scans = random_baskets(&rng);
	ns = malloc((scans + PEERS) * sizeof(*ns));
	for (size_t s = 0; s < 2; s++) {
		struct gw_table *t = random_table(&rng, sizes[s]);
		struct gw_offer_index *x;
		int64_t start = now_ns();
		double peer;

		if (gw_offer_index_new(&x, t, NULL) < 0)
			return 1;
		printf("%u rules, %zu scans: index in %.1f ms, %u patterns, %u pairings\n",
		       sizes[s], scans, (double)(now_ns() - start) / 1e6, x->pattern_count,
		       x->pairing_count);
		peer = time_peer(t, ns);
		for (int level = 0; level < 3; level++)
			time_level(x, level, ns, scans, peer);
		gw_offer_index_free(x);
		gw_table_free(t);
	}
	free(ns);
	return 0;
}
