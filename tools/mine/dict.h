/*
 * Interned texts: item codes, tills, categories.  A text gets the next number the first time it is
 * seen, so numbers depend on the input alone.
 *
 * Owns copies of the texts.  Never forgets one.  Not for several threads while it grows; any number
 * of readers afterwards.
 *
 *	struct gw_dict dict;
 *	gw_dict_init(&dict);
 *	uint32_t id = gw_dict_add(&dict, text, len);
 *	gw_dict_release(&dict);
 */
#ifndef TOOLS_MINE_DICT_H
#define TOOLS_MINE_DICT_H

#include <stddef.h>
#include <stdint.h>

#define GW_DICT_NONE UINT32_MAX

struct gw_dict {
	char *pool; /* the texts, each with its NUL */
	size_t pool_len, pool_room;
	size_t *offset; /* offset[count]: where text i starts in the pool */
	uint32_t count, room;
	uint32_t *slots; /* open addressing, linear probing; GW_DICT_NONE = empty */
	uint32_t slot_count;
};

void gw_dict_init(struct gw_dict *dict);
void gw_dict_release(struct gw_dict *dict);

/* Number of the text p[0..len), which holds no NUL; GW_DICT_NONE when memory is out. */
uint32_t gw_dict_add(struct gw_dict *dict, const char *p, size_t len);

/* Number of the text, GW_DICT_NONE when it was never added. */
uint32_t gw_dict_find(const struct gw_dict *dict, const char *p, size_t len);

/* Text of number id < count; borrowed until the next gw_dict_add. */
const char *gw_dict_text(const struct gw_dict *dict, uint32_t id);
size_t gw_dict_len(const struct gw_dict *dict, uint32_t id);

#endif
