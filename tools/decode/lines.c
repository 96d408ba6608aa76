#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tools/decode/decode.h"

/* An escaped scan of the longest kind, four characters a byte, and some for the reason why not. */
enum { BUFFER_SIZE = 256 * 1024, LINE_MAX = 4 * GW_SCAN_DATA_MAX + 64 };

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long gw_decode_unescape(uint8_t *line, size_t len, long *at)
{
	static const char letters[] = "\\\"'nrt0abfve?", values[] = "\\\"'\n\r\t\0\a\b\f\v\x1B?";
	uint8_t *to = memchr(line, '\\', len);
	size_t i;

	if (to == NULL)
		return (long)len;
	for (i = (size_t)(to - line); i < len; i++) {
		const char *letter;

		if (line[i] != '\\') {
			*to++ = line[i];
			continue;
		}
		*at = (long)i;
		if (i + 1 == len)
			return -1;
		if (line[i + 1] == 'x') {
			int high = i + 3 < len ? hex(line[i + 2]) : -1;
			int low = high >= 0 ? hex(line[i + 3]) : -1;

			if (low < 0)
				return -1;
			*to++ = (uint8_t)(high << 4 | low);
			i += 3;
			continue;
		}
		letter = memchr(letters, line[i + 1], sizeof(letters) - 1);
		if (letter == NULL)
			return -1;
		*to++ = (uint8_t)values[letter - letters];
		i++;
	}
	return to - line;
}

static void take_line(struct gw_decode *d, uint8_t *line, size_t len)
{
	long at = -1, n = -1;

	if (len <= LINE_MAX)
		n = gw_decode_unescape(line, len, &at);
	if (n >= 0)
		gw_decode_one(d, line, (size_t)n);
	else if (len > LINE_MAX)
		gw_decode_fault(d, "longer than 4096 bytes", GW_SCAN_DATA_MAX);
	else
		gw_decode_fault(d, "a backslash escape that is none of \\xHH \\\\ \\n \\r \\t \\0",
				at);
}

/* Writes out what there is before waiting for a pipe or a person. */
static ssize_t read_more(struct gw_decode *d, int fd, uint8_t *room, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (d->out->len > 0 && poll(&p, 1, 0) == 0 && gw_decode_flush(d) != GW_OK)
		return -1;
	for (;;) {
		ssize_t n = read(fd, room, size);

		if (n >= 0 || errno != EINTR)
			return n;
	}
}

/* Hands out whole lines of buffer[0..len); returns how many bytes they took. */
static size_t take_lines(struct gw_decode *d, uint8_t *buffer, size_t len, bool *skipping)
{
	size_t done = 0;

	while (done < len && d->status == GW_OK) {
		uint8_t *end = memchr(buffer + done, '\n', len - done);

		if (end == NULL)
			break;
		if (!*skipping)
			take_line(d, buffer + done, (size_t)(end - buffer) - done);
		*skipping = false;
		done = (size_t)(end - buffer) + 1;
	}
	return done;
}

int gw_decode_lines(struct gw_decode *d, int fd)
{
	static uint8_t buffer[BUFFER_SIZE];
	size_t len = 0;
	bool skipping = false; /* the rest of a line that was too long */
	ssize_t n = 0;

	while (d->status == GW_OK &&
	       (n = read_more(d, fd, buffer + len, sizeof(buffer) - len)) > 0) {
		size_t done;

		len += (size_t)n;
		done = take_lines(d, buffer, len, &skipping);
		len -= done;
		memmove(buffer, buffer + done, len);
		if (len > LINE_MAX) {
			if (!skipping)
				take_line(d, buffer, len);
			skipping = true;
			len = 0;
		}
	}
	if (d->status == GW_OK && n < 0)
		return gw_err_errno(d->err, GW_E_STORAGE, errno, "cannot read");
	if (d->status == GW_OK && len > 0 && !skipping)
		take_line(d, buffer, len);
	gw_scan_wipe(buffer, sizeof(buffer));
	return d->status;
}
