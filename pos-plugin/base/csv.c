/*
 * The buffer holds [start, end) of unread input.  A record is found in two steps: `record_end`
 * looks for the line end outside quotes, filling the buffer until there is one, and `split`
 * unquotes the fields in place.  In-place is safe because unquoting only ever shortens.
 */
#include "base/csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct gw_csv {
	gw_csv_read_fn *read;
	void *ctx;
	char separator;
	char *buffer;
	size_t size;
	size_t start, end; /* unread input */
	bool ended, begun;
	uint32_t line;        /* of buffer[start] */
	uint32_t record_line; /* where the current record began */
	int count;
	struct gw_csv_field fields[GW_CSV_FIELDS_MAX];
};

int64_t gw_csv_read_fd(void *ctx, char *room, size_t size)
{
	ssize_t n;

	do
		n = read(*(int *)ctx, room, size);
	while (n < 0 && errno == EINTR);
	return n;
}

int gw_csv_new(struct gw_csv **out, gw_csv_read_fn *read_fn, void *ctx, char separator)
{
	struct gw_csv *csv = calloc(1, sizeof(*csv));

	*out = NULL;
	if (csv == NULL)
		return GW_E_MEMORY;
	csv->size = 65536;
	csv->buffer = malloc(csv->size + 1);
	if (csv->buffer == NULL) {
		free(csv);
		return GW_E_MEMORY;
	}
	csv->read = read_fn;
	csv->ctx = ctx;
	csv->separator = separator;
	csv->line = 1;
	*out = csv;
	return GW_OK;
}

void gw_csv_free(struct gw_csv *csv)
{
	if (csv == NULL)
		return;
	free(csv->buffer);
	free(csv);
}

const struct gw_csv_field *gw_csv_field(const struct gw_csv *csv, int i)
{
	return &csv->fields[i];
}

uint32_t gw_csv_line(const struct gw_csv *csv)
{
	return csv->record_line;
}

/* Reads more input behind `end`, making room first.  1: got some, 0: end of input, or an error. */
static int fill(struct gw_csv *csv, struct gw_err *err)
{
	int64_t n;

	if (csv->ended)
		return 0;
	if (csv->start > 0) {
		memmove(csv->buffer, csv->buffer + csv->start, csv->end - csv->start);
		csv->end -= csv->start;
		csv->start = 0;
	}
	if (csv->end == csv->size) {
		char *bigger = realloc(csv->buffer, csv->size * 2 + 1);

		if (bigger == NULL)
			return gw_err_set(err, GW_E_MEMORY, "line %u: out of memory", csv->line);
		csv->buffer = bigger;
		csv->size *= 2;
	}
	n = csv->read(csv->ctx, csv->buffer + csv->end, csv->size - csv->end);
	if (n < 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "line %u: cannot read on", csv->line);
	csv->ended = n == 0;
	csv->end += (size_t)n;
	return n > 0;
}

static void skip_byte_order_mark(struct gw_csv *csv)
{
	if (csv->end - csv->start >= 3 && memcmp(csv->buffer + csv->start, "\xEF\xBB\xBF", 3) == 0)
		csv->start += 3;
	csv->begun = true;
}

/* Length of the record at `start`, its line end not included; *found says whether one was there.
 * Returns GW_OK, GW_E_FULL (record too long), or what fill said. */
static int record_end(struct gw_csv *csv, size_t *len, bool *found, struct gw_err *err)
{
	size_t i = 0;
	bool quoted = false, fresh = true; /* fresh: a field starts here */

	for (;;) {
		for (; csv->start + i < csv->end; i++) {
			char c = csv->buffer[csv->start + i];

			if (c == '"')
				quoted = quoted ? false
						: (fresh || i == 0 ||
						   csv->buffer[csv->start + i - 1] == '"');
			else if (c == '\n' && !quoted)
				break;
			fresh = !quoted && c == csv->separator;
		}
		*len = i;
		*found = csv->start + i < csv->end;
		if (*found)
			return GW_OK;
		if (i > GW_CSV_RECORD_MAX)
			return GW_E_FULL;
		int got = fill(csv, err);

		if (got <= 0)
			return got;
	}
}

static uint32_t count_lines(const char *p, size_t len)
{
	uint32_t n = 0;
	const char *end = p + len;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
}

struct splitter {
	char *p, *end;    /* unread part of the record */
	char *line_start; /* for columns */
	uint32_t line;
	bool dry; /* look only, write nothing */
	struct gw_err *err;
};

static int complain(struct splitter *s, const char *at, const char *what)
{
	return gw_err_set(s->err, GW_E_INPUT, "line %u, column %u: %s", s->line,
			  (unsigned)(at - s->line_start) + 1, what);
}

/* Unquotes a field that starts at s->p with a quote; leaves s->p behind its closing quote. */
static int unquote(struct splitter *s, struct gw_csv_field *field)
{
	char *out = s->p, *open = s->p;
	char *in = s->p + 1;
	char *open_line = s->line_start;
	uint32_t line = s->line;

	field->at = out;
	for (;; in++) {
		if (in == s->end) {
			s->line = line;
			s->line_start = open_line;
			return complain(s, open, "the quote that opens here is never closed");
		}
		if (*in == '"') {
			if (in + 1 == s->end || in[1] != '"')
				break;
			in++;
		} else if (*in == '\n') {
			s->line++;
			s->line_start = in + 1;
		}
		if (!s->dry)
			*out = *in;
		out++;
	}
	field->len = (size_t)(out - field->at);
	s->p = in + 1;
	return GW_OK;
}

static int split(struct gw_csv *csv, struct splitter *s)
{
	csv->count = 0;
	for (;;) {
		struct gw_csv_field *field;
		char *behind;
		int rc;

		if (csv->count == GW_CSV_FIELDS_MAX)
			return complain(s, s->p, "more than 256 fields");
		field = &csv->fields[csv->count++];
		field->line = s->line;
		field->column = (uint32_t)(s->p - s->line_start) + 1;
		if (s->p < s->end && *s->p == '"') {
			rc = unquote(s, field);
			if (rc < 0)
				return rc;
			if (s->p < s->end && *s->p != csv->separator)
				return complain(s, s->p, "text behind a closing quote");
			behind = s->p;
		} else {
			behind = memchr(s->p, csv->separator, (size_t)(s->end - s->p));
			if (behind == NULL)
				behind = s->end;
			field->at = s->p;
			field->len = (size_t)(behind - s->p);
			char *quote = memchr(s->p, '"', field->len);

			if (quote != NULL)
				return complain(s, quote, "a quote inside a field without quotes");
		}
		if (memchr(field->at, '\0', field->len) != NULL)
			return complain(s, field->at, "a NUL byte");
		s->p = behind;
		bool last = s->p == s->end;

		if (!s->dry)
			((char *)field->at)[field->len] = '\0';
		if (last)
			return csv->count;
		s->p++;
	}
}

/* Drops the rest of an over-long record, to the next line end outside our knowledge of quotes. */
static int skip_line(struct gw_csv *csv, struct gw_err *err)
{
	for (;;) {
		char *at = csv->buffer + csv->start;
		char *nl = memchr(at, '\n', csv->end - csv->start);
		int got;

		if (nl != NULL) {
			csv->start += (size_t)(nl - at) + 1;
			csv->line++;
			return GW_OK;
		}
		csv->start = csv->end;
		got = fill(csv, err);
		if (got <= 0)
			return got;
	}
}

/*
 * A record of several lines may be one stray quote that swallowed good lines.  It is looked at
 * without being written to, so that when it is faulty reading can go on behind its first line.
 */
static int try_split(struct gw_csv *csv, const struct splitter *s, size_t start)
{
	struct splitter look = *s;
	const char *nl;
	int rc;

	look.dry = true;
	rc = split(csv, &look);
	if (rc >= 0)
		return rc;
	nl = memchr(csv->buffer + start, '\n', csv->end - start);
	csv->start = (size_t)(nl - csv->buffer) + 1;
	csv->line = csv->record_line + 1;
	return rc;
}

static int too_long(struct gw_csv *csv, struct gw_err *err)
{
	int rc = skip_line(csv, NULL);

	if (rc < 0)
		return gw_err_set(err, rc, "line %u: cannot read on", csv->record_line);
	return gw_err_set(err, GW_E_INPUT, "line %u: longer than %u bytes; is a quote open?",
			  csv->record_line, GW_CSV_RECORD_MAX);
}

int gw_csv_next(struct gw_csv *csv, struct gw_err *err)
{
	for (;;) {
		struct splitter s = {.err = err};
		size_t len, start;
		bool found;
		int rc;

		if (!csv->begun) {
			while (csv->end - csv->start < 3 && fill(csv, err) > 0)
				;
			skip_byte_order_mark(csv);
		}
		csv->record_line = csv->line;
		rc = record_end(csv, &len, &found, err);
		if (rc == GW_E_FULL)
			return too_long(csv, err);
		if (rc < 0)
			return rc;
		if (!found && len == 0)
			return 0;
		start = csv->start;
		s.p = csv->buffer + start;
		s.line_start = s.p;
		s.line = csv->line;
		csv->line += count_lines(s.p, len) + found;
		csv->start += len + found;
		if (len > 0 && s.p[len - 1] == '\r')
			len--;
		if (len == 0)
			continue;
		s.end = s.p + len;
		rc = csv->line - found > csv->record_line ? try_split(csv, &s, start) : GW_OK;
		if (rc >= 0)
			rc = split(csv, &s);
		return rc;
	}
}
