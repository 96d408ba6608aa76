/*
 * Puts a rule table together: texts are copied, rows are checked for what every reader of the
 * table relies on, and `done` hands out the finished, immutable table.  Used by the loader, by
 * goeswith-table, and by tests that want a table without a file.
 *
 * Owns what it copied until done; a failed or abandoned build is freed whole.  Rows refer to
 * earlier ones by index, so that categories and items come before rules.  One thread.
 *
 *	struct gw_table_build *b;
 *	gw_table_build_new(&b, &err);
 *	gw_table_build_head(b, &(struct gw_table_head){.version = "7", .currency = "EUR"}, &err);
 *	torch = gw_table_build_item(b, &(struct gw_item){.code = "09521234000013", .name = "Torch",
 *		.price_minor = 1299, .cost_minor = -1, .category = GW_NONE, .stock = -1}, &err);
 *	gw_table_build_rule(b, &rule, &err);	(start from gw_rule_blank)
 *	table = gw_table_build_done(b);
 */
#ifndef MODEL_TABLE_BUILD_H
#define MODEL_TABLE_BUILD_H

#include "base/err.h"
#include "model/table.h"

/* Ceilings that no honest table comes near; a forged one stops at them. */
#define GW_TABLE_ITEMS_MAX       2000000
#define GW_TABLE_RULES_MAX       2000000
#define GW_TABLE_CATEGORIES_MAX  100000
#define GW_TABLE_EXPERIMENTS_MAX 1000
#define GW_TABLE_ARMS_MAX        32 /* of one experiment */
#define GW_TABLE_SETTINGS_MAX    1000
#define GW_ITEM_NAME_MAX         200 /* bytes */
#define GW_ITEM_TAGS_MAX         500
#define GW_RULE_SCRIPT_MAX       200
#define GW_TABLE_TEXT_MAX        2000 /* any other text */

struct gw_table_head {
	const char *version, *chain; /* NULL means "" */
	int64_t issued_ms, expires_ms;
	const char *currency; /* NULL means EUR */
};

struct gw_table_build;

/* GW_E_MEMORY. */
int gw_table_build_new(struct gw_table_build **build, struct gw_err *err);
void gw_table_build_free(struct gw_table_build *build);

int gw_table_build_head(struct gw_table_build *build, const struct gw_table_head *head,
			struct gw_err *err);

/*
 * Each adds a row and returns its index (>= 0), or GW_E_INPUT (a text too long or unsafe for a
 * terminal, a reference to a row that is not there, a number out of its range, a code that is
 * there already, a ceiling reached) or GW_E_MEMORY.  Texts are copied; NULL means "".
 */
int64_t gw_table_build_category(struct gw_table_build *build, const char *name, struct gw_err *err);
int64_t gw_table_build_item(struct gw_table_build *build, const struct gw_item *item,
			    struct gw_err *err);
int64_t gw_table_build_rule(struct gw_table_build *build, const struct gw_rule *rule,
			    struct gw_err *err);
int64_t gw_table_build_experiment(struct gw_table_build *build,
				  const struct gw_experiment *experiment, struct gw_err *err);
int64_t gw_table_build_setting(struct gw_table_build *build, const char *key, const char *value,
			       struct gw_err *err);

/* Index of an item or category added so far, GW_NONE. O(1). */
uint32_t gw_table_build_find(struct gw_table_build *build, const char *code, size_t len);
uint32_t gw_table_build_find_category(const struct gw_table_build *build, const char *name);
/* The rows added so far: counts and arrays move until done, texts stay; a rule that rings what it
 * suggests has no pos_code yet. */
const struct gw_table *gw_table_build_peek(const struct gw_table_build *build);

/*
 * The arms of an experiment as text, `name:ppm` joined by blanks.  Parsing copies the text to room,
 * where the names in arms[] then lie; "" gives none.  GW_E_INPUT says what is wrong with which.
 */
#define GW_ARMS_TEXT_MAX 2000
int gw_arms_parse(const char *text, char room[GW_ARMS_TEXT_MAX],
		  struct gw_arm arms[GW_TABLE_ARMS_MAX], uint32_t *count, struct gw_err *err);
/* Writes them to room, which every experiment of a table fits, and returns it. */
const char *gw_arms_format(const struct gw_experiment *experiment, char room[GW_ARMS_TEXT_MAX]);

/* A rule that always applies and states nothing: fill in id and suggest at least. */
struct gw_rule gw_rule_blank(void);

/* The finished table, which the caller then owns; NULL when out of memory.  build is gone. */
struct gw_table *gw_table_build_done(struct gw_table_build *build);

#endif
