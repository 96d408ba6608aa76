/*
 * The rule table in memory: items, rules, experiments, settings of one round, as flat arrays whose
 * texts lie in one pool.  Immutable once built (model/table_build.h), swapped whole between sales.
 *
 * Owns all it points to.  Never reads files (store/table_db.c does).  Any number of readers.
 */
#ifndef MODEL_TABLE_H
#define MODEL_TABLE_H

#include "goeswith/table.h"

#define GW_NONE UINT32_MAX /* no item, no category */

enum gw_item_kind { GW_ITEM_PRODUCT, GW_ITEM_SERVICE };

struct gw_item {
	const char *code;                /* GTIN-14 where it is one, else the internal code */
	const char *name;                /* UTF-8, already safe for a terminal */
	const char *tags;                /* joined by a blank, "" for none */
	int64_t price_minor, cost_minor; /* -1: unknown */
	uint32_t category;               /* index into categories[], GW_NONE */
	int32_t stock;                   /* pieces, -1: unknown */
	enum gw_item_kind kind;
};

enum gw_moment { GW_MOMENT_SCAN, GW_MOMENT_TOTAL };

#define GW_IF_MAX 4 /* conditions of one rule */

/* One condition: an item or a category that must be in the basket; the same one k times in a rule
 * asks for k pieces ("any three wines"). */
struct gw_condition {
	uint32_t index;
	bool is_category;
};

struct gw_rule {
	const char *id;
	struct gw_condition conditions[GW_IF_MAX];
	uint8_t condition_count; /* 0: always */
	enum gw_rule_kind kind;
	enum gw_moment moment;
	uint32_t suggest;    /* item index */
	int64_t price_minor; /* of the add-on in this offer, discount applied; -1: unknown */
	int64_t saves_minor;
	const char *pos_code;     /* what the till must ring, never "" */
	const char *script;       /* "" for none */
	const char *segment;      /* "" = all */
	const char *arm;          /* "" = all */
	int32_t from_day, to_day; /* days since 1970, inclusive; INT32_MIN / INT32_MAX: open */
	uint8_t days;             /* bit 0 = Monday .. bit 6 = Sunday */
	int16_t from_minute, to_minute; /* local minutes of the day, [from, to); from > to wraps */
	int64_t min_subtotal_minor;
	int32_t priority;
	double weight;                    /* additive evidence */
	double support, confidence, lift; /* 0: not given */
};

struct gw_arm {
	const char *name;
	int32_t share_ppm;
};

struct gw_experiment {
	const char *id, *hypothesis, *metric, *salt;
	int32_t from_day, to_day;
	int32_t holdout_ppm;
	const struct gw_arm *arms;
	uint32_t arm_count;
};

struct gw_setting {
	const char *key, *value;
};

struct gw_table {
	const char *version, *chain;   /* chain: of shops, "" */
	int64_t issued_ms, expires_ms; /* 0: not given */
	const char *currency;
	int decimals;
	const struct gw_item *items;
	uint32_t item_count;
	const struct gw_rule *rules;
	uint32_t rule_count;
	const char *const *categories;
	uint32_t category_count;
	const struct gw_experiment *experiments;
	uint32_t experiment_count;
	const struct gw_setting *settings;
	uint32_t setting_count;
	void *private_parts; /* pool and look-up tables: table.c */
};

/* Index of the item with this code (exact bytes), GW_NONE.  O(1). */
uint32_t gw_table_find(const struct gw_table *table, const char *code, size_t len);

/* Value of a setting, or fallback.  O(settings). */
const char *gw_table_setting(const struct gw_table *table, const char *key, const char *fallback);

/* The same as a whole number within least..most; fallback when absent or not such a number. */
int64_t gw_table_setting_int(const struct gw_table *table, const char *key, int64_t least,
			     int64_t most, int64_t fallback);

#endif
