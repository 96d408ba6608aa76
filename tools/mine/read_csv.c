/*
 * Receipts as rows.  Rows of one receipt mostly follow each other, but tills that write into one
 * file interleave, so the last OPEN_MAX receipts are kept open, in a ring by the time they were
 * opened, found through a hash table; the oldest is closed to make room.  A filter of closed
 * receipts (a Bloom filter, 4 MiB, two probes) then notices rows that come too late: they are left
 * out and counted instead of making a second basket of the same receipt.  A false alarm has a
 * probability below 0.5 % up to a million receipts closed that way; a file sorted by receipt or
 * with fewer receipts than OPEN_MAX never asks the filter.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/csv.h"
#include "base/hash.h"
#include "base/money.h"
#include "base/when.h"
#include "tools/mine/read.h"

#define OPEN_MAX      65536u
#define SLOT_COUNT    (OPEN_MAX * 2)
#define FILTER_BITS   (1u << 25)
#define NO_RECEIPT    UINT32_MAX
#define KEY_MAX       64
#define BAD_FIELD_MAX 40

enum column { BASKET, ITEM, NAME, PRICE, QTY, TIME, TILL, CATEGORY, COLUMN_COUNT };

struct receipt {
	uint64_t hash;
	char key[KEY_MAX];
	uint8_t key_len;
	uint32_t till;
	int64_t when_ms;
	uint32_t *items;
	uint32_t count, room;
	uint64_t last_row;
};

struct reader {
	struct gw_sales *sales;
	const struct gw_stream *in;
	const struct gw_read_options *options;
	struct gw_csv *csv;
	int fields;                /* of the current row */
	int columns[COLUMN_COUNT]; /* field numbers, -1: not there */
	struct receipt *ring;      /* ring[OPEN_MAX] */
	uint32_t oldest, open;     /* ring positions oldest .. oldest + open - 1 */
	uint32_t used;             /* ring positions ever used: 0 .. used - 1 */
	uint32_t *slots;           /* hash -> ring position */
	uint64_t *filter;          /* NULL until a receipt had to be closed early */
	uint32_t last;             /* receipt of the row before */
};

/* What the columns are called in exports people have; compared without case, blanks and signs. */
static const char *const known_names[COLUMN_COUNT] = {
	[BASKET] = " invoiceno invoice receipt receiptno receiptid basket basketid transaction "
		   "transactionid transactionno order orderid orderno ticket ticketno saleid sale ",
	[ITEM] = " stockcode item itemid itemcode code sku ean gtin upc barcode product productid "
		 "productcode article articleno plu ",
	[NAME] = " description name itemname productname title articlename ",
	[PRICE] = " unitprice price amount itemprice ",
	[QTY] = " quantity qty count pieces units ",
	[TIME] = " invoicedate time date datetime timestamp at soldat when ",
	[TILL] = " till register terminal pos lane store storeid ",
	[CATEGORY] = " category department group family itemcategory ",
};

static void plain_name(char out[64], const char *in)
{
	size_t n = 0;

	for (; *in != '\0' && n < 63; in++)
		if (isalnum((unsigned char)*in))
			out[n++] = (char)tolower((unsigned char)*in);
	out[n] = '\0';
}

static bool names_column(enum column c, const char *field)
{
	char plain[64], padded[68];

	plain_name(plain, field);
	snprintf(padded, sizeof(padded), " %s ", plain);
	return plain[0] != '\0' && strstr(known_names[c], padded) != NULL;
}

static int missing_column(struct reader *r, const char *wanted, const char *option,
			  struct gw_err *err)
{
	char names[300] = "";
	size_t len = 0;

	for (int i = 0; i < r->fields && len < sizeof(names) - 1; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "",
					gw_csv_field(r->csv, i)->at);
	return gw_err_set(err, GW_E_INPUT,
			  "%s: line 1: no column %s; name it with %s (columns: %s)", r->in->name,
			  wanted, option, names);
}

static int find_columns(struct reader *r, struct gw_err *err)
{
	const struct gw_read_options *o = r->options;
	const char *given[COLUMN_COUNT] = {o->basket_column, o->item_column,    o->name_column,
					   o->price_column,  o->qty_column,     o->time_column,
					   o->till_column,   o->category_column};
	static const char *const option[COLUMN_COUNT] = {
		"--basket-column", "--item-column", "--name-column", "--price-column",
		"--qty-column",    "--time-column", "--till-column", "--category-column"};

	for (int c = 0; c < COLUMN_COUNT; c++) {
		r->columns[c] = -1;
		for (int i = 0; i < r->fields && r->columns[c] < 0; i++) {
			const char *name = gw_csv_field(r->csv, i)->at;

			if (given[c] != NULL ? strcmp(name, given[c]) == 0
					     : names_column((enum column)c, name))
				r->columns[c] = i;
		}
		if (r->columns[c] < 0 && (given[c] != NULL || c == BASKET || c == ITEM))
			return missing_column(r,
					      given[c] != NULL ? given[c]
					      : c == BASKET    ? "with the receipt number"
							       : "with the item code",
					      option[c], err);
	}
	return GW_OK;
}

static const struct gw_csv_field *field(const struct reader *r, enum column c)
{
	static const struct gw_csv_field none = {"", 0, 0, 0};
	int i = r->columns[c];

	return i >= 0 && i < r->fields ? gw_csv_field(r->csv, i) : &none;
}

static void bad(struct reader *r, enum gw_drop why, enum column c, const char *what)
{
	const struct gw_csv_field *f = field(r, c);

	gw_sales_bad(r->sales, why, "%s: line %u, column %u: %s: \"%.*s\"", r->in->name, f->line,
		     f->column, what, BAD_FIELD_MAX, f->at);
}

/* Sign of a decimal number: *sign -1, 0 or 1.  False when it is not one. */
static bool sign_of(const char *text, int *sign)
{
	char *end;
	double d = strtod(text, &end);

	while (*end == ' ')
		end++;
	*sign = (d > 0) - (d < 0);
	return end != text && *end == '\0' && d == d;
}

/* A price with more decimals than the currency has (as per-piece prices of packs) is rounded. */
static int64_t price_of(const struct reader *r, const char *text, size_t len)
{
	int decimals = r->sales->decimals;
	int64_t minor;
	double scaled;

	if (gw_money_parse(text, len, decimals, &minor) == GW_OK)
		return minor;
	scaled = strtod(text, NULL);
	for (int i = 0; i < decimals; i++)
		scaled *= 10;
	return scaled > -1e15 && scaled < 1e15 ? (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5)) : 0;
}

static bool time_by_format(const char *text, const char *format, int64_t *ms)
{
	struct tm tm = {.tm_mday = 1};
	const char *end = strptime(text, format, &tm);

	if (end == NULL || *end != '\0')
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* RFC 3339, or a date with hours and minutes, seconds or neither, taken as UTC. */
static bool time_of(const struct reader *r, const char *text, size_t len, int64_t *ms)
{
	char padded[40];

	if (r->options->time_format != NULL)
		return time_by_format(text, r->options->time_format, ms);
	if (gw_when_parse(text, len, ms) == GW_OK)
		return true;
	if (len != 10 && len != 16 && len != 19)
		return false;
	snprintf(padded, sizeof(padded), "%s%sZ", text,
		 len == 10   ? "T00:00:00"
		 : len == 16 ? ":00"
			     : "");
	return gw_when_parse(padded, strlen(padded), ms) == GW_OK;
}

/* --- open receipts
 * -------------------------------------------------------------------------------- */

static uint32_t *slot_of(struct reader *r, uint64_t hash, const char *key, size_t len)
{
	uint32_t at = (uint32_t)hash & (SLOT_COUNT - 1);

	for (;; at = (at + 1) & (SLOT_COUNT - 1)) {
		uint32_t i = r->slots[at];

		if (i == NO_RECEIPT || (r->ring[i].hash == hash && r->ring[i].key_len == len &&
					memcmp(r->ring[i].key, key, len) == 0))
			return &r->slots[at];
	}
}

/* Linear probing without gravestones: what follows the hole and may stand in it moves up. */
static void forget(struct reader *r, uint32_t *slot)
{
	uint32_t hole = (uint32_t)(slot - r->slots), at = hole;

	for (;;) {
		uint32_t home;

		at = (at + 1) & (SLOT_COUNT - 1);
		if (r->slots[at] == NO_RECEIPT)
			break;
		home = (uint32_t)r->ring[r->slots[at]].hash & (SLOT_COUNT - 1);
		if (((at - home) & (SLOT_COUNT - 1)) >= ((at - hole) & (SLOT_COUNT - 1))) {
			r->slots[hole] = r->slots[at];
			hole = at;
		}
	}
	r->slots[hole] = NO_RECEIPT;
}

static int close_oldest(struct reader *r, struct gw_err *err)
{
	struct receipt *c = &r->ring[r->oldest];
	struct gw_basket b = {c->when_ms, c->till, c->key, 0, c->items, c->count};
	int rc;

	if (r->options->keep_keys)
		b.key_len = c->key_len;
	rc = gw_sales_add(r->sales, &b, err);
	forget(r, slot_of(r, c->hash, c->key, c->key_len));
	r->oldest = (r->oldest + 1) % OPEN_MAX;
	r->open--;
	return rc;
}

static bool filter_holds(const struct reader *r, uint64_t hash)
{
	uint32_t a = (uint32_t)hash % FILTER_BITS, b = (uint32_t)(hash >> 32) % FILTER_BITS;

	return r->filter != NULL && (r->filter[a / 64] >> (a % 64) & 1) != 0 &&
	       (r->filter[b / 64] >> (b % 64) & 1) != 0;
}

static int filter_add(struct reader *r, uint64_t hash)
{
	uint32_t a = (uint32_t)hash % FILTER_BITS, b = (uint32_t)(hash >> 32) % FILTER_BITS;

	if (r->filter == NULL)
		r->filter = calloc(FILTER_BITS / 64, sizeof(*r->filter));
	if (r->filter == NULL)
		return GW_E_MEMORY;
	r->filter[a / 64] |= (uint64_t)1 << (a % 64);
	r->filter[b / 64] |= (uint64_t)1 << (b % 64);
	return GW_OK;
}

static int make_room(struct reader *r, struct gw_err *err)
{
	uint64_t hash = r->ring[r->oldest].hash;
	int rc = close_oldest(r, err);

	if (rc == GW_OK && filter_add(r, hash) < 0)
		rc = gw_err_set(err, GW_E_MEMORY, "%s: out of memory", r->in->name);
	return rc;
}

/* Ring position of the row's receipt, opened if need be; NO_RECEIPT: the row comes too late. */
static int find_receipt(struct reader *r, const struct gw_csv_field *key, uint32_t *found,
			struct gw_err *err)
{
	uint64_t hash;
	uint32_t *slot, at;
	struct receipt *c;
	int rc;

	c = r->last != NO_RECEIPT ? &r->ring[r->last] : NULL;
	if (c != NULL && c->key_len == key->len && memcmp(c->key, key->at, key->len) == 0) {
		*found = r->last;
		return GW_OK;
	}
	hash = gw_hash64(key->at, key->len);
	slot = slot_of(r, hash, key->at, key->len);
	*found = r->last = *slot;
	if (*slot != NO_RECEIPT || filter_holds(r, hash))
		return GW_OK;
	if (r->open == OPEN_MAX) {
		rc = make_room(r, err);
		if (rc < 0)
			return rc;
		slot = slot_of(r, hash, key->at, key->len);
	}
	at = (r->oldest + r->open++) % OPEN_MAX;
	*slot = *found = r->last = at;
	r->used = at >= r->used ? at + 1 : r->used;
	c = &r->ring[at];
	c->hash = hash;
	c->key_len = (uint8_t)key->len;
	memcpy(c->key, key->at, key->len);
	c->count = 0;
	c->till = GW_NO_TILL;
	c->when_ms = GW_NO_TIME;
	return GW_OK;
}

static int add_to_receipt(struct reader *r, uint32_t at, uint32_t item, struct gw_err *err)
{
	struct receipt *c = &r->ring[at];

	if (c->count == c->room) {
		uint32_t room = c->room > 0 ? c->room * 2 : 8;
		uint32_t *items = realloc(c->items, room * sizeof(*items));

		if (items == NULL)
			return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", r->in->name);
		c->items = items;
		c->room = room;
	}
	c->items[c->count++] = item;
	return GW_OK;
}

/* --- one row
 * -------------------------------------------------------------------------------------- */

static bool matches(const regex_t *pattern, const char *text)
{
	return pattern == NULL || regexec(pattern, text, 0, NULL, 0) == 0;
}

struct row {
	const struct gw_csv_field *key;
	char item[256];
	size_t item_len;
	int64_t price_minor, when_ms;
};

/* Copies the item code, trimmed and folded; a code that fits no row is left to gw_sales_item. */
static void take_item(const struct reader *r, struct row *row)
{
	const struct gw_csv_field *f = field(r, ITEM);
	const char *at = f->at;
	size_t len = f->len;

	while (len > 0 && *at == ' ') {
		at++;
		len--;
	}
	while (len > 0 && at[len - 1] == ' ')
		len--;
	if (len > sizeof(row->item) - 1)
		len = sizeof(row->item) - 1;
	for (size_t i = 0; i < len; i++)
		row->item[i] = r->options->upper ? (char)toupper((unsigned char)at[i]) : at[i];
	row->item[len] = '\0';
	row->item_len = len;
}

/* Checks the row's fields; false: it was counted under the reason it is left out for. */
static bool take_row(struct reader *r, struct row *row)
{
	const struct gw_csv_field *qty = field(r, QTY), *price = field(r, PRICE);
	const struct gw_csv_field *when = field(r, TIME);
	int sign = 1;

	row->key = field(r, BASKET);
	row->price_minor = GW_NO_PRICE;
	row->when_ms = GW_NO_TIME;
	take_item(r, row);
	if (row->key->len == 0 || row->item_len == 0) {
		bad(r, GW_DROP_NO_KEY, row->key->len == 0 ? BASKET : ITEM, "nothing there");
	} else if (row->key->len > KEY_MAX) {
		bad(r, GW_DROP_NO_KEY, BASKET, "receipt number longer than 64 bytes");
	} else if (!matches(r->options->basket_match, row->key->at)) {
		gw_sales_drop(r->sales, GW_DROP_BASKET);
	} else if (!matches(r->options->item_match, row->item)) {
		gw_sales_drop(r->sales, GW_DROP_ITEM);
	} else if (r->columns[QTY] >= 0 && !sign_of(qty->at, &sign)) {
		bad(r, GW_DROP_NUMBER, QTY, "not a quantity");
	} else if (sign <= 0) {
		gw_sales_drop(r->sales, GW_DROP_RETURN);
	} else if (r->columns[PRICE] >= 0 && !sign_of(price->at, &sign)) {
		bad(r, GW_DROP_NUMBER, PRICE, "not a price");
	} else if (sign <= 0) {
		gw_sales_drop(r->sales, GW_DROP_PRICE);
	} else if (r->columns[TIME] >= 0 && !time_of(r, when->at, when->len, &row->when_ms)) {
		bad(r, GW_DROP_NUMBER, TIME, "not a time (see --time-format)");
	} else {
		if (r->columns[PRICE] >= 0)
			row->price_minor = price_of(r, price->at, price->len);
		return true;
	}
	return false;
}

static int use_row(struct reader *r, const struct row *row, struct gw_err *err)
{
	const struct gw_csv_field *name = field(r, NAME), *till = field(r, TILL);
	const struct gw_csv_field *category = field(r, CATEGORY);
	uint32_t at, item;
	int rc = find_receipt(r, row->key, &at, err);

	if (rc < 0)
		return rc;
	if (at == NO_RECEIPT) {
		gw_sales_drop(r->sales, GW_DROP_LATE);
		return GW_OK;
	}
	uint64_t refused = r->sales->intake.dropped[GW_DROP_CODE];

	item = gw_sales_item(r->sales, row->item, row->item_len);
	if (item == GW_DICT_NONE && r->sales->intake.dropped[GW_DROP_CODE] > refused) {
		r->sales->intake.dropped[GW_DROP_CODE] = refused;
		bad(r, GW_DROP_CODE, ITEM, "not an item code");
		return GW_OK;
	}
	if (item == GW_DICT_NONE ||
	    gw_sales_tell(r->sales, item, name->at, name->len, row->price_minor) < 0)
		return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", r->in->name);
	if (category->len > 0 && !r->sales->facts[item].listed)
		r->sales->facts[item].category =
			gw_dict_add(&r->sales->categories, category->at, category->len);
	if (till->len > 0)
		r->ring[at].till = gw_dict_add(&r->sales->tills, till->at, till->len);
	/* The earliest time of its rows is the receipt's. */
	if (row->when_ms != GW_NO_TIME &&
	    (r->ring[at].when_ms == GW_NO_TIME || row->when_ms < r->ring[at].when_ms))
		r->ring[at].when_ms = row->when_ms;
	return add_to_receipt(r, at, item, err);
}

static int read_rows(struct reader *r, struct gw_err *err)
{
	struct gw_err fault;
	struct row row;
	int n, rc = GW_OK;

	while (rc == GW_OK && (n = gw_csv_next(r->csv, &fault)) != 0) {
		r->sales->intake.rows++;
		if (n == GW_E_INPUT) {
			gw_sales_bad(r->sales, GW_DROP_SYNTAX, "%s: %s", r->in->name, fault.text);
			continue;
		}
		if (n < 0)
			return gw_err_set(err, n, "%s: %s", r->in->name, fault.text);
		r->fields = n;
		if (take_row(r, &row))
			rc = use_row(r, &row, err);
	}
	while (rc == GW_OK && r->open > 0)
		rc = close_oldest(r, err);
	return rc;
}

static int read_header(struct reader *r, struct gw_err *err)
{
	struct gw_err fault;

	r->fields = gw_csv_next(r->csv, &fault);
	if (r->fields == 0)
		return gw_err_set(err, GW_E_INPUT, "%s: empty, not even a header", r->in->name);
	if (r->fields < 0)
		return gw_err_set(err, r->fields, "%s: %s", r->in->name, fault.text);
	return find_columns(r, err);
}

int gw_read_csv(struct gw_sales *sales, const struct gw_stream *in,
		const struct gw_read_options *options, struct gw_err *err)
{
	struct reader r = {.sales = sales, .in = in, .options = options, .last = NO_RECEIPT};
	char separator = options->separator != 0 ? options->separator : ',';
	struct gw_csv *csv = NULL;
	int rc = gw_csv_new(&csv, in->read, in->ctx, separator);

	r.ring = calloc(OPEN_MAX, sizeof(*r.ring));
	r.slots = malloc(SLOT_COUNT * sizeof(*r.slots));
	r.csv = csv;
	if (r.ring == NULL || r.slots == NULL || rc < 0) {
		rc = gw_err_set(err, GW_E_MEMORY, "%s: out of memory", in->name);
	} else {
		memset(r.slots, 0xFF, SLOT_COUNT * sizeof(*r.slots));
		rc = read_header(&r, err);
		if (rc == GW_OK)
			rc = read_rows(&r, err);
	}
	for (uint32_t i = 0; i < r.used; i++)
		free(r.ring[i].items);
	gw_csv_free(csv);
	free(r.filter);
	free(r.slots);
	free(r.ring);
	return rc;
}
