/* Fuzz target: receipts as CSV; a header of ours goes in front unless the input brings its own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
	const char *head;
	const uint8_t *at;
	size_t head_left, left, piece;
};

static size_t take(char *room, size_t size, const void *from, size_t *left, size_t piece)
{
	size_t n = *left < piece ? *left : piece;

	n = n < size ? n : size;
	memcpy(room, from, n);
	*left -= n;
	return n;
}

static int64_t read_piece(void *ctx, char *room, size_t size)
{
	struct pieces *p = ctx;
	size_t n;

	if (p->head_left > 0) {
		n = take(room, size, p->head, &p->head_left, p->piece);
		p->head += n;
	} else {
		n = take(room, size, p->at, &p->left, p->piece);
		p->at += n;
	}
	return (int64_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "receipt,item,name,quantity,price,time,till,category\n";
	struct gw_read_options options = {.keep_keys = true};
	struct gw_stream in = {read_piece, NULL, "fuzz"};
	struct gw_sales sales;
	struct pieces p;
	uint64_t counted = 0;

	if (size < 1)
		return 0;
	p = (struct pieces){head, data + 1, data[0] % 2 * (sizeof(head) - 1), size - 1,
			    data[0] / 2 % 64u + 1};
	in.ctx = &p;
	if (gw_sales_init(&sales, 4096) == GW_OK && gw_read_csv(&sales, &in, &options, NULL) == 0) {
		for (uint32_t i = 0; i < sales.items.count; i++)
			counted += sales.facts[i].baskets;
		if (counted != gw_spool_occurrences(sales.spool))
			abort();
	}
	gw_sales_release(&sales);
	return 0;
}
