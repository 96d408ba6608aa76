#include "tools/mine/order.h"

#include <stdlib.h>
#include <string.h>

struct by_count {
	const struct gw_sales *sales;
	const uint32_t *counts;
};

static uint32_t count_of(const struct by_count *by, uint32_t item)
{
	return by->counts != NULL ? by->counts[item] : by->sales->facts[item].baskets;
}

static int commoner_first(const void *a, const void *b, void *ctx)
{
	const struct by_count *by = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t nx = count_of(by, x), ny = count_of(by, y);

	if (nx != ny)
		return nx > ny ? -1 : 1;
	return strcmp(gw_dict_text(&by->sales->items, x), gw_dict_text(&by->sales->items, y));
}

int gw_order_make(struct gw_order *o, const struct gw_sales *s, const uint32_t *counts,
		  uint32_t min_count, uint32_t n_max, struct gw_err *err)
{
	uint32_t items = s->items.count;
	struct by_count by = {s, counts};

	memset(o, 0, sizeof(*o));
	for (uint32_t i = 0; i < items; i++)
		o->n += count_of(&by, i) >= min_count;
	o->item_of = malloc((o->n + 1) * sizeof(uint32_t));
	o->count = malloc((o->n + 1) * sizeof(uint32_t));
	o->label_of = malloc((items + 1) * sizeof(uint32_t));
	if (o->item_of == NULL || o->count == NULL || o->label_of == NULL) {
		gw_order_release(o);
		return gw_err_set(err, GW_E_MEMORY, "out of memory for %u items", items);
	}
	o->n = 0;
	for (uint32_t i = 0; i < items; i++)
		if (count_of(&by, i) >= min_count)
			o->item_of[o->n++] = i;
	qsort_r(o->item_of, o->n, sizeof(uint32_t), commoner_first, &by);
	if (n_max > 0 && o->n > n_max)
		o->n = n_max;
	memset(o->label_of, 0xFF, items * sizeof(uint32_t));
	for (uint32_t l = 0; l < o->n; l++) {
		o->label_of[o->item_of[l]] = l;
		o->count[l] = count_of(&by, o->item_of[l]);
	}
	return GW_OK;
}

void gw_order_release(struct gw_order *o)
{
	free(o->item_of);
	free(o->label_of);
	free(o->count);
	memset(o, 0, sizeof(*o));
}
