/*
 * Fuzz target: the engine, fed with inputs cut from the data, on a small table with every kind of
 * rule.  A twin is restored from the kept events half way and must give the same from then on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/shop.h"

#define KEPT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct shop_item items[] = {
	{"a", 100, 50, "g", NULL, 0},        {"b", 200, 90, "g", NULL, 0},
	{"c", 300, -1, NULL, NULL, 0},       {"d", -1, 10, NULL, NULL, 0},
	{"e", 500, 10, NULL, "recall:L", 0}, {"05901234123457", 400, 200, NULL, NULL, 0},
};
static const struct shop_rule rules[] = {
	{"r1", "a", "b", 0.5, .price = 150},
	{"r2", "a b", "c", 0.9, .kind = GW_RULE_UPGRADE},
	{"r3", "category:g category:g", "d", 0.7, .kind = GW_RULE_BUNDLE},
	{"r4", "c", "e", 0.2, .moment = GW_MOMENT_TOTAL},
	{"r5", "", "a", 0.1, .segment = "gold"},
	{"r6", "05901234123457", "e", 0.4, .pos_code = "PLU"},
};
static const struct shop_setting settings[] = {{"offers_per_sale", "2"},
					       {"control_accept", "YES"},
					       {"region", "germany"},
					       {"idle_close_s", "60"},
					       {"total_close_s", "0"}}; /* a tender without a
					       sale teaches the engine, and is not journalled */
static const struct gw_arm arms[] = {{"x", 500000}, {"y", 500000}};
static const struct gw_experiment experiment = {.id = "e",
						.hypothesis = "",
						.metric = "",
						.salt = "",
						.to_day = 99999,
						.holdout_ppm = 400000,
						.arms = arms,
						.arm_count = 2};

struct kept {
	struct gw_event list[KEPT_MAX];
	size_t count;
};

static struct gw_engine *new_engine(const struct gw_table *table, uint32_t next)
{
	struct gw_engine_config config = {.store = "S", .terminal = "T", .next_basket = next};
	struct gw_engine *e;

	if (gw_engine_new(&e, &config, NULL) < 0 || gw_engine_set_table(e, table, NULL) < 0)
		abort();
	return e;
}

/* One input: kind, time, number, then text up to a NUL.  Returns what is left. */
static size_t cut_input(const uint8_t *data, size_t size, struct gw_input *in, char *text,
			int64_t *now_ms)
{
	const uint8_t *end;
	size_t len;

	in->kind = (enum gw_input_kind)(data[0] % (GW_IN_TICK + 1));
	if (in->kind == GW_IN_PRACTICE) /* not journalled: a twin cannot follow */
		in->kind = GW_IN_TICK;
	*now_ms += data[1] < 128 ? data[1] * 10 : (data[1] - 128) * 1000;
	in->at_ms = 1772618400000LL + *now_ms;
	in->mono_ms = *now_ms;
	in->line = in->qty = data[2] % 16 - 3;
	in->price_minor = data[2] * 7 - 200;
	in->late_ms = data[2] & 64;
	data += 3;
	size -= 3;
	end = memchr(data, 0, size);
	len = end != NULL ? (size_t)(end - data) : size;
	len = len > 100 ? 100 : len;
	memcpy(text, data, len);
	text[len] = '\0';
	in->code = in->text = text;
	in->data = (const uint8_t *)text;
	in->data_len = len;
	return size - (end != NULL ? (size_t)(end - data) + 1 : size);
}

static void write_events(const struct gw_engine *e, struct gw_text *out, struct kept *kept)
{
	static const bool journal[] = {
#define KEPT(name, word, yes) yes,
		GW_EVENT_MAP(KEPT)
#undef KEPT
	};
	const struct gw_event *events;
	size_t n = gw_engine_events(e, &events);

	gw_text_clear(out);
	for (size_t i = 0; i < n; i++) {
		if (events[i].kind != GW_EV_TABLE)
			shop_write(out, &events[i]);
		if (kept != NULL && journal[events[i].kind] && kept->count < KEPT_MAX)
			kept->list[kept->count++] = events[i];
	}
}

static struct gw_engine *twin(const struct gw_table *table, const struct kept *kept)
{
	struct gw_engine *e;
	uint32_t opened = 0;

	for (size_t i = 0; i < kept->count; i++)
		opened += kept->list[i].kind == GW_EV_OPEN;
	e = new_engine(table, opened + 1);
	/* All events: those of closed sales change nothing that is not the same in the original. */
	for (size_t i = 0; i < kept->count; i++)
		if (gw_engine_restore(e, &kept->list[i]) < 0)
			abort();
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shop shop = {items, 6, rules, 6, settings, 5, &experiment, 1, 0, "1"};
	static struct kept kept;
	static char left[20000], right[20000];
	struct gw_text a = gw_text_over(left, sizeof(left)), b = gw_text_over(right, sizeof(right));
	struct gw_table *table = shop_table(&shop);
	struct gw_engine *e = new_engine(table, 1), *other = NULL;
	size_t left_over = size;
	int64_t now_ms = 0;

	kept.count = 0;
	while (left_over >= 3) {
		struct gw_input in = {0};
		char text[101];
		const uint8_t *at = data + (size - left_over);

		if (other == NULL && left_over < size / 2 && kept.count < KEPT_MAX) {
			other = twin(table, &kept);
			now_ms += 2000; /* no restart is quick enough for the two codes of a pack */
		}
		left_over = cut_input(at, left_over, &in, text, &now_ms);
		if (gw_engine_input(e, &in) != GW_OK)
			abort();
		write_events(e, &a, other == NULL ? &kept : NULL);
		if (other == NULL)
			continue;
		gw_engine_input(other, &in);
		write_events(other, &b, NULL);
		if (strcmp(left, right) != 0 || gw_engine_deadline(e) != gw_engine_deadline(other))
			abort();
	}
	gw_engine_free(e);
	gw_engine_free(other);
	gw_table_free(table);
	return 0;
}
