#include "tools/mine/counted.h"

#include <stdlib.h>
#include <string.h>

#include "tools/net/office.h"

struct counting {
	struct gw_sales *sales;
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
	const char *code = cells[0].text;
	uint32_t item = gw_sales_item(c->sales, code, strlen(code));

	(void)count;
	/* Refused, or met in another spelling. */
	if (item == GW_DICT_NONE || strcmp(gw_dict_text(&c->sales->items, item), code) != 0 ||
	    cells[1].number < 1 || cells[1].number >= UINT32_MAX) {
		c->differs = true;
		return GW_OK;
	}
	c->sales->facts[item].baskets = (uint32_t)cells[1].number;
	return GW_OK;
}

int gw_counted_items(struct gw_sales *sales, struct gw_office *office, bool *differs,
		     struct gw_err *err)
{
	static const struct gw_period none = {0};
	struct counting c = {.sales = sales, .err = err};
	int rc = gw_office_ask(office, GW_QUERY_BASKETS, &none, take_baskets, &c, err);

	if (rc == GW_OK)
		rc = gw_office_ask(office, GW_QUERY_CLOSINGS, &none, take_closings, &c, err);
	if (rc == GW_OK && c.closings == c.closed)
		rc = gw_office_ask(office, GW_QUERY_ITEMS, &none, take_item, &c, err);
	*differs = c.closings != c.closed || c.differs;
	sales->counted = (uint64_t)c.baskets;
	return rc;
}

/* --- pairs ------------------------------------------------------------------------------------ */

struct pair {
	uint32_t x, y, count; /* labels, x > y */
};

struct pairing {
	const struct gw_sales *sales;
	const struct gw_order *order;
	struct pair *at;
	size_t count, room;
	struct gw_err *err;
};

static uint32_t label_of(const struct pairing *p, const char *code)
{
	uint32_t item = gw_dict_find(&p->sales->items, code, strlen(code));

	return item != GW_DICT_NONE ? p->order->label_of[item] : GW_NO_LABEL;
}

static int take_pair(void *ctx, const struct gw_cell *cells, int count)
{
	struct pairing *p = ctx;
	uint32_t a = label_of(p, cells[0].text), b = label_of(p, cells[1].text);

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

int gw_counted_pairs(struct gw_itemsets *sets, const struct gw_sales *sales,
		     const struct gw_order *order, struct gw_office *office, uint32_t min_count,
		     struct gw_err *err)
{
	struct gw_period least = {.from_ms = min_count};
	struct pairing p = {.sales = sales, .order = order, .err = err};
	int rc = gw_office_ask(office, GW_QUERY_PAIRS, &least, take_pair, &p, err);

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
