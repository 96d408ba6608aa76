#include "tools/mine/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/when.h"

struct place {
	int64_t when_ms;
	uint64_t start;
	uint32_t count, number;
	size_t key; /* in a pool of keys */
};

struct building {
	struct place *places;
	uint32_t *items;
	char *keys;
	size_t keys_len, keys_room;
	uint64_t items_len;
};

static int by_time(const void *a, const void *b, void *ctx)
{
	const struct place *x = a, *y = b;
	const char *keys = ctx;
	int order;

	if (x->when_ms != y->when_ms)
		return x->when_ms > y->when_ms ? 1 : -1;
	order = keys != NULL ? strcmp(keys + x->key, keys + y->key) : 0;
	return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int keep_key(struct building *k, const struct gw_basket *b, size_t *at)
{
	if (k->keys == NULL || k->keys_room - k->keys_len < b->key_len + 1) {
		size_t room = k->keys_room * 2 + b->key_len + 4096;
		char *keys = realloc(k->keys, room);

		if (keys == NULL)
			return GW_E_MEMORY;
		k->keys = keys;
		k->keys_room = room;
	}
	*at = k->keys_len;
	if (b->key_len > 0)
		memcpy(k->keys + k->keys_len, b->key, b->key_len);
	k->keys[k->keys_len + b->key_len] = '\0';
	k->keys_len += b->key_len + 1;
	return GW_OK;
}

static int take_all(struct building *k, const struct gw_spool *spool, struct gw_err *err)
{
	struct gw_spool_reader reader = {0};
	struct gw_basket b;
	uint32_t n = 0;
	int rc = GW_OK;

	for (uint32_t i = 0; rc == GW_OK && i < gw_spool_blocks(spool); i++) {
		rc = gw_spool_open(spool, i, &reader, err);
		while (rc == GW_OK && gw_spool_next(&reader, &b)) {
			k->places[n] = (struct place){b.when_ms, k->items_len, b.count, n, 0};
			rc = keep_key(k, &b, &k->places[n].key);
			memcpy(k->items + k->items_len, b.items, b.count * sizeof(*k->items));
			k->items_len += b.count;
			n++;
		}
	}
	gw_spool_reader_release(&reader);
	return rc;
}

static void put_in_order(struct gw_corpus *c, const struct building *k)
{
	uint64_t at = 0;

	for (uint32_t b = 0; b < c->baskets; b++) {
		const struct place *p = &k->places[b];

		c->start[b] = at;
		c->when_ms[b] = p->when_ms;
		memcpy(c->items + at, k->items + p->start, p->count * sizeof(*c->items));
		at += p->count;
	}
	c->start[c->baskets] = at;
	/* The latest is last: if that one has no time, none has. */
	c->untimed = c->baskets > 0 && c->when_ms[c->baskets - 1] == GW_NO_TIME;
	for (uint32_t b = 0; c->untimed && b < c->baskets; b++)
		c->when_ms[b] = b * GW_DAY_MS;
}

int gw_corpus_make(struct gw_corpus *c, const struct gw_sales *sales, struct gw_err *err)
{
	uint64_t baskets = gw_spool_count(sales->spool);
	uint64_t occurrences = gw_spool_occurrences(sales->spool);
	struct building k = {0};
	int rc = GW_E_MEMORY;

	memset(c, 0, sizeof(*c));
	c->baskets = (uint32_t)baskets;
	c->start = malloc((baskets + 1) * sizeof(*c->start));
	c->items = malloc((occurrences + 1) * sizeof(*c->items));
	c->when_ms = malloc((baskets + 1) * sizeof(*c->when_ms));
	k.places = malloc((baskets + 1) * sizeof(*k.places));
	k.items = malloc((occurrences + 1) * sizeof(*k.items));
	if (baskets < UINT32_MAX && c->start != NULL && c->items != NULL && c->when_ms != NULL &&
	    k.places != NULL && k.items != NULL)
		rc = take_all(&k, sales->spool, err);
	if (rc == GW_OK) {
		qsort_r(k.places, c->baskets, sizeof(*k.places), by_time, k.keys);
		put_in_order(c, &k);
	}
	free(k.places);
	free(k.items);
	free(k.keys);
	if (rc < 0)
		gw_corpus_release(c);
	return rc != GW_E_MEMORY
		       ? rc
		       : gw_err_set(err, rc, "out of memory: measuring holds all baskets at once");
}

void gw_corpus_release(struct gw_corpus *c)
{
	free(c->start);
	free(c->items);
	free(c->when_ms);
	memset(c, 0, sizeof(*c));
}

static int fill(struct gw_sample *s, const struct gw_corpus *c, uint32_t from, uint32_t to,
		uint32_t *counts, struct gw_err *err)
{
	int rc = GW_OK;

	s->last_ms = GW_NO_TIME;
	for (uint32_t b = from; rc == GW_OK && b < to; b++) {
		struct gw_basket basket = {c->when_ms[b],
					   GW_NO_TILL,
					   "",
					   0,
					   c->items + c->start[b],
					   (uint32_t)(c->start[b + 1] - c->start[b])};

		for (uint32_t i = 0; i < basket.count; i++)
			counts[basket.items[i]]++;
		if (basket.when_ms > s->last_ms)
			s->last_ms = basket.when_ms;
		rc = gw_spool_add(s->spool, &basket, err);
	}
	return rc;
}

int gw_sample_make(struct gw_sample *s, const struct gw_corpus *c, uint32_t from, uint32_t to,
		   const struct gw_sales *sales, uint32_t min_count, struct gw_err *err)
{
	uint32_t *counts = calloc((size_t)sales->items.count + 1, sizeof(*counts));
	int rc = GW_E_MEMORY;

	memset(s, 0, sizeof(*s));
	if (counts != NULL)
		rc = gw_spool_new(&s->spool, SIZE_MAX);
	rc = rc == GW_OK ? fill(s, c, from, to, counts, err) : gw_err_set(err, rc, "out of memory");
	if (rc == GW_OK)
		rc = gw_order_make(&s->order, sales, counts, min_count, 0, err);
	free(counts);
	if (rc < 0)
		gw_sample_release(s);
	return rc;
}

void gw_sample_release(struct gw_sample *s)
{
	gw_spool_free(s->spool);
	gw_order_release(&s->order);
	memset(s, 0, sizeof(*s));
}
