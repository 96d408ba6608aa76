/*
 * Baskets as lines (the FIMI format).  Lines and buffers do not meet: a token may be cut by the
 * end of the buffer, so its head is moved to the front and reading goes on behind it.  A line may
 * be as long as memory holds ids; only a token is bounded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/read.h"

#define BUFFER_SIZE 65536

struct reader {
	struct gw_sales *sales;
	const struct gw_stream *in;
	bool separates[256]; /* bytes between items; the line end is one */
	bool known;          /* the separator is */
	bool upper;
	uint64_t line;
	uint32_t *items;
	uint32_t count, room;
};

static int add_item(struct reader *r, char *token, size_t len, struct gw_err *err)
{
	uint64_t refused = r->sales->intake.dropped[GW_DROP_CODE];
	uint32_t id;

	if (r->upper)
		for (size_t i = 0; i < len; i++)
			if (token[i] >= 'a' && token[i] <= 'z')
				token[i] = (char)(token[i] - 32);
	if (r->count == r->room) {
		uint32_t room = r->room > 0 ? r->room * 2 : 256;
		uint32_t *items = realloc(r->items, room * sizeof(*items));

		if (items == NULL)
			return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", r->in->name);
		r->items = items;
		r->room = room;
	}
	id = gw_sales_item(r->sales, token, len);
	if (id != GW_DICT_NONE) {
		r->items[r->count++] = id;
		return GW_OK;
	}
	if (r->sales->intake.dropped[GW_DROP_CODE] == refused)
		return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", r->in->name);
	r->sales->intake.dropped[GW_DROP_CODE]--; /* told again, with its place */
	gw_sales_bad(r->sales, GW_DROP_CODE, "%s: line %llu: not an item code: %.*s", r->in->name,
		     (unsigned long long)r->line, (int)(len < 40 ? len : 40), token);
	return GW_OK;
}

static int end_line(struct reader *r, struct gw_err *err)
{
	struct gw_basket b = {GW_NO_TIME, GW_NO_TILL, "", 0, r->items, r->count};
	int rc = gw_sales_add(r->sales, &b, err);

	r->sales->intake.rows++;
	r->line++;
	r->count = 0;
	return rc;
}

/* separator: ' ' stands for any blank. */
static void set_separator(struct reader *r, char separator)
{
	r->separates[(unsigned char)separator] = r->separates['\n'] = r->known = true;
	if (separator == ' ')
		r->separates['\t'] = r->separates['\r'] = r->separates['\v'] = r->separates['\f'] =
			true;
}

static bool only_blanks(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			return false;
	return true;
}

/*
 * Takes the whole tokens of p[0..len), returns how many bytes are used up; the rest is the head of
 * a token that goes on.  Negative on failure.
 */
static int64_t take(struct reader *r, char *p, size_t len, bool last, struct gw_err *err)
{
	size_t start = 0;
	int rc = GW_OK;

	for (size_t i = 0; i < len; i++) {
		if (!r->separates[(unsigned char)p[i]])
			continue;
		size_t end = i;

		if (end > start && p[end - 1] == '\r')
			end--;
		if (end > start && !only_blanks(p + start, end - start))
			rc = add_item(r, p + start, end - start, err);
		if (rc == GW_OK && p[i] == '\n')
			rc = end_line(r, err);
		if (rc < 0)
			return rc;
		start = i + 1;
	}
	if (!last)
		return (int64_t)start;
	if (start < len && !only_blanks(p + start, len - start))
		rc = add_item(r, p + start, len - start, err);
	if (rc == GW_OK && r->count > 0)
		rc = end_line(r, err);
	return rc < 0 ? rc : (int64_t)len;
}

/* Fills the buffer as far as the stream goes, so that the separator is found out on 64 KiB. */
static int64_t fill(const struct gw_stream *in, char *room, size_t size, bool *ended)
{
	size_t len = 0;

	while (len < size && !*ended) {
		int64_t n = in->read(in->ctx, room + len, size - len);

		if (n < 0)
			return n;
		*ended = n == 0;
		len += (size_t)n;
	}
	return (int64_t)len;
}

static int read_on(struct reader *r, char *buffer, struct gw_err *err)
{
	size_t held = 0;
	bool ended = false;

	while (!ended) {
		int64_t n = fill(r->in, buffer + held, BUFFER_SIZE - held, &ended), used;

		if (n < 0)
			return gw_err_errno(err, GW_E_STORAGE, errno, "%s: cannot read on",
					    r->in->name);
		held += (size_t)n;
		if (!r->known)
			set_separator(r, memchr(buffer, '\t', held) != NULL ? '\t' : ' ');
		used = take(r, buffer, held, ended, err);
		if (used < 0)
			return (int)used;
		held -= (size_t)used;
		memmove(buffer, buffer + used, held);
		if (held < BUFFER_SIZE)
			continue;
		/* One token fills the buffer: no code is that long; its tail will be refused too.
		 */
		int rc = add_item(r, buffer, held, err);

		if (rc < 0)
			return rc;
		held = 0;
	}
	return GW_OK;
}

int gw_read_baskets(struct gw_sales *sales, const struct gw_stream *in,
		    const struct gw_read_options *options, struct gw_err *err)
{
	struct reader r = {.sales = sales, .in = in, .upper = options->upper, .line = 1};
	char *buffer = malloc(BUFFER_SIZE);
	int rc;

	if (options->separator != 0)
		set_separator(&r, options->separator);
	rc = buffer != NULL ? read_on(&r, buffer, err)
			    : gw_err_set(err, GW_E_MEMORY, "%s: out of memory", in->name);

	free(buffer);
	free(r.items);
	return rc;
}
