/*
 * A table in words: what `goeswith-table show` and `diff` print, for people who edit rules.
 * Writes to a gw_text; owns nothing.
 */
#ifndef TABLE_WORDS_H
#define TABLE_WORDS_H

#include "base/text.h"
#include "model/table.h"

/* "with Torch LED: Batteries AA for 3.49 (saves 0.50), mon-fri, 11:00-14:00" */
void gw_rule_in_words(const struct gw_table *table, const struct gw_rule *rule,
		      struct gw_text *out);
void gw_item_in_words(const struct gw_table *table, const struct gw_item *item,
		      struct gw_text *out);
void gw_experiment_in_words(const struct gw_experiment *experiment, struct gw_text *out);

#endif
