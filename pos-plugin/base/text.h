/*
 * A bounded text buffer over memory the caller owns: append, and ask at the end whether all of it
 * fitted.  It never writes past `size`, always keeps a NUL, and never allocates.
 *
 *	char room[200];
 *	struct gw_text t = gw_text_over(room, sizeof(room));
 *	gw_text_add(&t, name);
 *	if (t.cut) ...
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_text {
	char *at;    /* borrowed, NUL-terminated */
	size_t size; /* bytes of room, NUL included, >= 1 */
	size_t len;  /* bytes used, without the NUL */
	bool cut;    /* something did not fit */
};

struct gw_text gw_text_over(char *room, size_t size);
void gw_text_clear(struct gw_text *t);
void gw_text_add_bytes(struct gw_text *t, const char *p, size_t len);
void gw_text_add(struct gw_text *t, const char *s);
void gw_text_add_char(struct gw_text *t, char c);
/* A number of at least `digits` digits, zeros in front: what is drawn for each scan spares printf.
 */
void gw_text_add_int(struct gw_text *t, int64_t n, int digits);
void gw_text_addf(struct gw_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
