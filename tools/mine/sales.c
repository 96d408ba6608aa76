#include "tools/mine/sales.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

int gw_sales_init(struct gw_sales *s, size_t memory_limit)
{
	memset(s, 0, sizeof(*s));
	s->decimals = 2;
	s->first_ms = s->last_ms = GW_NO_TIME;
	gw_dict_init(&s->items);
	gw_dict_init(&s->tills);
	gw_dict_init(&s->categories);
	gw_dict_init(&s->families);
	gw_dict_init(&s->names);
	gw_dict_init(&s->rules);
	/* Offset 0 of the names is the empty one: "no name". */
	if (gw_dict_add(&s->names, "", 0) == GW_DICT_NONE)
		return GW_E_MEMORY;
	return gw_spool_new(&s->spool, memory_limit);
}

void gw_sales_release(struct gw_sales *s)
{
	gw_dict_release(&s->items);
	gw_dict_release(&s->tills);
	gw_dict_release(&s->categories);
	gw_dict_release(&s->families);
	gw_dict_release(&s->names);
	gw_dict_release(&s->rules);
	free(s->records);
	gw_spool_free(s->spool);
	free(s->facts);
	free(s->scratch);
	memset(s, 0, sizeof(*s));
}

uint64_t gw_sales_baskets(const struct gw_sales *s)
{
	return s->counted > 0 ? s->counted : gw_spool_count(s->spool);
}

static bool fit_for_a_code(const char *p, size_t len)
{
	if (len == 0 || len > GW_ITEM_CODE_MAX || !gw_utf8_valid(p, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7F)
			return false;
	return true;
}

static bool room_for_facts(struct gw_sales *s)
{
	while (s->facts_room < s->items.count + 1) {
		uint32_t room = s->facts_room > 0 ? s->facts_room * 2 : 512;
		struct gw_item_facts *facts = realloc(s->facts, room * sizeof(*facts));

		if (facts == NULL)
			return false;
		s->facts = facts;
		s->facts_room = room;
	}
	return true;
}

uint32_t gw_sales_item(struct gw_sales *s, const char *code, size_t len)
{
	uint32_t before = s->items.count, id;

	while (len > 0 && (*code == ' ' || *code == '\t')) {
		code++;
		len--;
	}
	while (len > 0 && (code[len - 1] == ' ' || code[len - 1] == '\t'))
		len--;
	id = gw_dict_find(&s->items, code, len);
	if (id != GW_DICT_NONE)
		return id;
	if (!fit_for_a_code(code, len)) {
		gw_sales_drop(s, GW_DROP_CODE);
		return GW_DICT_NONE;
	}
	if (!room_for_facts(s))
		return GW_DICT_NONE;
	id = gw_dict_add(&s->items, code, len);
	if (id != before)
		return id;
	memset(&s->facts[id], 0, sizeof(s->facts[id]));
	s->facts[id].category = s->facts[id].family = GW_DICT_NONE;
	s->facts[id].list_price = s->facts[id].cost = GW_NO_PRICE;
	return id;
}

/* Boyer and Moore's majority vote: a name given by more than half of the rows wins. */
static int vote_name(struct gw_sales *s, struct gw_item_facts *f, const char *name, size_t len)
{
	uint32_t id;

	while (len > 0 && *name == ' ') {
		name++;
		len--;
	}
	while (len > 0 && name[len - 1] == ' ')
		len--;
	if (f->listed || len == 0 || len > GW_ITEM_CODE_MAX)
		return GW_OK;
	if (f->name != 0 && strncmp(s->names.pool + f->name, name, len) == 0 &&
	    s->names.pool[f->name + len] == '\0') {
		f->name_votes++;
		return GW_OK;
	}
	if (f->name_votes > 0) {
		f->name_votes--;
		return GW_OK;
	}
	id = gw_dict_add(&s->names, name, len);
	if (id == GW_DICT_NONE)
		return GW_E_MEMORY;
	f->name = s->names.offset[id];
	f->name_votes = 1;
	return GW_OK;
}

/* Misra and Gries: a price held by more than a fifth of the rows is surely among the four. */
static void vote_price(struct gw_item_facts *f, int64_t minor)
{
	int empty = -1;

	for (int i = 0; i < GW_PRICE_SLOTS; i++) {
		if (f->prices[i].votes > 0 && f->prices[i].minor == minor) {
			f->prices[i].votes++;
			return;
		}
		if (f->prices[i].votes == 0)
			empty = i;
	}
	if (empty >= 0) {
		f->prices[empty].minor = minor;
		f->prices[empty].votes = 1;
		return;
	}
	for (int i = 0; i < GW_PRICE_SLOTS; i++)
		f->prices[i].votes--;
}

int gw_sales_tell(struct gw_sales *s, uint32_t item, const char *name, size_t name_len,
		  int64_t price_minor)
{
	struct gw_item_facts *f = &s->facts[item];

	if (price_minor != GW_NO_PRICE)
		vote_price(f, price_minor);
	return vote_name(s, f, name, name_len);
}

int64_t gw_sales_price(const struct gw_sales *s, uint32_t item)
{
	const struct gw_item_facts *f = &s->facts[item];
	int64_t minor = GW_NO_PRICE;
	uint32_t votes = 0;

	if (f->list_price != GW_NO_PRICE)
		return f->list_price;
	for (int i = 0; i < GW_PRICE_SLOTS; i++)
		if (f->prices[i].votes > votes ||
		    (votes > 0 && f->prices[i].votes == votes && f->prices[i].minor < minor)) {
			votes = f->prices[i].votes;
			minor = f->prices[i].minor;
		}
	return minor;
}

const char *gw_sales_name(const struct gw_sales *s, uint32_t item)
{
	return s->names.pool + s->facts[item].name;
}

/* Copies the ids to scratch, each at its first place only; returns how many there are. */
static uint32_t distinct(struct gw_sales *s, const struct gw_basket *b)
{
	uint32_t kept = 0;

	s->basket_number++;
	for (uint32_t i = 0; i < b->count; i++) {
		struct gw_item_facts *f = &s->facts[b->items[i]];

		if (f->last_basket == s->basket_number)
			continue;
		f->last_basket = s->basket_number;
		s->scratch[kept++] = b->items[i];
	}
	s->intake.repeats += b->count - kept;
	return kept;
}

static void note_time(struct gw_sales *s, int64_t when_ms)
{
	if (when_ms == GW_NO_TIME)
		return;
	if (s->first_ms == GW_NO_TIME || when_ms < s->first_ms)
		s->first_ms = when_ms;
	if (s->last_ms == GW_NO_TIME || when_ms > s->last_ms)
		s->last_ms = when_ms;
}

int gw_sales_add(struct gw_sales *s, const struct gw_basket *basket, struct gw_err *err)
{
	struct gw_basket b = *basket;

	if (b.count == 0)
		return GW_OK;
	if (s->scratch_room < b.count) {
		uint32_t room = b.count * 2;
		uint32_t *scratch = realloc(s->scratch, room * sizeof(*scratch));

		if (scratch == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory");
		s->scratch = scratch;
		s->scratch_room = room;
	}
	b.count = distinct(s, &b);
	b.items = s->scratch;
	if (s->max_basket > 0 && b.count > s->max_basket) {
		gw_sales_drop(s, GW_DROP_BULK);
		return GW_OK;
	}
	for (uint32_t i = 0; i < b.count; i++)
		s->facts[b.items[i]].baskets++;
	note_time(s, b.when_ms);
	s->intake.baskets++;
	return gw_spool_add(s->spool, &b, err);
}

struct gw_rule_record *gw_sales_record(struct gw_sales *s, const char *rule)
{
	uint32_t before = s->rules.count, id;

	id = gw_dict_add(&s->rules, rule, strlen(rule));
	if (id == GW_DICT_NONE || id != before)
		return id == GW_DICT_NONE ? NULL : &s->records[id];
	/* Room is the power of two at or above the count. */
	if ((before & (before - 1)) == 0) {
		size_t room = before > 0 ? (size_t)before * 2 : 1;
		struct gw_rule_record *records = realloc(s->records, room * sizeof(*records));

		if (records == NULL)
			return NULL;
		s->records = records;
	}
	memset(&s->records[id], 0, sizeof(s->records[id]));
	s->records[id].margin_minor = -1;
	return &s->records[id];
}

void gw_sales_drop(struct gw_sales *s, enum gw_drop why)
{
	s->intake.dropped[why]++;
}

void gw_sales_bad(struct gw_sales *s, enum gw_drop why, const char *format, ...)
{
	char text[sizeof(s->intake.bad[0])];
	va_list args;

	gw_sales_drop(s, why);
	if (s->intake.bad_count == GW_BAD_SHOWN)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	gw_utf8_sanitize(s->intake.bad[s->intake.bad_count++], sizeof(text), text, strlen(text));
}

void gw_intake_print(const struct gw_sales *s, FILE *out, bool quiet)
{
	static const struct {
		const char *what, *why;
	} drops[] = {
#define GW_DROP_ROW(name, what, why) {what, why},
		GW_DROP_MAP(GW_DROP_ROW)
#undef GW_DROP_ROW
	};
	const struct gw_intake *in = &s->intake;

	for (uint32_t i = 0; i < in->bad_count; i++)
		fprintf(out, "  %s\n", in->bad[i]);
	if (!quiet)
		fprintf(out,
			"read %llu rows: %llu baskets, %u items, largest basket %u, %llu repeats "
			"of an "
			"item in its basket merged\n",
			(unsigned long long)in->rows, (unsigned long long)in->baskets,
			s->items.count, gw_spool_largest(s->spool),
			(unsigned long long)in->repeats);
	for (int i = 0; i < GW_DROP_COUNT; i++)
		if (in->dropped[i] > 0)
			fprintf(out, "left out %llu %s: %s\n", (unsigned long long)in->dropped[i],
				drops[i].what, drops[i].why);
}
