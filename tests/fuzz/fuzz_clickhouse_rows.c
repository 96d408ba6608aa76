/*
 * Rows as a ClickHouse server sends them, in pieces of any size.  The first byte says how many
 * columns, the second how large the pieces are.  However it is cut, the outcome must be the same,
 * and every cell must be what escaping it again gives.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/net/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t hash;
	int64_t rows;
};

static int add(void *ctx, const struct gw_rows_cell *cells, int columns)
{
	struct sum *s = ctx;

	for (int i = 0; i < columns; i++) {
		int64_t n = 0;

		if (cells[i].text != NULL && cells[i].text[cells[i].len] != '\0')
			abort();
		if (gw_rows_number(&cells[i], &n) && n != strtoll(cells[i].text, NULL, 10))
			abort();
		for (size_t k = 0; cells[i].text != NULL && k < cells[i].len; k++)
			s->hash = s->hash * 1099511628211u + (unsigned char)cells[i].text[k];
		s->hash = s->hash * 31 + (cells[i].text == NULL) + (uint64_t)n;
	}
	s->rows++;
	return GW_OK;
}

static int read_all(struct sum *s, int columns, const uint8_t *data, size_t size, size_t piece)
{
	struct gw_rows rows;
	struct gw_err err = {0};
	int rc;

	memset(s, 0, sizeof(*s));
	gw_rows_init(&rows, columns, add, s);
	for (size_t at = 0; at < size; at += piece)
		gw_rows_feed(&rows, (const char *)data + at, size - at < piece ? size - at : piece);
	rc = gw_rows_end(&rows, &err);
	if (rows.rows < s->rows || (rc == GW_OK) != (err.text[0] == '\0'))
		abort();
	gw_rows_release(&rows);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum whole, pieces;

	if (size < 2)
		return 0;
	int columns = data[0] % GW_ROWS_COLUMNS_MAX + 1;
	int a = read_all(&whole, columns, data + 2, size - 2, size);
	int b = read_all(&pieces, columns, data + 2, size - 2, data[1] % 17u + 1);

	if (a != b || whole.hash != pieces.hash || whole.rows != pieces.rows)
		abort();
	return 0;
}
