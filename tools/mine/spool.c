/*
 * A record: count, till + 1, time (0 for none, else 1 + the zigzag of
 * the milliseconds), key length, key, then the ids.  All numbers are
 * LEB128: the commonest items of a shop are met early, so their ids are small and take a byte or
 * two.  A record never spans blocks; a basket larger than a block gets one of its own size.
 *
 * A reader makes room for the largest basket once per block, so that gw_spool_next cannot fail.
 */
#include "tools/mine/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE 131072u
#define VARINT_MAX 10

struct block {
	unsigned char *at; /* NULL: in the file at `offset` */
	uint64_t offset;
	size_t len;
};

struct gw_spool {
	struct block *blocks;
	uint32_t count, room;
	unsigned char *current; /* being filled */
	size_t current_len, current_size;
	size_t memory_limit, memory_used;
	int fd;
	uint64_t file_len, baskets, occurrences;
	uint32_t largest;
};

int gw_spool_new(struct gw_spool **out, size_t memory_limit)
{
	struct gw_spool *s = calloc(1, sizeof(*s));

	*out = s;
	if (s == NULL)
		return GW_E_MEMORY;
	s->memory_limit = memory_limit;
	s->fd = -1;
	return GW_OK;
}

void gw_spool_free(struct gw_spool *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		free(s->blocks[i].at);
	free(s->blocks);
	free(s->current);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

uint64_t gw_spool_count(const struct gw_spool *s)
{
	return s->baskets;
}

uint64_t gw_spool_occurrences(const struct gw_spool *s)
{
	return s->occurrences;
}

uint32_t gw_spool_largest(const struct gw_spool *s)
{
	return s->largest;
}

uint32_t gw_spool_blocks(const struct gw_spool *s)
{
	return s->count + (s->current_len > 0);
}

bool gw_spool_on_disk(const struct gw_spool *s)
{
	return s->fd >= 0;
}

static int open_file(struct gw_spool *s, struct gw_err *err)
{
	const char *dir = getenv("TMPDIR");
	char path[1024];

	if (dir == NULL || *dir == '\0')
		dir = "/tmp";
	snprintf(path, sizeof(path), "%s/goeswith-mine-XXXXXX", dir);
	s->fd = mkostemp(path, 02000000 /* O_CLOEXEC */);
	if (s->fd < 0)
		return gw_err_errno(err, GW_E_STORAGE, errno,
				    "%s: cannot keep the baskets there; set TMPDIR", path);
	unlink(path);
	return GW_OK;
}

static int write_block(struct gw_spool *s, struct block *b, struct gw_err *err)
{
	int rc = s->fd < 0 ? open_file(s, err) : GW_OK;

	if (rc < 0)
		return rc;
	b->offset = s->file_len;
	for (size_t done = 0; done < b->len;) {
		ssize_t n = pwrite(s->fd, s->current + done, b->len - done,
				   (off_t)(s->file_len + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return gw_err_errno(
				err, GW_E_STORAGE, errno,
				"the temporary file of baskets cannot grow; set TMPDIR");
		done += (size_t)n;
	}
	s->file_len += b->len;
	return GW_OK;
}

/* Ends the current block; it is kept in memory or written out and its room used again. */
static int close_block(struct gw_spool *s, struct gw_err *err)
{
	struct block b = {.len = s->current_len};

	if (s->count == s->room) {
		uint32_t room = s->room > 0 ? s->room * 2 : 64;
		struct block *blocks = realloc(s->blocks, room * sizeof(*blocks));

		if (blocks == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory for baskets");
		s->blocks = blocks;
		s->room = room;
	}
	if (s->memory_used + s->current_len <= s->memory_limit) {
		b.at = realloc(s->current, s->current_len);
		if (b.at == NULL)
			b.at = s->current;
		s->memory_used += s->current_len;
		s->current = NULL;
		s->current_size = 0;
	} else {
		int rc = write_block(s, &b, err);

		if (rc < 0)
			return rc;
	}
	s->current_len = 0;
	s->blocks[s->count++] = b;
	return GW_OK;
}

/* Makes sure that `need` bytes fit behind the current block's end. */
static int reserve(struct gw_spool *s, size_t need, struct gw_err *err)
{
	size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;
	unsigned char *bigger;
	int rc;

	if (s->current_size - s->current_len >= need)
		return GW_OK;
	if (s->current_len > 0) {
		rc = close_block(s, err);
		if (rc < 0 || s->current_size >= need)
			return rc;
	}
	bigger = realloc(s->current, size);
	if (bigger == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory for baskets");
	s->current = bigger;
	s->current_size = size;
	return GW_OK;
}

static unsigned char *put(unsigned char *p, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*p++ = (unsigned char)(n | 0x80);
	*p++ = (unsigned char)n;
	return p;
}

static uint64_t zigzag(int64_t n)
{
	return n < 0 ? ~((uint64_t)n << 1) : (uint64_t)n << 1;
}

int gw_spool_add(struct gw_spool *s, const struct gw_basket *b, struct gw_err *err)
{
	size_t need = VARINT_MAX * 4 + b->key_len + (size_t)b->count * 5;
	int rc = reserve(s, need, err);
	unsigned char *p;

	if (rc < 0)
		return rc;
	p = s->current + s->current_len;
	p = put(p, b->count);
	p = put(p, (uint32_t)(b->till + 1));
	p = put(p, b->when_ms == GW_NO_TIME ? 0 : zigzag(b->when_ms) + 1);
	p = put(p, b->key_len);
	if (b->key_len > 0)
		memcpy(p, b->key, b->key_len);
	p += b->key_len;
	for (uint32_t i = 0; i < b->count; i++)
		p = put(p, b->items[i]);
	s->current_len = (size_t)(p - s->current);
	s->baskets++;
	s->occurrences += b->count;
	if (b->count > s->largest)
		s->largest = b->count;
	return GW_OK;
}

static int read_block(const struct gw_spool *s, const struct block *b, struct gw_spool_reader *r,
		      struct gw_err *err)
{
	if (r->room_len < b->len) {
		unsigned char *bigger = realloc(r->room, b->len);

		if (bigger == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory for baskets");
		r->room = bigger;
		r->room_len = b->len;
	}
	for (size_t done = 0; done < b->len;) {
		ssize_t n = pread(s->fd, r->room + done, b->len - done, (off_t)(b->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return gw_err_errno(err, GW_E_STORAGE, n < 0 ? errno : EIO,
					    "the temporary file of baskets cannot be read back");
		done += (size_t)n;
	}
	r->at = r->room;
	return GW_OK;
}

int gw_spool_open(const struct gw_spool *s, uint32_t block, struct gw_spool_reader *r,
		  struct gw_err *err)
{
	struct block b = {.at = s->current, .len = s->current_len};
	int rc = GW_OK;

	if (block < s->count)
		b = s->blocks[block];
	if (r->items_room < s->largest) {
		uint32_t *items = realloc(r->items, s->largest * sizeof(*items));

		if (items == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory for baskets");
		r->items = items;
		r->items_room = s->largest;
	}
	r->at = b.at;
	if (b.at == NULL)
		rc = read_block(s, &b, r, err);
	r->end = r->at + b.len;
	return rc;
}

void gw_spool_reader_release(struct gw_spool_reader *r)
{
	free(r->room);
	free(r->items);
	memset(r, 0, sizeof(*r));
}

static int64_t unzigzag(uint64_t n)
{
	return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

static uint64_t get(const unsigned char **at)
{
	const unsigned char *p = *at;
	uint64_t n = *p & 0x7F;

	for (unsigned shift = 7; (*p++ & 0x80) != 0; shift += 7)
		n |= (uint64_t)(*p & 0x7F) << shift;
	*at = p;
	return n;
}

bool gw_spool_next(struct gw_spool_reader *r, struct gw_basket *b)
{
	uint64_t when;

	if (r->at == r->end)
		return false;
	b->count = (uint32_t)get(&r->at);
	b->till = (uint32_t)get(&r->at) - 1;
	when = get(&r->at);
	b->when_ms = when == 0 ? GW_NO_TIME : unzigzag(when - 1);
	b->key_len = (uint32_t)get(&r->at);
	b->key = (const char *)r->at;
	r->at += b->key_len;
	for (uint32_t i = 0; i < b->count; i++)
		r->items[i] = (uint32_t)get(&r->at);
	b->items = r->items;
	return true;
}
