/*
 * Everything a mining run knows of the sales it was given: the items with what the files said
 * about them, the baskets, and an account of what was left out and why.
 *
 * Owns the dictionaries, item facts and the spool of baskets; memory is bounded by the number of
 * items.  Filled through gw_sales_add_* by one reader at a time; read-only afterwards.  Prints
 * only in gw_intake_print.
 */
#ifndef TOOLS_MINE_SALES_H
#define TOOLS_MINE_SALES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "tools/mine/dict.h"
#include "tools/mine/spool.h"

#define GW_ITEM_CODE_MAX 200 /* bytes of an item code or a name */
#define GW_NO_PRICE      INT64_MIN
#define GW_PRICE_SLOTS   4
#define GW_BAD_SHOWN     10

/* X(name, what was dropped, why) in the order of the summary */
#define GW_DROP_MAP(X)                                                                             \
	X(GW_DROP_SYNTAX, "rows", "not readable")                                                  \
	X(GW_DROP_NUMBER, "rows", "quantity, price or time is not one")                            \
	X(GW_DROP_NO_KEY, "rows", "no receipt number or no item code")                             \
	X(GW_DROP_CODE, "items", "code with a control character, or longer than 200 bytes")        \
	X(GW_DROP_RETURN, "rows", "returned or cancelled (quantity not above 0)")                  \
	X(GW_DROP_PRICE, "rows", "not sold (price not above 0)")                                   \
	X(GW_DROP_BASKET, "rows", "receipt number does not match --basket-match")                  \
	X(GW_DROP_ITEM, "rows", "item code does not match --item-match")                           \
	X(GW_DROP_LATE, "rows", "of a receipt that was closed long before; sort the file by it")   \
	X(GW_DROP_CANCELLED, "baskets", "cancelled or suspended for good")                         \
	X(GW_DROP_BULK, "baskets", "more items than --max-basket")

enum gw_drop {
#define GW_DROP_ENUM(name, what, why) name,
	GW_DROP_MAP(GW_DROP_ENUM)
#undef GW_DROP_ENUM
		GW_DROP_COUNT
};

struct gw_intake {
	uint64_t rows, baskets, repeats; /* repeats: an item again in the same basket */
	uint64_t dropped[GW_DROP_COUNT];
	uint32_t bad_count; /* faults told one by one, at most GW_BAD_SHOWN */
	char bad[GW_BAD_SHOWN][200];
};

struct gw_item_facts {
	uint32_t baskets;         /* that hold it */
	uint64_t last_basket;     /* private: number of the last basket it was in, from 1 */
	size_t name;              /* offset into names, 0: none */
	uint32_t name_votes;      /* Boyer-Moore majority vote among the names seen */
	uint32_t category;        /* number in `categories`, GW_DICT_NONE */
	uint32_t family;          /* number in `families`, GW_DICT_NONE */
	bool service, listed;     /* from a catalogue */
	bool alias;               /* ... where the same code is spelled another way */
	int64_t list_price, cost; /* from a catalogue, GW_NO_PRICE */
	struct {
		int64_t minor;
		uint32_t votes;
	} prices[GW_PRICE_SLOTS]; /* Misra-Gries summary of the prices seen */
};

/* What became of the offers of a rule, from journals. */
struct gw_rule_record {
	uint64_t shown, accepted, declined, not_voiced, withdrawn;
	uint64_t ghosts, ghosts_bought; /* held back, and bought all the same */
	int64_t value_minor;            /* of what was accepted */
	int64_t margin_minor;           /* of one, as last told; -1: unknown */
	int64_t last_ms;                /* the last offer or ghost */
};

struct gw_sales {
	struct gw_dict rules;           /* ids of rules met in journals */
	struct gw_rule_record *records; /* records[rules.count] */
	struct gw_dict items, tills, categories, families, names;
	struct gw_item_facts *facts; /* facts[items.count] */
	uint32_t facts_room;
	struct gw_spool *spool;
	struct gw_intake intake;
	int decimals;              /* of the currency */
	uint32_t max_basket;       /* 0: no cap */
	int64_t first_ms, last_ms; /* of baskets with a time; GW_NO_TIME */
	uint64_t counted;          /* baskets counted elsewhere, when none were read */
	uint64_t basket_number;    /* private: baskets seen */
	uint32_t *scratch;         /* private: ids of the basket being added */
	uint32_t scratch_room;
};

/* memory_limit: bytes of baskets kept in memory.  GW_E_MEMORY. */
int gw_sales_init(struct gw_sales *sales, size_t memory_limit);
void gw_sales_release(struct gw_sales *sales);

/* Number of an item code, blanks around it removed; GW_DICT_NONE: refused (counted) or no memory.
 */
uint32_t gw_sales_item(struct gw_sales *sales, const char *code, size_t len);

/* What a row says about an item: name may be "", price_minor GW_NO_PRICE. */
int gw_sales_tell(struct gw_sales *sales, uint32_t item, const char *name, size_t name_len,
		  int64_t price_minor);

/*
 * Adds a basket; repeats of an id are merged.  An empty one is not counted.
 * GW_E_MEMORY, GW_E_STORAGE.
 */
int gw_sales_add(struct gw_sales *sales, const struct gw_basket *basket, struct gw_err *err);

/* Baskets the facts are about: those in the spool, or counted elsewhere. */
uint64_t gw_sales_baskets(const struct gw_sales *sales);

/* Counts a dropped row, and keeps the sentence if it is among the first. */
void gw_sales_drop(struct gw_sales *sales, enum gw_drop why);
void gw_sales_bad(struct gw_sales *sales, enum gw_drop why, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Record of a rule, made when it is new; NULL: no memory.  Valid until the next new one. */
struct gw_rule_record *gw_sales_record(struct gw_sales *sales, const char *rule);

/* Usual price in minor units: the catalogue's, else the commonest seen; GW_NO_PRICE. */
int64_t gw_sales_price(const struct gw_sales *sales, uint32_t item);
/* Name, "" when none is known. */
const char *gw_sales_name(const struct gw_sales *sales, uint32_t item);

/* The summary of what was read and left out; quiet: only faults. */
void gw_intake_print(const struct gw_sales *sales, FILE *out, bool quiet);

/* Reads a catalogue (items.csv of the contract): categories, kinds, names, prices, costs. */
int gw_sales_catalogue(struct gw_sales *sales, const char *path, struct gw_err *err);

#endif
