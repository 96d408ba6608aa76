/*
 * Private to offer/index*.c: the two halves of building an index.  index_pattern.c turns the
 * rules' conditions into nodes and patterns; index.c turns the rules of each pattern into pairings
 * and gates.
 */
#ifndef OFFER_INDEX_PARTS_H
#define OFFER_INDEX_PARTS_H

#include "offer/index.h"

/* calloc with at least one element; NULL when there is no memory. */
void *gw_index_array(size_t count, size_t size);

/*
 * Fills node_count, levels, patterns, watch_first and always; pattern_of[rule_count] gets each
 * rule's pattern.  GW_E_MEMORY, GW_E_INPUT.
 */
int gw_index_patterns(struct gw_offer_index *x, uint32_t *pattern_of, struct gw_err *err);

#endif
