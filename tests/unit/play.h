/*
 * One till in a small shop: the table, an engine, and what its events say, compared step by step.
 * Include cmocka.h before it.
 */
#ifndef TESTS_PLAY_H
#define TESTS_PLAY_H

#include "tests/unit/shop.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Wednesday 2026-03-04 10:00 UTC. */
#define START_MS 1772618400000LL

static const struct shop_item items[] = {
	{"05901234123457", 400, 200, NULL, NULL, 0},
	{"09501101530003", 500, 300, NULL, "recall:L7", 0},
	{"00000096385074", 150, 50, NULL, NULL, 0},
	{"02200010000009", -1, -1, NULL, NULL, 0},
	{"02500010000000", 20, 10, NULL, NULL, 0},
	{"02811110000006", 1000, 400, NULL, NULL, 0},
	{"02900010000008", 1000, 400, NULL, NULL, 0},
	{"99501101530006", 800, 400, NULL, NULL, 0},
	{"torch", 1299, 700, NULL, NULL, 0},
	{"batt", 349, 149, NULL, NULL, 0},
	{"kite", 999, 500, NULL, "recall", 0},
};

static const struct shop_rule rules[] = {
	{"r-batt", "torch", "batt", 0.30, .price = 299},
	{"r-ean", "05901234123457", "batt", 0.30, .price = 0},
	{"r-gs1", "09501101530003", "batt", 0.30, .price = 0},
	{"r-kite", "kite", "batt", 0.30, .price = 0},
};

static const struct shop_setting settings[] = {{"region", "germany"},
					       {"patterns", "22IIIIINNNNNC price 2 EUR;"
							    "29IIIIINNNNNC weight 3 kg;"
							    "25IIIIINNNNNC count 0 pcs"}};

static inline struct shop plain_shop(void)
{
	return (struct shop){.items = items,
			     .item_count = COUNT(items),
			     .rules = rules,
			     .rule_count = COUNT(rules),
			     .settings = settings,
			     .setting_count = COUNT(settings)};
}

static inline struct gw_engine *new_engine(const struct gw_table *table)
{
	struct gw_engine_config config = {.store = "S1", .terminal = "T1", .currency = "EUR"};
	struct gw_engine *e;

	assert_int_equal(gw_engine_new(&e, &config, NULL), GW_OK);
	assert_int_equal(gw_engine_set_table(e, table, NULL), GW_OK);
	return e;
}

/* A sale being played: table, engine and the text of its events so far. */
struct play {
	struct gw_table *table;
	struct shop_player p;
	struct gw_text out;
	char room[8000];
};

static inline void play_begin(struct play *play, const struct shop *shop)
{
	play->table = shop_table(shop);
	play->out = gw_text_over(play->room, sizeof(play->room));
	gw_text_clear(&play->out);
	play->p = (struct shop_player){.engine = new_engine(play->table),
				       .at_ms = START_MS,
				       .mono_ms = 5000,
				       .out = &play->out};
}

static inline void play_end(struct play *play)
{
	gw_engine_free(play->p.engine);
	gw_table_free(play->table);
}

/* Plays on and compares what that gave. */
static inline void play_expect(struct play *play, const char *why, const char *script,
			       const char *expect)
{
	gw_text_clear(&play->out);
	shop_play(&play->p, script);
	if (strcmp(play->room, expect) != 0)
		fail_msg("%s\n  script   %s\n  expected %s\n  got      %s", why, script, expect,
			 play->room);
}

static inline void scan_bytes(struct play *play, const char *bytes)
{
	struct gw_input in = {.kind = GW_IN_SCAN,
			      .price_minor = -1,
			      .data = (const uint8_t *)bytes,
			      .data_len = strlen(bytes)};

	play->p.mono_ms += 800;
	play->p.at_ms += 800;
	shop_input(&play->p, &in);
}

#endif
