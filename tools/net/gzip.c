#include "tools/net/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#define LEVEL       1 /* the network to the server is fast, the collector's processor is not */
#define WINDOW_GZIP (15 + 16)
#define MEMORY      8
#define ROOM_FIRST  (1u << 18)

struct gw_gzip {
	z_stream stream;
	unsigned char *room;
	size_t size, plain;
};

int gw_gzip_new(struct gw_gzip **out, struct gw_err *err)
{
	struct gw_gzip *z = calloc(1, sizeof(*z));

	*out = NULL;
	if (z != NULL)
		z->room = malloc(z->size = ROOM_FIRST);
	if (z == NULL || z->room == NULL ||
	    deflateInit2(&z->stream, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY, Z_DEFAULT_STRATEGY) !=
		    Z_OK) {
		if (z != NULL)
			free(z->room);
		free(z);
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	gw_gzip_clear(z);
	*out = z;
	return GW_OK;
}

void gw_gzip_free(struct gw_gzip *z)
{
	if (z == NULL)
		return;
	deflateEnd(&z->stream);
	free(z->room);
	free(z);
}

void gw_gzip_clear(struct gw_gzip *z)
{
	deflateReset(&z->stream);
	z->stream.next_out = z->room;
	z->stream.avail_out = (uInt)z->size;
	z->plain = 0;
}

size_t gw_gzip_plain(const struct gw_gzip *z)
{
	return z->plain;
}

static int grow(struct gw_gzip *z)
{
	size_t used = z->size - z->stream.avail_out;
	unsigned char *room = z->size < (1u << 30) ? realloc(z->room, z->size * 2) : NULL;

	if (room == NULL)
		return GW_E_MEMORY;
	z->room = room;
	z->size *= 2;
	z->stream.next_out = room + used;
	z->stream.avail_out = (uInt)(z->size - used);
	return GW_OK;
}

static int pack(struct gw_gzip *z, int flush)
{
	for (;;) {
		int done = deflate(&z->stream, flush);

		if (done == Z_STREAM_END ||
		    (flush == Z_NO_FLUSH && z->stream.avail_in == 0 && z->stream.avail_out > 0))
			return GW_OK;
		if (z->stream.avail_out == 0 && grow(z) < 0)
			return GW_E_MEMORY;
	}
}

int gw_gzip_add(struct gw_gzip *z, const char *data, size_t len)
{
	z->stream.next_in = (unsigned char *)(size_t)data;
	z->stream.avail_in = (uInt)len;
	z->plain += len;
	return pack(z, Z_NO_FLUSH);
}

int gw_gzip_end(struct gw_gzip *z, const void **data, size_t *len)
{
	int rc = pack(z, Z_FINISH);

	*data = z->room;
	*len = z->size - z->stream.avail_out;
	return rc;
}
