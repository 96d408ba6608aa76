#include "tools/mine/counted.h"

#include <stdlib.h>
#include <string.h>

#include "tools/net/office.h"

#define KEYS_ASKED 20000 /* more items than that are not told one by one */

struct counting {
	struct gw_sales *sales;
	struct gw_item_keys *keys;
	int64_t baskets, closed, closings;
	bool differs;
	struct gw_err *err;
};

static int take_baskets(void *ctx, const struct gw_cell *cells, int count)
{
	struct counting *c = ctx;

	(void)count;
	c->baskets = cells[0].number;
	c->closed = cells[1].number;
	return GW_OK;
}

static int take_closings(void *ctx, const struct gw_cell *cells, int count)
{
	(void)count;
	((struct counting *)ctx)->closings = cells[0].number;
	return GW_OK;
}

static int take_item(void *ctx, const struct gw_cell *cells, int count)
{
	struct counting *c = ctx;
	struct gw_item_keys *keys = c->keys;
	const char *code = cells[0].text;
	uint32_t item = gw_sales_item(c->sales, code, strlen(code));

	(void)count;
	/* Refused, or met in another spelling. */
	if (item == GW_DICT_NONE || strcmp(gw_dict_text(&c->sales->items, item), code) != 0 ||
	    cells[1].number < 1 || cells[1].number >= UINT32_MAX) {
		c->differs = true;
		return GW_OK;
	}
	if (keys->count == keys->room) {
		size_t room = keys->room > 0 ? keys->room * 2 : 1024;
		struct gw_item_key *at = realloc(keys->at, room * sizeof(*at));

		if (at == NULL)
			return gw_err_set(c->err, GW_E_MEMORY, "out of memory");
		keys->at = at;
		keys->room = room;
	}
	keys->at[keys->count++] = (struct gw_item_key){cells[2].number, item};
	c->sales->facts[item].baskets = (uint32_t)cells[1].number;
	return GW_OK;
}

static int by_key(const void *a, const void *b)
{
	const struct gw_item_key *p = a, *q = b;

	return (p->key > q->key) - (p->key < q->key);
}

static bool are_distinct(struct gw_item_keys *keys)
{
	if (keys->count > 0)
		qsort(keys->at, keys->count, sizeof(*keys->at), by_key);
	for (size_t i = 1; i < keys->count; i++)
		if (keys->at[i].key == keys->at[i - 1].key)
			return false;
	return true;
}

int gw_counted_items(struct gw_item_keys *keys, struct gw_sales *sales, struct gw_office *office,
		     bool *differs, struct gw_err *err)
{
	static const struct gw_period none = {0};
	struct counting c = {.sales = sales, .keys = keys, .err = err};
	int rc = gw_office_ask(office, GW_QUERY_BASKETS, &none, take_baskets, &c, err);

	memset(keys, 0, sizeof(*keys));
	if (rc == GW_OK)
		rc = gw_office_ask(office, GW_QUERY_CLOSINGS, &none, take_closings, &c, err);
	if (rc == GW_OK && c.closings == c.closed)
		rc = gw_office_ask(office, GW_QUERY_ITEMS, &none, take_item, &c, err);
	*differs = c.closings != c.closed || c.differs || !are_distinct(keys);
	sales->counted = (uint64_t)c.baskets;
	return rc;
}

void gw_item_keys_release(struct gw_item_keys *keys)
{
	free(keys->at);
	memset(keys, 0, sizeof(*keys));
}

/* --- pairs ------------------------------------------------------------------------------------ */

struct pair {
	uint32_t x, y, count; /* labels, x > y */
};

struct pairing {
	const struct gw_item_keys *keys;
	const struct gw_order *order;
	struct pair *at;
	size_t count, room;
	struct gw_err *err;
};

static uint32_t label_of(const struct pairing *p, int64_t key)
{
	struct gw_item_key wanted = {.key = key};
	const struct gw_item_key *found =
		bsearch(&wanted, p->keys->at, p->keys->count, sizeof(wanted), by_key);

	return found != NULL ? p->order->label_of[found->item] : GW_NO_LABEL;
}

static int take_pair(void *ctx, const struct gw_cell *cells, int count)
{
	struct pairing *p = ctx;
	uint32_t a = label_of(p, cells[0].number), b = label_of(p, cells[1].number);

	(void)count;
	/* Sales that came while we were asking. */
	if (a == GW_NO_LABEL || b == GW_NO_LABEL)
		return GW_OK;
	if (p->count == p->room) {
		size_t room = p->room > 0 ? p->room * 2 : 4096;
		struct pair *at = realloc(p->at, room * sizeof(*at));

		if (at == NULL)
			return gw_err_set(p->err, GW_E_MEMORY, "out of memory");
		p->at = at;
		p->room = room;
	}
	p->at[p->count++] = (struct pair){a > b ? a : b, a > b ? b : a, (uint32_t)cells[2].number};
	return GW_OK;
}

static int by_labels(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;

	return p->x != q->x ? (p->x < q->x ? -1 : 1) : (p->y > q->y) - (p->y < q->y);
}

/* Sorted pairs to nodes; false: no memory. */
static bool fill(struct gw_itemsets *sets, const struct pairing *p)
{
	for (size_t i = 0, end; i < p->count; i = end) {
		struct gw_node *node = &sets->nodes[p->at[i].x];

		for (end = i; end < p->count && p->at[end].x == p->at[i].x; end++)
			;
		node->pair = malloc((end - i) * sizeof(*node->pair));
		if (node->pair == NULL)
			return false;
		for (size_t k = i; k < end; k++)
			node->pair[node->pairs++] = (struct gw_ext){p->at[k].y, p->at[k].count};
	}
	return true;
}

/* Keys of the order's items, so that no others are counted; none: too many of them, or all. */
static int64_t *keys_of(const struct pairing *p, size_t *count)
{
	int64_t *keys =
		p->order->n <= KEYS_ASKED ? malloc((p->order->n + 1) * sizeof(*keys)) : NULL;

	*count = 0;
	for (size_t i = 0; keys != NULL && i < p->keys->count; i++)
		if (p->order->label_of[p->keys->at[i].item] != GW_NO_LABEL)
			keys[(*count)++] = p->keys->at[i].key;
	if (*count == p->keys->count)
		*count = 0;
	return keys;
}

int gw_counted_pairs(struct gw_itemsets *sets, const struct gw_item_keys *keys,
		     const struct gw_order *order, struct gw_office *office, uint32_t min_count,
		     struct gw_err *err)
{
	struct pairing p = {.keys = keys, .order = order, .err = err};
	struct gw_query_values values = {.numbers = {min_count}};
	int64_t *asked = keys_of(&p, &values.key_count);
	int rc;

	values.keys = asked;
	rc = gw_office_ask_values(office, GW_QUERY_PAIRS, &values, take_pair, &p, err);
	free(asked);
	memset(sets, 0, sizeof(*sets));
	sets->order = order;
	sets->nodes = calloc((size_t)order->n + 1, sizeof(*sets->nodes));
	if (p.count > 0)
		qsort(p.at, p.count, sizeof(*p.at), by_labels);
	if (rc == GW_OK && (sets->nodes == NULL || !fill(sets, &p)))
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
	if (rc < 0)
		gw_itemsets_release(sets);
	free(p.at);
	return rc;
}
