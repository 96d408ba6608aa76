/*
 * The payload of a bundle: a rule table as NDJSON in one canonical order (settings by key,
 * categories and items by name and code, experiments, rules by id), so that the same content gives
 * the same bytes, whatever the order of the rows it was made from.  Compressed with zstd.
 *
 *	{"goeswith_table":1,"currency":"EUR"}
 *	{"setting":"offer_ms","value":"8000"}
 *	{"item":"09521234000013","name":"Torch","price":1299,"category":"light"}
 *	{"experiment":"e1","hypothesis":"...","arms":"now:500000 later:500000"}
 *	{"rule":"r1","if":["09521234000013","category:light"],"suggest":"09521234000020",...}
 *
 * Members at their default are left out; unknown members and unknown kinds of lines are ignored.
 * Nothing that comes out of a payload is believed: caps here, row checks in model/table_build.h.
 */
#ifndef TABLE_PAYLOAD_H
#define TABLE_PAYLOAD_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "model/table_build.h"

#define GW_PAYLOAD_SIZE_MAX (256u << 20) /* compressed */
#define GW_PAYLOAD_RAW_MAX  (1u << 30)
#define GW_PAYLOAD_LINE_MAX 16384

enum gw_row_kind { GW_ROW_SETTING, GW_ROW_ITEM, GW_ROW_EXPERIMENT, GW_ROW_RULE, GW_ROW_KINDS };

/* Rows of a kind in the table, and the key (of row `row`) they are ordered by. */
uint32_t gw_row_count(const struct gw_table *table, enum gw_row_kind kind);
const char *gw_row_key(const struct gw_table *table, enum gw_row_kind kind, uint32_t row);
/* "setting", "item", "experiment", "rule": also the first member of the row's line. */
const char *gw_row_kind_name(enum gw_row_kind kind);
/* Appends one row's line, without its end. */
void gw_row_write(const struct gw_table *table, enum gw_row_kind kind, uint32_t row,
		  struct gw_text *line);
/* Row numbers in canonical order, malloc'ed; NULL when out of memory. */
uint32_t *gw_row_order(const struct gw_table *table, enum gw_row_kind kind);

/* The table as NDJSON in malloc'ed memory.  GW_E_MEMORY. */
int gw_payload_write(const struct gw_table *table, char **raw, size_t *len, struct gw_err *err);

/*
 * Adds the rows of NDJSON to a table under construction; the head's currency is set by it, the
 * rest of head comes from the caller.  GW_E_INPUT with "payload line N: ...".
 */
int gw_payload_read(const char *raw, size_t len, struct gw_table_build *build,
		    struct gw_table_head head, struct gw_err *err);

/* zstd; *out is malloc'ed.  GW_E_MEMORY. */
int gw_payload_compress(const char *raw, size_t len, char **out, size_t *out_len,
			struct gw_err *err);
/*
 * raw_len is what the manifest promises: one byte more, or less, is refused, so that a few bytes
 * can never become more memory than was announced and allowed.  GW_E_INPUT, GW_E_MEMORY.
 */
int gw_payload_expand(const char *packed, size_t len, size_t raw_len, char **raw,
		      struct gw_err *err);

#endif
