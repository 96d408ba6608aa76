#include "tools/net/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void gw_rows_init(struct gw_rows *t, int columns, gw_rows_each *each, void *ctx)
{
	memset(t, 0, sizeof(*t));
	t->columns = columns;
	t->each = each;
	t->ctx = ctx;
}

void gw_rows_release(struct gw_rows *t)
{
	free(t->row);
	t->row = NULL;
}

/* The character an escape stands for, -1: there is none such. */
static int unescape(char c)
{
	static const char from[] = "bfnrt0'\\", to[] = "\b\f\n\r\t\0'\\";
	const char *at = c != '\0' ? strchr(from, c) : NULL;

	return at != NULL ? (unsigned char)to[at - from] : -1;
}

/* Unescapes a cell in place: it never grows. */
static bool cell_of(struct gw_rows_cell *cell, char *at, size_t len)
{
	size_t out = 0;

	*cell = (struct gw_rows_cell){NULL, 0};
	if (len == 2 && at[0] == '\\' && at[1] == 'N')
		return true;
	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)at[i];

		if (c == '\\')
			c = ++i < len ? unescape(at[i]) : -1;
		else if (c == '\0')
			c = -1;
		if (c < 0)
			return false;
		at[out++] = (char)c;
	}
	at[out] = '\0';
	*cell = (struct gw_rows_cell){at, out};
	return true;
}

static int malformed(struct gw_rows *t)
{
	t->malformed = true;
	return GW_E_INPUT;
}

/* The row ends with a NUL where its line feed was; so does each cell where its TAB was. */
static int row_done(struct gw_rows *t)
{
	struct gw_rows_cell cells[GW_ROWS_COLUMNS_MAX];
	char *at = t->row, *end = t->row + t->len;

	for (int i = 0; i < t->columns; i++) {
		char *tab = memchr(at, '\t', (size_t)(end - at));
		bool last = i == t->columns - 1;

		if (last != (tab == NULL) ||
		    !cell_of(&cells[i], at, (size_t)((last ? end : tab) - at)))
			return malformed(t);
		at = last ? end : tab + 1;
	}
	t->rows++;
	t->len = 0;
	return t->each(t->ctx, cells, t->columns);
}

static bool keep(struct gw_rows *t, const char *data, size_t len)
{
	if (t->len + len > GW_ROWS_ROW_MAX) {
		t->status = malformed(t);
		return false;
	}
	if (t->len + len + 1 > t->room) {
		size_t room = (t->len + len + 1) * 2;
		char *row = realloc(t->row, room);

		if (row == NULL) {
			t->status = GW_E_MEMORY;
			return false;
		}
		t->row = row;
		t->room = room;
	}
	memcpy(t->row + t->len, data, len);
	t->len += len;
	t->row[t->len] = '\0';
	return true;
}

bool gw_rows_feed(struct gw_rows *t, const char *data, size_t len)
{
	while (len > 0 && t->status == GW_OK) {
		const char *feed = memchr(data, '\n', len);
		size_t n = feed != NULL ? (size_t)(feed - data) : len;

		if (keep(t, data, n) && feed != NULL) {
			int rc = row_done(t);

			t->status = rc < 0 ? rc : GW_OK;
			n++;
		}
		data += n;
		len -= n;
	}
	return t->status == GW_OK;
}

int gw_rows_end(const struct gw_rows *t, struct gw_err *err)
{
	long long row = (long long)t->rows + 1;

	if (t->status == GW_E_MEMORY)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	if (t->malformed)
		return gw_err_set(err, GW_E_INPUT, "row %lld of the answer makes no sense", row);
	if (t->status == GW_OK && t->len > 0)
		return gw_err_set(err, GW_E_INPUT, "the answer is cut off in row %lld", row);
	return t->status;
}

bool gw_rows_number(const struct gw_rows_cell *cell, int64_t *out)
{
	char *end;

	if (cell->text == NULL || cell->len == 0 || cell->len > 20 ||
	    strspn(cell->text, "-0123456789") != cell->len)
		return false;
	errno = 0;
	*out = strtoll(cell->text, &end, 10);
	return errno == 0 && *end == '\0';
}
