#include "tools/sync/seal.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "store/reader.h"
#include "tools/sync/steady.h"

/*
 * Of zstd: 12 takes a third of the time and 8 % more bytes, 17 three times the time for 1 % less.
 * A batch of 1000 events takes some 30 ms.
 */
#define LEVEL 15

struct sealing {
	const struct sync *sync;
	struct state *state;
	const struct device_key *key;
	struct seal_result *result;
	char prev[GW_BATCH_HASH_MAX];
	char *plain; /* room for the header, then lines */
	size_t len, size;
	int64_t first, last, oldest_ms;
	uint32_t boot;
	uint8_t *packed;
	size_t packed_size;
};

#define HEADER_ROOM 1024

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- lines ------------------------------------------------------------------------------------ */

/*
 * What head office knows from the table of that version, or from the offer itself, stays at home:
 * names of items, wording, reasons.  It would be a third of the bytes.
 */
static const struct {
	const char *kind, *field;
} at_home[] = {
	{"line", "name"},      {"offer", "script"}, {"offer", "why"},
	{"offer", "why_more"}, {"ghost", "script"}, {"ghost", "why"},
	{"ghost", "why_more"}, {"outcome", "rule"}, {"outcome", "code"},
};
#define AT_HOME (sizeof(at_home) / sizeof(at_home[0]))

/* The body without that, malloc'ed; NULL when there is nothing to leave out. */
static char *strip(const struct gw_reader_row *row)
{
	json_t *o = NULL;
	char *out;

	for (size_t i = 0; i < AT_HOME; i++) {
		if (strcmp(row->row.kind, at_home[i].kind) != 0)
			continue;
		if (o == NULL)
			o = json_loadb(row->row.body, row->row.body_len, 0, NULL);
		json_object_del(o, at_home[i].field);
	}
	out = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return out;
}

static int add_line(struct sealing *b, const struct gw_reader_row *row, struct gw_err *err)
{
	struct gw_event_row e;
	struct gw_text text;
	char *lean, kind[32];
	int rc;

	memset(&e, 0, sizeof(e));
	e.seq = row->row.seq;
	e.boot = row->row.boot;
	e.event.at_ms = row->row.at_ms;
	e.event.mono_ms = row->row.mono_ms;
	e.event.scan_session = row->row.scan_session;
	e.event.scan_seq = row->row.scan_seq;
	e.event.kind = gw_event_kind_of(row->row.kind, row->row.kind_len);
	/* The journal may be of a newer register: what we do not know is head office's to know. */
	snprintf(kind, sizeof(kind), "%.*s", (int)row->row.kind_len, row->row.kind);
	snprintf(e.event.basket, sizeof(e.event.basket), "%s", row->row.basket);
	if (b->size - b->len < GW_EVENT_LINE_MAX + 2) {
		char *bigger = realloc(b->plain, b->size * 2 + GW_EVENT_LINE_MAX);

		if (bigger == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory");
		b->plain = bigger;
		b->size = b->size * 2 + GW_EVENT_LINE_MAX;
	}
	text = gw_text_over(b->plain + b->len, b->size - b->len);
	lean = strip(row);
	rc = gw_event_json_line(&text, &e, kind, lean != NULL ? lean : row->row.body,
				lean != NULL ? strlen(lean) : row->row.body_len);
	free(lean);
	if (rc < 0)
		return gw_err_set(err, GW_E_INPUT, "event %" PRId64 " cannot be sealed", e.seq);
	gw_text_add_char(&text, '\n');
	b->len += text.len;
	b->boot = row->row.boot;
	if (b->first == 0) {
		b->first = e.seq;
		b->oldest_ms = e.event.at_ms;
	}
	b->last = e.seq;
	return GW_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static int pack(struct sealing *b, const char *plain, size_t len, size_t *packed_len,
		struct gw_err *err)
{
	size_t bound = ZSTD_compressBound(len) + DEVICE_TRAILER, n;

	if (bound > b->packed_size) {
		uint8_t *bigger = realloc(b->packed, bound);

		if (bigger == NULL)
			return gw_err_set(err, GW_E_MEMORY, "out of memory");
		b->packed = bigger;
		b->packed_size = bound;
	}
	n = ZSTD_compress(b->packed, b->packed_size, plain, len, LEVEL);
	if (ZSTD_isError(n))
		return gw_err_set(err, GW_E_MEMORY, "cannot compress: %s", ZSTD_getErrorName(n));
	device_sign(b->packed + n, b->key, b->packed, n);
	*packed_len = n + DEVICE_TRAILER;
	return GW_OK;
}

static void make_row(struct batch_row *row, const struct gw_batch_header *h, const char *hash,
		     size_t size)
{
	memset(row, 0, sizeof(*row));
	snprintf(row->epoch, sizeof(row->epoch), "%s", h->epoch);
	row->first = h->first;
	row->last = h->last;
	snprintf(row->hash, sizeof(row->hash), "%s", hash);
	/* Numbers are padded, so that names sort in the order of the events. */
	snprintf(row->name, sizeof(row->name), "%s-%012" PRId64 "-%012" PRId64 "-%.32s.ndjson.zst",
		 h->epoch, h->first, h->last, hash);
	row->size = (int64_t)size;
	row->sealed_ms = h->sealed_ms;
	row->state = BATCH_SEALED;
}

/* Header and lines, packed, signed, named, on disk, remembered; in this order. */
static int write_batch(struct sealing *b, const struct gw_batch_header *h, struct batch_row *row,
		       struct gw_err *err)
{
	char head[HEADER_ROOM], hash[GW_BATCH_HASH_MAX], path[GW_PATH_MAX], *start;
	size_t head_len, packed_len = 0;
	int rc = gw_batch_header_write(head, sizeof(head), h, &head_len);

	if (rc < 0)
		return gw_err_set(err, rc, "the batch's header is too long");
	/* The lines stand behind HEADER_ROOM bytes: the header goes right in front of them. */
	start = b->plain + HEADER_ROOM - head_len;
	memcpy(start, head, head_len);
	rc = pack(b, start, head_len + b->len - HEADER_ROOM, &packed_len, err);
	if (rc < 0)
		return rc;
	gw_batch_hash(hash, b->packed, packed_len);
	make_row(row, h, hash, packed_len);
	rc = gw_path_join(path, b->sync->outbox, row->name, err);
	if (rc == GW_OK)
		rc = gw_file_replace(path, b->packed, packed_len, err);
	return rc == GW_OK ? state_put(b->state, row, err) : rc;
}

static void fill_header(const struct sealing *b, struct gw_batch_header *h)
{
	memset(h, 0, sizeof(*h));
	snprintf(h->program, sizeof(h->program), "%s", GW_VERSION);
	snprintf(h->till, sizeof(h->till), "%s", b->result->till);
	snprintf(h->epoch, sizeof(h->epoch), "%s", b->result->epoch);
	snprintf(h->prev, sizeof(h->prev), "%s", b->prev);
	h->first = b->first;
	h->last = b->last;
	h->sealed_ms = sync_now_ms();
	h->sealed_mono_ms = mono_ms();
	h->boot = b->boot;
}

static int seal_one(struct sealing *b, struct gw_err *err)
{
	struct gw_batch_header h;
	struct batch_row row;
	int rc;

	fill_header(b, &h);
	rc = write_batch(b, &h, &row, err);
	if (rc < 0)
		return rc;
	snprintf(b->prev, sizeof(b->prev), "%s", row.hash);
	b->result->batches++;
	b->result->events += b->last - b->first + 1;
	b->result->bytes += row.size;
	b->len = HEADER_ROOM;
	b->first = b->last = 0;
	return GW_OK;
}

static bool is_full(const struct sealing *b)
{
	const struct sync_limits *l = &b->sync->limits;

	return b->last - b->first + 1 >= l->batch_events ||
	       (int64_t)(b->len - HEADER_ROOM) >= l->batch_bytes;
}

static int seal_rest(struct sealing *b, struct gw_err *err)
{
	const struct sync_limits *l = &b->sync->limits;
	int64_t age = sync_now_ms() - b->oldest_ms;

	if (b->first == 0)
		return GW_OK;
	/* A time that lies ahead says that a clock was put back: better now than in a year. */
	if (l->seal_all || age < 0 || age >= l->batch_age_ms)
		return seal_one(b, err);
	b->result->left = b->last - b->first + 1;
	b->result->oldest_left_ms = b->oldest_ms;
	return GW_OK;
}

static int seal_rows(struct sealing *b, struct gw_reader *r, struct gw_err *err)
{
	struct gw_reader_row row;
	int rc;

	while ((rc = gw_reader_next(r, &row, err)) > 0) {
		/* A hole in the numbers is the journal's fault; the batch must not hide it. */
		if (b->first != 0 && row.row.seq != b->last + 1 && (rc = seal_one(b, err)) < 0)
			return rc;
		rc = add_line(b, &row, err);
		if (rc == GW_OK && is_full(b))
			rc = seal_one(b, err);
		if (rc < 0)
			return rc;
		if (b->sync->progress && b->result->batches % 20 == 0 && b->first == 0)
			fprintf(stderr, "\rsealed %" PRId64 " events ", b->result->events);
	}
	return rc < 0 ? rc : seal_rest(b, err);
}

static int start(struct sealing *b, struct gw_reader *r, struct gw_err *err)
{
	struct gw_reader_info info;
	struct batch_row last;
	int rc;

	gw_reader_info(r, &info);
	snprintf(b->result->till, sizeof(b->result->till), "%s", info.till);
	snprintf(b->result->epoch, sizeof(b->result->epoch), "%s", info.epoch);
	rc = state_last(b->state, b->result->epoch, &last, err);
	if (rc == GW_OK) {
		snprintf(b->prev, sizeof(b->prev), "%s", last.hash);
		gw_reader_seek(r, last.last);
	} else if (rc != GW_E_NOT_FOUND) {
		return rc;
	}
	b->size = 1u << 18;
	b->plain = malloc(b->size);
	b->len = HEADER_ROOM;
	return b->plain != NULL ? GW_OK : gw_err_set(err, GW_E_MEMORY, "out of memory");
}

int seal_new(const struct sync *s, struct state *state, const struct device_key *key,
	     struct seal_result *result, struct gw_err *err)
{
	struct sealing b = {.sync = s, .state = state, .key = key, .result = result};
	struct gw_reader *r = NULL;
	int rc = gw_home_make(s->outbox, err);

	memset(result, 0, sizeof(*result));
	if (rc == GW_OK)
		rc = gw_reader_open(&r, s->journal, err);
	if (rc < 0)
		return rc;
	rc = start(&b, r, err);
	if (rc == GW_OK)
		rc = seal_rows(&b, r, err);
	if (s->progress && result->batches >= 20)
		fputs("\r\033[K", stderr);
	gw_reader_close(r);
	free(b.plain);
	free(b.packed);
	return rc;
}

/* --- keeping the outbox tidy ------------------------------------------------------------------ */

int seal_clean(const struct sync *s, struct state *state, struct gw_err *err)
{
	DIR *dir = opendir(s->outbox);
	struct dirent *e;

	if (dir == NULL)
		return gw_err_errno(err, GW_E_STORAGE, errno, "cannot read %s", s->outbox);
	while ((e = readdir(dir)) != NULL) {
		char path[GW_PATH_MAX];

		if (strstr(e->d_name, ".ndjson.zst") != NULL && !state_keeps(state, e->d_name) &&
		    gw_path_join(path, s->outbox, e->d_name, NULL) == GW_OK)
			unlink(path);
	}
	closedir(dir);
	return GW_OK;
}

struct capping {
	struct sealing sealing;
	int64_t bytes, dropped, now_ms;
	struct gw_err *err;
};

static bool is_waiting(const struct batch_row *row)
{
	return row->state == BATCH_SEALED || row->state == BATCH_SENT;
}

static int add_size(void *ctx, const struct batch_row *row)
{
	struct capping *c = ctx;

	if (is_waiting(row))
		c->bytes += row->size;
	return 0;
}

/* A batch that tells a gap is chained on by the hash of the file it stands for, not its own. */
static bool is_gap(const struct batch_row *row)
{
	const char *dash = strrchr(row->name, '-');

	return dash != NULL && strncmp(dash + 1, row->hash, 32) != 0;
}

/*
 * A batch without lines stands for one that is gone: same numbers, chained to the one before it,
 * and naming the hash that the next one is chained to.
 */
static int tell_gap(struct capping *c, const struct batch_row *row)
{
	struct sealing *b = &c->sealing;
	struct gw_batch_header h;
	struct batch_row gap;
	int rc;

	snprintf(b->result->epoch, sizeof(b->result->epoch), "%s", row->epoch);
	b->first = row->first;
	b->last = row->last;
	b->prev[0] = '\0';
	fill_header(b, &h);
	snprintf(h.missing, sizeof(h.missing), "%s", row->hash);
	b->len = HEADER_ROOM;
	rc = write_batch(b, &h, &gap, c->err);
	if (rc < 0)
		return rc;
	/* The chain goes on from the file that is gone. */
	snprintf(gap.hash, sizeof(gap.hash), "%s", row->hash);
	snprintf(gap.reason, sizeof(gap.reason), "events dropped: the outbox was full");
	return state_put(b->state, &gap, c->err);
}

int seal_gap(const struct device_key *key, const char *till, const struct batch_row *row,
	     char name[STATE_NAME_MAX], uint8_t **data, size_t *len, struct gw_err *err)
{
	struct sealing b = {.key = key};
	struct gw_batch_header h = {.first = row->first, .last = row->last};
	char head[HEADER_ROOM], hash[GW_BATCH_HASH_MAX];
	struct batch_row gap;
	size_t head_len;
	int rc;

	snprintf(h.program, sizeof(h.program), "%s", GW_VERSION);
	snprintf(h.till, sizeof(h.till), "%s", till);
	snprintf(h.epoch, sizeof(h.epoch), "%s", row->epoch);
	snprintf(h.missing, sizeof(h.missing), "%s", row->hash);
	h.sealed_ms = row->sealed_ms;
	rc = gw_batch_header_write(head, sizeof(head), &h, &head_len);
	if (rc < 0)
		return gw_err_set(err, rc, "the batch's header is too long");
	rc = pack(&b, head, head_len, len, err);
	if (rc < 0)
		return rc;
	gw_batch_hash(hash, b.packed, *len);
	make_row(&gap, &h, hash, *len);
	memcpy(name, gap.name, sizeof(gap.name));
	*data = b.packed;
	return GW_OK;
}

static int drop_oldest(void *ctx, const struct batch_row *row)
{
	struct capping *c = ctx;
	const struct sync_limits *l = &c->sealing.sync->limits;
	char path[GW_PATH_MAX];
	int rc = GW_OK;

	if (!is_waiting(row) || is_gap(row) ||
	    (c->bytes <= l->outbox_bytes && c->now_ms - row->sealed_ms <= l->outbox_age_ms))
		return GW_OK;
	if (row->state == BATCH_SEALED)
		rc = tell_gap(c, row);
	else {
		struct batch_row gone = *row;

		/* It was sent: head office has it, or will say that it has not. */
		gone.state = BATCH_DROPPED;
		rc = state_put(c->sealing.state, &gone, c->err);
	}
	if (rc == GW_OK)
		rc = gw_path_join(path, c->sealing.sync->outbox, row->name, c->err);
	if (rc < 0)
		return rc;
	unlink(path);
	c->bytes -= row->size;
	c->dropped += row->last - row->first + 1;
	return GW_OK;
}

int seal_cap(const struct sync *s, struct state *state, const struct device_key *key,
	     const char *till, int64_t *dropped, struct gw_err *err)
{
	struct seal_result result = {.batches = 0};
	struct capping c = {.sealing = {.sync = s, .state = state, .key = key, .result = &result},
			    .now_ms = steady_now_ms(state),
			    .err = err};
	int rc;

	*dropped = 0;
	snprintf(result.till, sizeof(result.till), "%s", till);
	c.sealing.size = HEADER_ROOM;
	c.sealing.plain = malloc(HEADER_ROOM);
	if (c.sealing.plain == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	rc = state_each(state, add_size, &c, err);
	if (rc == GW_OK)
		rc = state_each(state, drop_oldest, &c, err);
	*dropped = c.dropped;
	free(c.sealing.plain);
	free(c.sealing.packed);
	return rc;
}
