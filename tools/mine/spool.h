/*
 * Baskets in the order they were read, kept small: ids as varints in blocks.  Blocks
 * stay in memory up to a limit; beyond it they go to an unlinked temporary file, so that memory
 * does not grow with the number of baskets.
 *
 * Owns its blocks and the file.  Filled by one thread; once full, any number of threads may read,
 * each with a reader of its own.
 *
 *	gw_spool_new(&spool, 64 << 20);
 *	gw_spool_add(spool, &basket, &err);
 *	struct gw_spool_reader r = {0};
 *	for (uint32_t b = 0; b < gw_spool_blocks(spool); b++) {
 *		gw_spool_open(spool, b, &r, &err);
 *		while (gw_spool_next(&r, &basket)) use(&basket);
 *	}
 *	gw_spool_reader_release(&r);
 */
#ifndef TOOLS_MINE_SPOOL_H
#define TOOLS_MINE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GW_NO_TIME INT64_MIN
#define GW_NO_TILL UINT32_MAX

struct gw_basket {
	int64_t when_ms; /* on the shop's clock, as if that were UTC; GW_NO_TIME: unknown */
	uint32_t till;   /* number in the dictionary of tills, GW_NO_TILL */
	const char *key; /* the receipt's own id, not NUL-terminated; "" where there is none */
	uint32_t key_len;
	const uint32_t *items; /* items[count], distinct, in the order they were sold */
	uint32_t count;
};

struct gw_spool;

/* memory_limit: bytes of blocks kept in memory before the file is begun.  GW_E_MEMORY. */
int gw_spool_new(struct gw_spool **spool, size_t memory_limit);
void gw_spool_free(struct gw_spool *spool);

/* GW_E_MEMORY; GW_E_STORAGE when the temporary file ($TMPDIR, else /tmp) cannot take it. */
int gw_spool_add(struct gw_spool *spool, const struct gw_basket *basket, struct gw_err *err);

uint64_t gw_spool_count(const struct gw_spool *spool);       /* baskets */
uint64_t gw_spool_occurrences(const struct gw_spool *spool); /* items over all baskets */
uint32_t gw_spool_largest(const struct gw_spool *spool);     /* items of the largest basket */
uint32_t gw_spool_blocks(const struct gw_spool *spool);
bool gw_spool_on_disk(const struct gw_spool *spool);

struct gw_spool_reader {
	unsigned char *room; /* a block read back from the file */
	size_t room_len;
	const unsigned char *at, *end;
	uint32_t *items;
	uint32_t items_room;
};

/* Stands before the first basket of a block.  GW_E_STORAGE, GW_E_MEMORY. */
int gw_spool_open(const struct gw_spool *spool, uint32_t block, struct gw_spool_reader *reader,
		  struct gw_err *err);
/* False behind the block's last basket; what basket points to lasts until the next call. */
bool gw_spool_next(struct gw_spool_reader *reader, struct gw_basket *basket);
void gw_spool_reader_release(struct gw_spool_reader *reader);

#endif
