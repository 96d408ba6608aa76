/* The catalogue: items.csv as head office keeps it, telling what sales do not. */
#include <stdbool.h>
#include <string.h>

#include "base/csv.h"
#include "base/money.h"
#include "scan/gtin.h"
#include "tools/mine/sales.h"
#include "tools/mine/source.h"

enum { CODE, NAME, PRICE, COST, CATEGORY, KIND, TAGS, COLUMN_COUNT };

static const char *const column_names[COLUMN_COUNT] = {"code",     "name", "price", "cost",
						       "category", "kind", "tags"};

struct reader {
	struct gw_sales *sales;
	struct gw_csv *csv;
	const char *path;
	int columns[COLUMN_COUNT], fields;
};

static const char *cell(const struct reader *r, int column)
{
	int i = r->columns[column];

	return i >= 0 && i < r->fields ? gw_csv_field(r->csv, i)->at : "";
}

static bool take_money(const struct reader *r, int column, int64_t *minor)
{
	const char *text = cell(r, column);

	return text[0] == '\0' ||
	       gw_money_parse(text, strlen(text), r->sales->decimals, minor) == GW_OK;
}

/* "family:NAME" among the tags, which are joined by blanks. */
static int take_family(struct reader *r, uint32_t item)
{
	const char *at = strstr(cell(r, TAGS), "family:");

	if (at == NULL)
		return GW_OK;
	at += strlen("family:");
	r->sales->facts[item].family = gw_dict_add(&r->sales->families, at, strcspn(at, " ;,"));
	return r->sales->facts[item].family != GW_DICT_NONE ? GW_OK : GW_E_MEMORY;
}

static int take_item(struct reader *r, const char *code, bool alias)
{
	const char *category = cell(r, CATEGORY);
	uint32_t line = gw_csv_line(r->csv), item;
	struct gw_item_facts *f;

	item = code[0] != '\0' ? gw_sales_item(r->sales, code, strlen(code)) : GW_DICT_NONE;
	if (item == GW_DICT_NONE) {
		gw_sales_bad(r->sales, GW_DROP_NO_KEY, "%s: line %u: no item code", r->path, line);
		return GW_OK;
	}
	f = &r->sales->facts[item];
	if (gw_sales_tell(r->sales, item, cell(r, NAME), strlen(cell(r, NAME)), GW_NO_PRICE) < 0)
		return GW_E_MEMORY;
	f->listed = true;
	f->alias = alias;
	f->service = strcmp(cell(r, KIND), "service") == 0;
	if (!take_money(r, PRICE, &f->list_price) || !take_money(r, COST, &f->cost))
		gw_sales_bad(r->sales, GW_DROP_NUMBER, "%s: line %u: price or cost is none",
			     r->path, line);
	if (category[0] != '\0') {
		f->category = gw_dict_add(&r->sales->categories, category, strlen(category));
		if (f->category == GW_DICT_NONE)
			return GW_E_MEMORY;
	}
	return take_family(r, item);
}

/* Sales from elsewhere have codes as they are written here, journals have them as GTIN-14. */
static int take_row(struct reader *r)
{
	const char *code = cell(r, CODE);
	char gtin[GW_GTIN_SIZE];
	int rc = take_item(r, code, false);

	if (rc == GW_OK && gw_digits_only(code, strlen(code)) &&
	    gw_gtin_normalise(gtin, code, strlen(code)) == GW_OK && strcmp(gtin, code) != 0)
		rc = take_item(r, gtin, true);
	return rc;
}

static int take_header(struct reader *r, struct gw_err *err)
{
	r->fields = gw_csv_next(r->csv, err);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		r->columns[c] = -1;
		for (int i = 0; i < r->fields; i++)
			if (strcmp(gw_csv_field(r->csv, i)->at, column_names[c]) == 0)
				r->columns[c] = i;
	}
	if (r->columns[CODE] >= 0)
		return GW_OK;
	return gw_err_set(err, GW_E_INPUT, "%s: line 1: no column code", r->path);
}

static int read_rows(struct reader *r, struct gw_err *err)
{
	struct gw_err fault;
	int n;

	while ((n = gw_csv_next(r->csv, &fault)) != 0) {
		if (n == GW_E_INPUT) {
			gw_sales_bad(r->sales, GW_DROP_SYNTAX, "%s: %s", r->path, fault.text);
			continue;
		}
		if (n < 0)
			return gw_err_set(err, n, "%s: %s", r->path, fault.text);
		r->fields = n;
		if (take_row(r) < 0)
			return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", r->path);
	}
	return GW_OK;
}

int gw_sales_catalogue(struct gw_sales *sales, const char *path, struct gw_err *err)
{
	struct reader r = {.sales = sales, .path = path};
	struct gw_source *source;
	int closed, rc = gw_source_open(&source, path, false, err);

	if (rc < 0)
		return rc;
	rc = gw_csv_new(&r.csv, gw_source_read, source, ',');
	if (rc < 0)
		gw_err_set(err, rc, "%s: out of memory", path);
	else
		rc = take_header(&r, err);
	if (rc == GW_OK)
		rc = read_rows(&r, err);
	gw_csv_free(r.csv);
	closed = gw_source_close(source, rc == GW_OK ? err : NULL);
	return rc < 0 ? rc : closed;
}
