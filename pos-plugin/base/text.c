#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct gw_text gw_text_over(char *room, size_t size)
{
	struct gw_text t = {.at = room, .size = size};

	room[0] = '\0';
	return t;
}

void gw_text_clear(struct gw_text *t)
{
	t->len = 0;
	t->cut = false;
	t->at[0] = '\0';
}

void gw_text_add_bytes(struct gw_text *t, const char *p, size_t len)
{
	size_t left = t->size - t->len - 1;

	if (len > left) {
		len = left;
		t->cut = true;
	}
	memcpy(t->at + t->len, p, len);
	t->len += len;
	t->at[t->len] = '\0';
}

void gw_text_add(struct gw_text *t, const char *s)
{
	gw_text_add_bytes(t, s, strlen(s));
}

void gw_text_add_char(struct gw_text *t, char c)
{
	gw_text_add_bytes(t, &c, 1);
}

void gw_text_add_int(struct gw_text *t, int64_t n, int digits)
{
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	char room[32];
	size_t at = sizeof(room);

	do {
		room[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (at > 1 && (rest > 0 || sizeof(room) - at < (size_t)digits));
	if (n < 0)
		room[--at] = '-';
	gw_text_add_bytes(t, room + at, sizeof(room) - at);
}

void gw_text_addf(struct gw_text *t, const char *format, ...)
{
	size_t left = t->size - t->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->len, left, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= left) {
		t->cut = true;
		t->len += strlen(t->at + t->len);
	} else {
		t->len += (size_t)n;
	}
}
