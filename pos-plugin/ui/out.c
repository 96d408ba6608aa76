#include "ui/out.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 8192

void gw_out_release(struct gw_out *out)
{
	free(out->bytes);
	*out = (struct gw_out){0};
}

void gw_out_clear(struct gw_out *out)
{
	out->len = 0;
	out->lost = false;
}

static bool make_room(struct gw_out *out, size_t len)
{
	size_t size = out->size > 0 ? out->size : FIRST_SIZE;
	char *bytes;

	while (size < out->len + len)
		size *= 2;
	bytes = realloc(out->bytes, size);
	if (bytes == NULL)
		return false;
	out->bytes = bytes;
	out->size = size;
	return true;
}

void gw_out_add(struct gw_out *out, const char *bytes, size_t len)
{
	if (len > out->size - out->len && !make_room(out, len)) {
		out->lost = true;
		return;
	}
	if (len > 0)
		memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

void gw_out_text(struct gw_out *out, const char *text)
{
	gw_out_add(out, text, strlen(text));
}
