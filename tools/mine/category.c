#include "tools/mine/category.h"

#include <stdlib.h>
#include <string.h>

struct counter {
	struct gw_category_counts *counts;
	const struct gw_sales *sales;
	uint64_t *last; /* last[categories]: number of the basket it was seen in */
	uint32_t *held; /* held[categories]: those of the basket */
};

static void count_basket(struct counter *c, const struct gw_basket *b, uint64_t number)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		uint32_t category = c->sales->facts[b->items[i]].category;

		if (category == GW_DICT_NONE || c->last[category] == number)
			continue;
		c->last[category] = number;
		c->held[n++] = category;
		c->counts->n_x[category]++;
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t *row = c->counts->n_xy + (size_t)c->held[k] * c->counts->items;

		for (uint32_t i = 0; i < b->count; i++)
			if (c->sales->facts[b->items[i]].category != c->held[k])
				row[b->items[i]]++;
	}
}

static int count_all(struct counter *c, struct gw_err *err)
{
	struct gw_spool_reader reader = {0};
	struct gw_basket b;
	uint64_t number = 0;
	int rc = GW_OK;

	for (uint32_t k = 0; rc == GW_OK && k < gw_spool_blocks(c->sales->spool); k++) {
		rc = gw_spool_open(c->sales->spool, k, &reader, err);
		while (rc == GW_OK && gw_spool_next(&reader, &b))
			count_basket(c, &b, ++number);
	}
	gw_spool_reader_release(&reader);
	return rc;
}

int gw_categories_count(struct gw_category_counts *counts, const struct gw_sales *s,
			struct gw_err *err)
{
	struct counter c = {.counts = counts, .sales = s};
	size_t n = s->categories.count;
	int rc = GW_E_MEMORY;

	counts->categories = s->categories.count;
	counts->items = s->items.count;
	counts->n_x = calloc(n + 1, sizeof(*counts->n_x));
	counts->n_xy = calloc(n * counts->items + 1, sizeof(*counts->n_xy));
	c.last = calloc(n + 1, sizeof(*c.last));
	c.held = malloc((n + 1) * sizeof(*c.held));
	if (counts->n_x != NULL && counts->n_xy != NULL && c.last != NULL && c.held != NULL)
		rc = count_all(&c, err);
	else
		gw_err_set(err, rc, "out of memory for %zu categories", n);
	free(c.last);
	free(c.held);
	if (rc < 0)
		gw_categories_release(counts);
	return rc;
}

void gw_categories_release(struct gw_category_counts *counts)
{
	free(counts->n_x);
	free(counts->n_xy);
	memset(counts, 0, sizeof(*counts));
}
