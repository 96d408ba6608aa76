#include "tools/mine/tablefile.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/money.h"
#include "base/utf8.h"
#include "base/when.h"
#include "scan/gtin.h"
#include "tools/mine/learn.h"
#include "tools/mine/write.h"

#define CODE_FITS 40

bool gw_rule_code_fits(const char *code)
{
	return strlen(code) <= CODE_FITS && strpbrk(code, " \t,\"") == NULL &&
	       strncmp(code, "category:", 9) != 0;
}

static const char *code_of(const struct gw_sales *s, uint32_t item)
{
	return gw_dict_text(&s->items, item);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The `if` cell: codes in order, or a category. */
static void put_if(char *room, size_t size, const struct gw_sales *s, const struct gw_rule_line *r)
{
	const char *codes[GW_RULE_IF_MAX];
	size_t len = 0;

	room[0] = '\0';
	if (r->category != GW_DICT_NONE) {
		snprintf(room, size, "category:%s", gw_dict_text(&s->categories, r->category));
		/* As goeswith-table has it: a blank would end the name. */
		for (char *p = room; *p != '\0'; p++)
			*p = *p == ' ' ? '_' : *p;
		return;
	}
	for (int i = 0; i < r->conditions; i++)
		codes[i] = code_of(s, r->condition[i]);
	qsort(codes, (size_t)r->conditions, sizeof(codes[0]), by_text);
	for (int i = 0; i < r->conditions && len < size; i++)
		len += (size_t)snprintf(room + len, size - len, "%s%s", i > 0 ? " " : "", codes[i]);
}

void gw_rule_id(char id[GW_RULE_ID_MAX], const struct gw_sales *s, const struct gw_rule_line *r)
{
	char text[1024] = "";
	uint64_t hash = GW_FNV1A64_START;

	put_if(text, sizeof(text), s, r);
	hash = gw_fnv1a64(hash, text, strlen(text) + 1);
	hash = gw_fmix64(gw_fnv1a64(hash, code_of(s, r->suggest), strlen(code_of(s, r->suggest))));
	snprintf(id, GW_RULE_ID_MAX, "m%012llx", (unsigned long long)(hash >> 16));
}

void gw_rules_head(FILE *to)
{
	fputs("rule,if,suggest,kind,price,discount,pos_code,script,moment,from,to,days,hours,"
	      "segment,"
	      "min_subtotal,priority,weight,support,confidence,lift,arm\n",
	      to);
}

static void put_day(FILE *to, int64_t day)
{
	char when[GW_WHEN_MAX];

	if (day != GW_NO_DAY)
		fprintf(to, "%.10s", gw_when_format(when, day * GW_DAY_MS));
	putc(',', to);
}

void gw_rules_line(FILE *to, const struct gw_sales *s, const struct gw_rule_line *r)
{
	char id[GW_RULE_ID_MAX], text[1024];

	gw_rule_id(id, s, r);
	put_if(text, sizeof(text), s, r);
	fprintf(to, "%s,", id);
	gw_csv_put(to, text);
	putc(',', to);
	gw_csv_put(to, code_of(s, r->suggest));
	fputs(",addon,,,,,scan,", to);
	put_day(to, r->season.from_day);
	put_day(to, r->season.to_day);
	fputs(",,,,", to);
	if (r->priority != 0)
		fprintf(to, "%d", r->priority);
	fprintf(to, ",%d.%04d,%.6g,%.6g,%.6g,", r->weight / GW_WEIGHT_UNIT,
		r->weight % GW_WEIGHT_UNIT, r->counts.n > 0 ? gw_support(&r->counts) : 0,
		r->counts.n_x > 0 ? gw_confidence(&r->counts) : 0,
		r->counts.n_x > 0 && r->counts.n_y > 0 ? gw_lift(&r->counts) : 0);
	gw_csv_put(to, r->arm != NULL ? r->arm : "");
	putc('\n', to);
}

static void put_money(FILE *to, int64_t minor, int decimals)
{
	char room[GW_MONEY_MAX];

	if (minor != GW_NO_PRICE)
		fputs(gw_money_format(room, minor, decimals), to);
	putc(',', to);
}

static void put_item(FILE *to, const struct gw_sales *s, uint32_t item)
{
	const struct gw_item_facts *f = &s->facts[item];
	const char *name = gw_sales_name(s, item);
	char safe[GW_ITEM_CODE_MAX * 3 + 1];

	gw_utf8_sanitize(safe, sizeof(safe), name, strlen(name));
	gw_csv_put(to, code_of(s, item));
	putc(',', to);
	gw_csv_put(to, safe[0] != '\0' ? safe : code_of(s, item));
	putc(',', to);
	put_money(to, gw_sales_price(s, item), s->decimals);
	put_money(to, f->cost, s->decimals);
	if (f->category != GW_DICT_NONE)
		gw_csv_put(to, gw_dict_text(&s->categories, f->category));
	fprintf(to, ",%s,,", f->service ? "service" : "product");
	if (f->family != GW_DICT_NONE) {
		char tag[256];

		snprintf(tag, sizeof(tag), "family:%s", gw_dict_text(&s->families, f->family));
		gw_csv_put(to, tag);
	}
	putc('\n', to);
}

/* Not sold, and in another spelling in the list as well. */
static bool is_second(const struct gw_sales *s, uint32_t item)
{
	const char *code = code_of(s, item);
	char gtin[GW_GTIN_SIZE];
	uint32_t other = GW_DICT_NONE;

	if (s->facts[item].baskets > 0 || s->facts[item].alias)
		return s->facts[item].baskets == 0;
	if (gw_digits_only(code, strlen(code)) &&
	    gw_gtin_normalise(gtin, code, strlen(code)) == GW_OK)
		other = gw_dict_find(&s->items, gtin, strlen(gtin));
	return other != GW_DICT_NONE && other != item && s->facts[other].baskets > 0;
}

static int by_code(const void *a, const void *b, void *ctx)
{
	return strcmp(code_of(ctx, *(const uint32_t *)a), code_of(ctx, *(const uint32_t *)b));
}

int gw_items_write(FILE *to, const struct gw_sales *s, const bool *wanted, struct gw_err *err)
{
	uint32_t *items = malloc(((size_t)s->items.count + 1) * sizeof(*items)), n = 0;

	if (items == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	for (uint32_t i = 0; i < s->items.count; i++)
		if ((wanted == NULL ? !is_second(s, i) : wanted[i]) &&
		    gw_rule_code_fits(code_of(s, i)))
			items[n++] = i;
	qsort_r(items, n, sizeof(*items), by_code, (void *)s);
	fputs("code,name,price,cost,category,kind,stock,tags\n", to);
	for (uint32_t i = 0; i < n; i++)
		put_item(to, s, items[i]);
	free(items);
	return GW_OK;
}
