#include "model/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/table_parts.h"

#define CHUNK_FIRST 8192
#define CHUNK_MOST  (1u << 20)

struct gw_pool_chunk {
	struct gw_pool_chunk *next;
	size_t size, used;
	_Alignas(8) char room[];
};

/* Chunks double in size, so that a small table stays small and a large one needs few. */
static struct gw_pool_chunk *chunk_new(const struct gw_pool *pool, size_t least)
{
	size_t size = pool->chunks != NULL ? pool->chunks->size * 2 : CHUNK_FIRST;
	struct gw_pool_chunk *chunk;

	if (size > CHUNK_MOST)
		size = CHUNK_MOST;
	if (size < least)
		size = least;
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk != NULL) {
		chunk->size = size;
		chunk->used = 0;
	}
	return chunk;
}

void *gw_pool_get(struct gw_pool *pool, size_t size, bool aligned)
{
	struct gw_pool_chunk *chunk = pool->chunks;
	size_t at = 0;

	if (chunk != NULL)
		at = aligned ? (chunk->used + 7) & ~(size_t)7 : chunk->used;
	if (chunk == NULL || at > chunk->size || chunk->size - at < size) {
		chunk = chunk_new(pool, size);
		if (chunk == NULL)
			return NULL;
		chunk->next = pool->chunks;
		pool->chunks = chunk;
		at = 0;
	}
	chunk->used = at + size;
	return chunk->room + at;
}

void gw_pool_release(struct gw_pool *pool)
{
	while (pool->chunks != NULL) {
		struct gw_pool_chunk *next = pool->chunks->next;

		free(pool->chunks);
		pool->chunks = next;
	}
}

const char *gw_row_key_at(const void *rows, size_t stride, uint32_t row)
{
	return *(const char *const *)((const char *)rows + row * stride);
}

static bool same(const char *key, const char *p, size_t len)
{
	return strncmp(key, p, len) == 0 && key[len] == '\0';
}

static uint32_t hash_of(const char *key, size_t len)
{
	return (uint32_t)(gw_hash64(key, len) >> 32);
}

uint32_t gw_index_find(const struct gw_index *index, const void *rows, size_t stride,
		       const char *key, size_t len)
{
	uint32_t hash = hash_of(key, len), mask = index->size - 1;

	if (index->size == 0)
		return UINT32_MAX;
	for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
		const struct gw_index_slot *slot = &index->slots[i];

		if (slot->row == 0)
			return UINT32_MAX;
		if (slot->hash == hash &&
		    same(gw_row_key_at(rows, stride, slot->row - 1), key, len))
			return slot->row - 1;
	}
}

static void place(struct gw_index *index, struct gw_index_slot slot)
{
	uint32_t mask = index->size - 1, i = slot.hash & mask;

	while (index->slots[i].row != 0)
		i = (i + 1) & mask;
	index->slots[i] = slot;
}

static bool grow(struct gw_index *index, uint32_t size)
{
	struct gw_index bigger = {calloc(size, sizeof(*bigger.slots)), size, index->used};

	if (bigger.slots == NULL)
		return false;
	for (uint32_t i = 0; i < index->size; i++)
		if (index->slots[i].row != 0)
			place(&bigger, index->slots[i]);
	free(index->slots);
	*index = bigger;
	return true;
}

bool gw_index_add(struct gw_index *index, const char *key, uint32_t row)
{
	if (index->used >= index->size / 2 && !grow(index, index->size > 0 ? index->size * 2 : 64))
		return false;
	place(index, (struct gw_index_slot){hash_of(key, strlen(key)), row + 1});
	index->used++;
	return true;
}

bool gw_index_fill(struct gw_index *index, const void *rows, size_t stride, uint32_t count)
{
	uint32_t size = 64;

	while (size / 2 < count)
		size *= 2;
	if (!grow(index, size))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const char *key = gw_row_key_at(rows, stride, i);

		place(index, (struct gw_index_slot){hash_of(key, strlen(key)), i + 1});
	}
	index->used = count;
	return true;
}

void gw_index_release(struct gw_index *index)
{
	free(index->slots);
	*index = (struct gw_index){0};
}

void gw_table_free(struct gw_table *table)
{
	struct gw_table_parts *parts;

	if (table == NULL)
		return;
	parts = table->private_parts;
	gw_pool_release(&parts->pool);
	gw_index_release(&parts->items);
	free((void *)table->items);
	free((void *)table->rules);
	free((void *)table->categories);
	free((void *)table->experiments);
	free((void *)table->settings);
	free(parts);
	free(table);
}

const char *gw_table_version(const struct gw_table *table)
{
	return table->version;
}

size_t gw_table_item_count(const struct gw_table *table)
{
	return table->item_count;
}

size_t gw_table_rule_count(const struct gw_table *table)
{
	return table->rule_count;
}

uint32_t gw_table_find(const struct gw_table *table, const char *code, size_t len)
{
	const struct gw_table_parts *parts = table->private_parts;

	return gw_index_find(&parts->items, table->items, sizeof(*table->items), code, len);
}

const char *gw_table_setting(const struct gw_table *table, const char *key, const char *fallback)
{
	for (uint32_t i = 0; i < table->setting_count; i++)
		if (strcmp(table->settings[i].key, key) == 0)
			return table->settings[i].value;
	return fallback;
}

int64_t gw_table_setting_int(const struct gw_table *table, const char *key, int64_t least,
			     int64_t most, int64_t fallback)
{
	const char *value = gw_table_setting(table, key, NULL);
	char *end;
	long long n;

	if (value == NULL || value[strspn(value, "-0123456789")] != '\0')
		return fallback;
	errno = 0;
	n = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 || n < least || n > most)
		return fallback;
	return n;
}
