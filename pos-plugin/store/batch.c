#include "store/batch.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/home.h"
#include "base/json.h"
#include "base/when.h"

struct line {
	uint32_t at, len;
};

struct gw_batch {
	struct gw_batch_header header;
	char *plain;
	size_t plain_len;
	struct line *lines;
	size_t count, room;
};

bool gw_batch_is_one(const void *head, size_t len)
{
	static const uint8_t zstd[] = {0x28, 0xB5, 0x2F, 0xFD};
	static const char plain[] = "{\"goeswith\"";

	return (len >= sizeof(zstd) && memcmp(head, zstd, sizeof(zstd)) == 0) ||
	       (len >= sizeof(plain) - 1 && memcmp(head, plain, sizeof(plain) - 1) == 0);
}

void gw_batch_hash(char out[GW_BATCH_HASH_MAX], const void *data, size_t len)
{
	uint8_t hash[32];

	crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	sodium_bin2hex(out, GW_BATCH_HASH_MAX, hash, sizeof(hash));
}

/* --- unpacking -------------------------------------------------------------------------------- */

static int unpack_stream(ZSTD_DCtx *d, struct gw_batch *b, const void *data, size_t len,
			 struct gw_err *err)
{
	ZSTD_inBuffer in = {data, len, 0};
	size_t size = 1u << 16, left = 1;

	b->plain = malloc(size + 1);
	if (b->plain == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, 23);
	for (;;) {
		ZSTD_outBuffer out = {b->plain, size, b->plain_len};

		left = ZSTD_decompressStream(d, &out, &in);
		b->plain_len = out.pos;
		if (ZSTD_isError(left))
			return gw_err_set(err, GW_E_INPUT, "batch cannot be unpacked: %s",
					  ZSTD_getErrorName(left));
		if (in.pos == in.size && out.pos < out.size)
			return left == 0 ? GW_OK
					 : gw_err_set(err, GW_E_INPUT, "batch ends too early");
		if (out.pos == out.size) {
			char *bigger;

			if (size >= GW_BATCH_PLAIN_MAX)
				return gw_err_set(err, GW_E_INPUT,
						  "batch unpacks to more than %u bytes",
						  GW_BATCH_PLAIN_MAX);
			bigger = realloc(b->plain, size * 2 + 1);
			if (bigger == NULL)
				return gw_err_set(err, GW_E_MEMORY, "out of memory");
			b->plain = bigger;
			size *= 2;
		}
	}
}

static int unpack(struct gw_batch *b, const uint8_t *data, size_t len, struct gw_err *err)
{
	ZSTD_DCtx *d;
	int rc;

	if (len > GW_BATCH_FILE_MAX)
		return gw_err_set(err, GW_E_INPUT, "batch is larger than %u bytes",
				  GW_BATCH_FILE_MAX);
	if (!gw_batch_is_one(data, len))
		return gw_err_set(err, GW_E_INPUT, "neither zstd nor a goeswith batch");
	if (data[0] == '{') {
		b->plain = malloc(len + 1);
		if (b->plain == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory");
		memcpy(b->plain, data, len);
		b->plain_len = len;
		return GW_OK;
	}
	d = ZSTD_createDCtx();
	if (d == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	rc = unpack_stream(d, b, data, len, err);
	ZSTD_freeDCtx(d);
	return rc;
}

/* --- lines ------------------------------------------------------------------------------------ */

static int add_line(struct gw_batch *b, size_t at, size_t len, struct gw_err *err)
{
	if (len > GW_BATCH_LINE_MAX)
		return gw_err_set(err, GW_E_INPUT, "line %zu is longer than %u bytes", b->count + 1,
				  GW_BATCH_LINE_MAX);
	if (b->count == GW_BATCH_LINES_MAX)
		return gw_err_set(err, GW_E_INPUT, "more than %d lines", GW_BATCH_LINES_MAX);
	if (b->count == b->room) {
		size_t room = b->room == 0 ? 512 : b->room * 2;
		struct line *lines = realloc(b->lines, room * sizeof(*lines));

		if (lines == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory");
		b->lines = lines;
		b->room = room;
	}
	b->plain[at + len] = '\0';
	b->lines[b->count++] = (struct line){(uint32_t)at, (uint32_t)len};
	return GW_OK;
}

static int split(struct gw_batch *b, struct gw_err *err)
{
	size_t at = 0;
	int rc = GW_OK;

	if (b->plain == NULL || b->plain_len == 0)
		return gw_err_set(err, GW_E_INPUT, "batch is empty");
	b->plain[b->plain_len] = '\0';
	if (memchr(b->plain, '\0', b->plain_len) != NULL)
		return gw_err_set(err, GW_E_INPUT, "batch holds a NUL byte");
	if (b->plain[b->plain_len - 1] != '\n')
		return gw_err_set(err, GW_E_INPUT, "batch does not end with a line end");
	while (at < b->plain_len && rc == GW_OK) {
		const char *end = memchr(b->plain + at, '\n', b->plain_len - at);
		size_t len = (size_t)(end - (b->plain + at));

		rc = add_line(b, at, len, err);
		at += len + 1;
	}
	return rc;
}

/* --- header ----------------------------------------------------------------------------------- */

static int fault(struct gw_err *err, const char *what)
{
	return gw_err_set(err, GW_E_INPUT, "line 1: %s", what);
}

static bool take_text(const json_t *o, const char *key, char *out, size_t size)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_string(v) || json_string_length(v) >= size)
		return false;
	memcpy(out, json_string_value(v), json_string_length(v) + 1);
	return true;
}

static bool take_int(const json_t *o, const char *key, int64_t *out)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		return false;
	*out = json_integer_value(v);
	return true;
}

static bool is_hex(const char *s, size_t len)
{
	return strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}

static bool is_word(const char *s)
{
	return s[0] != '\0' && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789") == strlen(s);
}

static bool is_till(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && s[0] != '-' &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static int take_header(struct gw_batch_header *h, const json_t *o, struct gw_err *err)
{
	char when[40];
	int64_t n;

	if (!take_int(o, "goeswith", &n) || n < 1)
		return fault(err, "\"goeswith\" must be the format's number");
	if (n > GW_BATCH_FORMAT)
		return gw_err_set(err, GW_E_UNSUPPORTED,
				  "line 1: format %lld is newer than this program: update goeswith",
				  (long long)n);
	h->format = (int)n;
	if (!take_text(o, "terminal", h->till, sizeof(h->till)) || !is_till(h->till))
		return fault(err, "\"terminal\" must be letters, digits, _ and -");
	if (!take_text(o, "epoch", h->epoch, sizeof(h->epoch)) || !is_word(h->epoch))
		return fault(err, "\"epoch\" must be letters and digits");
	if (!take_int(o, "first", &h->first) || !take_int(o, "last", &h->last) || h->first < 1 ||
	    h->last < h->first)
		return fault(err, "\"first\" and \"last\" must be numbers in order");
	if (!take_text(o, "prev", h->prev, sizeof(h->prev)) ||
	    (h->prev[0] != '\0' && !is_hex(h->prev, 64)))
		return fault(err, "\"prev\" must be \"\" or 64 hex digits");
	if (!take_text(o, "sealed_at", when, sizeof(when)) ||
	    gw_when_parse(when, strlen(when), &h->sealed_ms) < 0)
		return fault(err, "\"sealed_at\" must be an RFC 3339 time");
	if (take_int(o, "sealed_mono", &n))
		h->sealed_mono_ms = n;
	if (take_int(o, "boot", &n) && n >= 0 && n <= UINT32_MAX)
		h->boot = (uint32_t)n;
	take_text(o, "program", h->program, sizeof(h->program));
	if (take_text(o, "missing", h->missing, sizeof(h->missing)) && !is_hex(h->missing, 64))
		return fault(err, "\"missing\" must be 64 hex digits");
	return GW_OK;
}

static int parse_header(struct gw_batch *b, struct gw_err *err)
{
	json_error_t at;
	json_t *o;
	int rc;

	if (b->count == 0)
		return fault(err, "there is no header");
	o = json_loadb(b->plain, b->lines[0].len, JSON_REJECT_DUPLICATES, &at);
	if (o == NULL || !json_is_object(o)) {
		json_decref(o);
		return fault(err, "the header is not a JSON object");
	}
	rc = take_header(&b->header, o, err);
	json_decref(o);
	return rc;
}

/* Number of an event line: our own lines start with it, any other JSON is read in full. */
static int64_t number_of(const char *line, size_t len)
{
	json_t *o;
	int64_t n = 0;

	if (strncmp(line, "{\"seq\":", 7) == 0) {
		char *end;

		n = strtoll(line + 7, &end, 10);
		if (*end == ',' || *end == '}')
			return n;
	}
	n = 0;
	o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(o) && !take_int(o, "seq", &n))
		n = 0;
	json_decref(o);
	return n;
}

static int check_numbers(const struct gw_batch *b, struct gw_err *err)
{
	int64_t n = b->header.first;

	if (b->header.missing[0] != '\0')
		return b->count == 1 ? GW_OK
				     : gw_err_set(err, GW_E_INPUT,
						  "a batch of missing events holds some");
	if ((int64_t)b->count - 2 != b->header.last - b->header.first)
		return gw_err_set(err, GW_E_INPUT,
				  "the header promises %" PRId64 " events, there are %zu",
				  b->header.last - b->header.first + 1, b->count - 1);
	for (size_t i = 1; i < b->count; i++, n++)
		if (number_of(b->plain + b->lines[i].at, b->lines[i].len) != n)
			return gw_err_set(err, GW_E_INPUT, "line %zu: is not event %lld", i + 1,
					  (long long)n);
	return GW_OK;
}

int gw_batch_parse(struct gw_batch **batch, const void *data, size_t len, struct gw_err *err)
{
	struct gw_batch *b = calloc(1, sizeof(*b));
	int rc;

	*batch = NULL;
	if (b == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	rc = unpack(b, data, len, err);
	if (rc == GW_OK)
		rc = split(b, err);
	if (rc == GW_OK)
		rc = parse_header(b, err);
	if (rc == GW_OK)
		rc = check_numbers(b, err);
	if (rc < 0)
		gw_batch_free(b);
	else
		*batch = b;
	return rc;
}

int gw_batch_load(struct gw_batch **batch, const char *path, struct gw_err *err)
{
	struct gw_err inner = {0};
	char *data;
	size_t len;
	int rc = gw_file_read(path, GW_BATCH_FILE_MAX, &data, &len, err);

	*batch = NULL;
	if (rc < 0)
		return rc;
	rc = gw_batch_parse(batch, data, len, &inner);
	free(data);
	return rc < 0 ? gw_err_set(err, rc, "%s: %s", path, inner.text) : GW_OK;
}

void gw_batch_free(struct gw_batch *b)
{
	if (b == NULL)
		return;
	free(b->plain);
	free(b->lines);
	free(b);
}

const struct gw_batch_header *gw_batch_header(const struct gw_batch *b)
{
	return &b->header;
}

size_t gw_batch_count(const struct gw_batch *b)
{
	return b->count - 1;
}

const char *gw_batch_line(const struct gw_batch *b, size_t i, size_t *len)
{
	*len = b->lines[i + 1].len;
	return b->plain + b->lines[i + 1].at;
}

int gw_batch_header_write(char *out, size_t size, const struct gw_batch_header *h, size_t *len)
{
	struct gw_text t = gw_text_over(out, size);
	struct gw_json j = gw_json_over(&t);
	char at[GW_WHEN_MAX];

	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "goeswith", GW_BATCH_FORMAT);
	gw_json_member_string(&j, "program", h->program);
	gw_json_member_string(&j, "terminal", h->till);
	gw_json_member_string(&j, "epoch", h->epoch);
	gw_json_member_int(&j, "first", h->first);
	gw_json_member_int(&j, "last", h->last);
	gw_json_member_string(&j, "prev", h->prev);
	gw_json_member_string(&j, "sealed_at", gw_when_format(at, h->sealed_ms));
	gw_json_member_int(&j, "sealed_mono", h->sealed_mono_ms);
	gw_json_member_int(&j, "boot", h->boot);
	if (h->missing[0] != '\0')
		gw_json_member_string(&j, "missing", h->missing);
	gw_json_end(&j, '}');
	gw_text_add_char(&t, '\n');
	*len = t.len;
	return t.cut ? GW_E_FULL : GW_OK;
}
