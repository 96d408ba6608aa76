/*
 * Private parts of a table, shared by table.c (looks up, frees) and table_build.c (fills): the
 * pool all texts lie in, and the hash look-up from code to item.
 */
#ifndef MODEL_TABLE_PARTS_H
#define MODEL_TABLE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory handed out piece by piece and freed at once; pieces never move. */
struct gw_pool_chunk;

struct gw_pool {
	struct gw_pool_chunk *chunks; /* newest first */
};

/* size bytes, aligned for pointers and int64_t when aligned is set; NULL when out of memory. */
void *gw_pool_get(struct gw_pool *pool, size_t size, bool aligned);
void gw_pool_release(struct gw_pool *pool);

/*
 * Hash look-up over rows that begin with a `const char *`: open addressing, linear probing, a
 * quarter to half full.  Holds the upper half of each hash, so that a miss rarely touches a row.
 */
struct gw_index_slot {
	uint32_t hash, row; /* row + 1; 0: empty */
};

struct gw_index {
	struct gw_index_slot *slots;
	uint32_t size; /* power of two, 0: empty */
	uint32_t used;
};

/* Row with this key, or UINT32_MAX.  rows[] have stride bytes each. */
uint32_t gw_index_find(const struct gw_index *index, const void *rows, size_t stride,
		       const char *key, size_t len);
/* The key of a row. */
const char *gw_row_key_at(const void *rows, size_t stride, uint32_t row);
/* Makes an empty index hold rows[0..count) whose keys differ.  False when out of memory. */
bool gw_index_fill(struct gw_index *index, const void *rows, size_t stride, uint32_t count);
/* Adds a row whose key is not in it yet.  False when out of memory. */
bool gw_index_add(struct gw_index *index, const char *key, uint32_t row);
void gw_index_release(struct gw_index *index);

struct gw_table_parts {
	struct gw_pool pool;
	struct gw_index items;
};

#endif
