/*
 * Bytes on their way to a terminal: a buffer that grows to the longest picture and then stays, so
 * that drawing allocates nothing once the first screen stands.
 *
 * Owns its memory until gw_out_release.  When memory runs out, bytes are left out and `lost` says
 * so: the terminal then needs its whole picture again.  One thread.
 *
 *	struct gw_out out = {0};
 *	gw_out_text(&out, "\r\n");
 *	write(fd, out.bytes, out.len); gw_out_clear(&out);
 *	gw_out_release(&out);
 */
#ifndef UI_OUT_H
#define UI_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct gw_out {
	char *bytes;
	size_t len, size;
	bool lost;
};

void gw_out_release(struct gw_out *out);
/* Empty again; the memory stays. */
void gw_out_clear(struct gw_out *out);
void gw_out_add(struct gw_out *out, const char *bytes, size_t len);
void gw_out_text(struct gw_out *out, const char *text);

#endif
