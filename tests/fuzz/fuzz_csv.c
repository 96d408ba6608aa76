/* Fuzz target: the CSV reader, with the input handed over in pieces of a size the input chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
	const uint8_t *at;
	size_t left, piece;
};

static int64_t read_piece(void *ctx, char *room, size_t size)
{
	struct pieces *p = ctx;
	size_t n = p->left < p->piece ? p->left : p->piece;

	if (n > size)
		n = size;
	memcpy(room, p->at, n);
	p->at += n;
	p->left -= n;
	return (int64_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pieces p;
	struct gw_csv *csv;
	struct gw_err err;
	int n;

	if (size == 0)
		return 0;
	p = (struct pieces){data + 1, size - 1, data[0] % 64u + 1};
	if (gw_csv_new(&csv, read_piece, &p, ',') < 0)
		return 0;
	while ((n = gw_csv_next(csv, &err)) != 0)
		for (int i = 0; i < n; i++) {
			const struct gw_csv_field *f = gw_csv_field(csv, i);

			if (f->at[f->len] != '\0' || strlen(f->at) != f->len || f->line == 0 ||
			    f->column == 0)
				abort();
		}
	gw_csv_free(csv);
	return 0;
}
