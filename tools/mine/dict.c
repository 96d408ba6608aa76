#include "tools/mine/dict.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

void gw_dict_init(struct gw_dict *dict)
{
	memset(dict, 0, sizeof(*dict));
}

void gw_dict_release(struct gw_dict *dict)
{
	free(dict->pool);
	free(dict->offset);
	free(dict->slots);
	gw_dict_init(dict);
}

const char *gw_dict_text(const struct gw_dict *dict, uint32_t id)
{
	return dict->pool + dict->offset[id];
}

size_t gw_dict_len(const struct gw_dict *dict, uint32_t id)
{
	size_t end = id + 1 < dict->count ? dict->offset[id + 1] : dict->pool_len;

	return end - dict->offset[id] - 1;
}

/* The slot that holds the text, or the empty one where it belongs; slot_count > 0. */
static uint32_t slot_of(const struct gw_dict *dict, const char *p, size_t len)
{
	uint32_t mask = dict->slot_count - 1;
	uint32_t at = (uint32_t)gw_hash64(p, len) & mask;

	for (;; at = (at + 1) & mask) {
		uint32_t id = dict->slots[at];

		if (id == GW_DICT_NONE)
			return at;
		if (gw_dict_len(dict, id) == len && memcmp(gw_dict_text(dict, id), p, len) == 0)
			return at;
	}
}

static bool grow_slots(struct gw_dict *dict)
{
	uint32_t count = dict->slot_count > 0 ? dict->slot_count * 2 : 1024;
	uint32_t *slots = malloc(count * sizeof(*slots));

	if (slots == NULL)
		return false;
	memset(slots, 0xFF, count * sizeof(*slots));
	free(dict->slots);
	dict->slots = slots;
	dict->slot_count = count;
	for (uint32_t id = 0; id < dict->count; id++) {
		const char *text = gw_dict_text(dict, id);

		slots[slot_of(dict, text, strlen(text))] = id;
	}
	return true;
}

static bool grow_texts(struct gw_dict *dict, size_t len)
{
	if (dict->count == dict->room) {
		uint32_t room = dict->room > 0 ? dict->room * 2 : 512;
		size_t *offset = realloc(dict->offset, room * sizeof(*offset));

		if (offset == NULL)
			return false;
		dict->offset = offset;
		dict->room = room;
	}
	if (dict->pool_room - dict->pool_len < len + 1) {
		size_t room = (dict->pool_room > 0 ? dict->pool_room : 4096) * 2 + len;
		char *pool = realloc(dict->pool, room);

		if (pool == NULL)
			return false;
		dict->pool = pool;
		dict->pool_room = room;
	}
	return true;
}

uint32_t gw_dict_find(const struct gw_dict *dict, const char *p, size_t len)
{
	return dict->slot_count > 0 ? dict->slots[slot_of(dict, p, len)] : GW_DICT_NONE;
}

uint32_t gw_dict_add(struct gw_dict *dict, const char *p, size_t len)
{
	uint32_t at;

	if (dict->count >= dict->slot_count / 2 && !grow_slots(dict))
		return GW_DICT_NONE;
	at = slot_of(dict, p, len);
	if (dict->slots[at] != GW_DICT_NONE)
		return dict->slots[at];
	if (!grow_texts(dict, len))
		return GW_DICT_NONE;
	memcpy(dict->pool + dict->pool_len, p, len);
	dict->pool[dict->pool_len + len] = '\0';
	dict->offset[dict->count] = dict->pool_len;
	dict->pool_len += len + 1;
	dict->slots[at] = dict->count;
	return dict->count++;
}
