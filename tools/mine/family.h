/*
 * Variants of one product (its colours, sizes, flavours) are substitutes: who has one in the
 * basket is not helped by another.  Told by a tag of the catalogue, by codes, or by names.
 *
 * Pure functions over texts; allocate nothing.
 */
#ifndef TOOLS_MINE_FAMILY_H
#define TOOLS_MINE_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/mine/sales.h"

/*
 * True if the names say so: words shared at the front and at the back make up at least half of the
 * shorter name and are at least two ("LUNCH BAG WOODLAND", "LUNCH BAG CARS BLUE"); or all that
 * differs are numbers or sizes ("COLA 1L", "COLA 0.5L").  Case and signs do not matter.
 */
bool gw_names_are_variants(const char *a, const char *b);

/* True if both are digits (four or more, the same) with different letters behind ("85123A"). */
bool gw_codes_are_variants(const char *a, const char *b);

/* The item's family tag ("family:NAME" in the catalogue) decides where both have one. */
bool gw_same_family(const struct gw_sales *sales, uint32_t a, uint32_t b);

#endif
