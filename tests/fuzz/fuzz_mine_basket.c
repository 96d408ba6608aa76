/* Fuzz target: baskets as lines, handed over in pieces of a size the input chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
	const uint8_t *at;
	size_t left, piece;
};

static int64_t read_piece(void *ctx, char *room, size_t size)
{
	struct pieces *p = ctx;
	size_t n = p->left < p->piece ? p->left : p->piece;

	n = n < size ? n : size;
	memcpy(room, p->at, n);
	p->at += n;
	p->left -= n;
	return (int64_t)n;
}

/* What was counted while reading must be what comes back out of the spool. */
static void check(const struct gw_sales *s)
{
	struct gw_spool_reader r = {0};
	struct gw_basket b;
	uint64_t baskets = 0, items = 0, facts = 0;

	for (uint32_t k = 0; k < gw_spool_blocks(s->spool); k++) {
		if (gw_spool_open(s->spool, k, &r, NULL) < 0)
			abort();
		while (gw_spool_next(&r, &b)) {
			baskets++;
			items += b.count;
			for (uint32_t i = 0; i < b.count; i++)
				if (b.items[i] >= s->items.count)
					abort();
		}
	}
	for (uint32_t i = 0; i < s->items.count; i++)
		facts += s->facts[i].baskets;
	if (baskets != gw_spool_count(s->spool) || items != gw_spool_occurrences(s->spool) ||
	    facts != items)
		abort();
	gw_spool_reader_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_read_options options = {.separator = 0};
	struct gw_stream in = {read_piece, NULL, "fuzz"};
	struct gw_sales sales;
	struct pieces p;

	if (size < 2)
		return 0;
	p = (struct pieces){data + 2, size - 2, data[0] % 64u + 1};
	in.ctx = &p;
	if (data[1] % 4 == 1)
		options.separator = ';';
	options.upper = data[1] % 3 == 1;
	if (gw_sales_init(&sales, data[1] % 2 * 4096) == GW_OK &&
	    gw_read_baskets(&sales, &in, &options, NULL) == GW_OK)
		check(&sales);
	gw_sales_release(&sales);
	return 0;
}
