#include "tools/table/payload.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/json.h"
#include "base/when.h"

/* Level 12 is within a few percent of the best size at a tenth of its time. */
#define ZSTD_LEVEL 12
/* A window the reader must hold; the library's own limit for untrusted input is the same. */
#define ZSTD_WINDOW_LOG 27

struct sink {
	char *at;
	size_t len, size;
	bool failed;
};

static void put_line(struct sink *out, const struct gw_text *line)
{
	if (out->failed)
		return;
	if (out->at == NULL || out->size - out->len < line->len + 1) {
		size_t size = out->size * 2 + line->len + 4096;
		char *bigger = realloc(out->at, size);

		if (bigger == NULL) {
			out->failed = true;
			return;
		}
		out->at = bigger;
		out->size = size;
	}
	memcpy(out->at + out->len, line->at, line->len);
	out->at[out->len + line->len] = '\n';
	out->len += line->len + 1;
}

/* The shortest decimal text that reads back as the same number. */
static void member_real(struct gw_json *j, const char *key, double d)
{
	static const int tries[] = {6, 9, 12, 15, 16, 17};
	char room[40];
	struct gw_text text = gw_text_over(room, sizeof(room));
	struct gw_json number;

	if (d == 0)
		return;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		gw_text_clear(&text);
		number = gw_json_over(&text);
		gw_json_double(&number, d, tries[i]);
		if (strtod(room, NULL) == d)
			break;
	}
	gw_json_key(j, key);
	gw_json_raw(j, room, text.len);
}

static void member_text(struct gw_json *j, const char *key, const char *value)
{
	if (value[0] != '\0')
		gw_json_member_string(j, key, value);
}

static void member_int(struct gw_json *j, const char *key, int64_t n, int64_t usual)
{
	if (n != usual)
		gw_json_member_int(j, key, n);
}

static void member_day(struct gw_json *j, const char *key, int32_t day)
{
	char when[GW_WHEN_MAX];

	if (day == INT32_MIN || day == INT32_MAX)
		return;
	gw_when_format(when, day * GW_DAY_MS);
	gw_json_key(j, key);
	gw_json_string_len(j, when, 10);
}

static void write_item(struct gw_json *j, const struct gw_table *t, uint32_t i)
{
	const struct gw_item *item = &t->items[i];

	gw_json_member_string(j, "item", item->code);
	member_text(j, "name", item->name);
	member_int(j, "price", item->price_minor, -1);
	member_int(j, "cost", item->cost_minor, -1);
	if (item->category != GW_NONE)
		gw_json_member_string(j, "category", t->categories[item->category]);
	if (item->kind == GW_ITEM_SERVICE)
		gw_json_member_string(j, "kind", "service");
	member_int(j, "stock", item->stock, -1);
	member_text(j, "tags", item->tags);
}

static const char *condition_text(const struct gw_table *t, const struct gw_condition *c,
				  char room[GW_CODE_MAX + 16])
{
	struct gw_text text = gw_text_over(room, GW_CODE_MAX + 16);

	if (c->is_category)
		gw_text_addf(&text, "category:%s", t->categories[c->index]);
	else
		gw_text_add(&text, t->items[c->index].code);
	return room;
}

static void write_when(struct gw_json *j, const struct gw_rule *r)
{
	member_day(j, "from", r->from_day);
	member_day(j, "to", r->to_day);
	member_int(j, "days", r->days, 0x7F);
	member_int(j, "from_minute", r->from_minute, 0);
	member_int(j, "to_minute", r->to_minute, 1440);
}

static void write_rule(struct gw_json *j, const struct gw_table *t, uint32_t i)
{
	static const char *const rule_kinds[] = {"addon", "upgrade", "bundle"};
	const struct gw_rule *r = &t->rules[i];
	char room[GW_CODE_MAX + 16];

	gw_json_member_string(j, "rule", r->id);
	gw_json_key(j, "if");
	gw_json_begin(j, '[');
	for (int k = 0; k < r->condition_count; k++)
		gw_json_string(j, condition_text(t, &r->conditions[k], room));
	gw_json_end(j, ']');
	gw_json_member_string(j, "suggest", t->items[r->suggest].code);
	if (r->kind != GW_RULE_ADDON)
		gw_json_member_string(j, "kind", rule_kinds[r->kind]);
	if (r->moment == GW_MOMENT_TOTAL)
		gw_json_member_string(j, "moment", "total");
	member_int(j, "price", r->price_minor, -1);
	member_int(j, "saves", r->saves_minor, 0);
	if (strcmp(r->pos_code, t->items[r->suggest].code) != 0)
		gw_json_member_string(j, "pos_code", r->pos_code);
	member_text(j, "script", r->script);
	member_text(j, "segment", r->segment);
	member_text(j, "arm", r->arm);
	write_when(j, r);
	member_int(j, "min_subtotal", r->min_subtotal_minor, 0);
	member_int(j, "priority", r->priority, 0);
	member_real(j, "weight", r->weight);
	member_real(j, "support", r->support);
	member_real(j, "confidence", r->confidence);
	member_real(j, "lift", r->lift);
}

static void write_experiment(struct gw_json *j, const struct gw_table *t, uint32_t i)
{
	const struct gw_experiment *e = &t->experiments[i];
	char room[GW_ARMS_TEXT_MAX];

	gw_json_member_string(j, "experiment", e->id);
	member_text(j, "hypothesis", e->hypothesis);
	member_text(j, "metric", e->metric);
	member_text(j, "salt", e->salt);
	member_day(j, "from", e->from_day);
	member_day(j, "to", e->to_day);
	member_int(j, "holdout_ppm", e->holdout_ppm, 0);
	member_text(j, "arms", gw_arms_format(e, room));
}

static void write_setting(struct gw_json *j, const struct gw_table *t, uint32_t i)
{
	gw_json_member_string(j, "setting", t->settings[i].key);
	gw_json_member_string(j, "value", t->settings[i].value);
}

static const struct kind {
	const char *name;
	size_t rows_at, count_at; /* in struct gw_table; rows begin with the key */
	size_t stride;
	void (*write)(struct gw_json *, const struct gw_table *, uint32_t);
} kinds[GW_ROW_KINDS] = {
#define KIND(name, rows, count, write)                                                             \
	{                                                                                          \
		name, offsetof(struct gw_table, rows), offsetof(struct gw_table, count),           \
			sizeof(*((struct gw_table *)0)->rows), write                               \
	}
	KIND("setting", settings, setting_count, write_setting),
	KIND("item", items, item_count, write_item),
	KIND("experiment", experiments, experiment_count, write_experiment),
	KIND("rule", rules, rule_count, write_rule),
#undef KIND
};

uint32_t gw_row_count(const struct gw_table *t, enum gw_row_kind kind)
{
	uint32_t count;

	memcpy(&count, (const char *)t + kinds[kind].count_at, sizeof(count));
	return count;
}

const char *gw_row_key(const struct gw_table *t, enum gw_row_kind kind, uint32_t row)
{
	const char *rows, *key;

	memcpy(&rows, (const char *)t + kinds[kind].rows_at, sizeof(rows));
	memcpy(&key, rows + row * kinds[kind].stride, sizeof(key));
	return key;
}

const char *gw_row_kind_name(enum gw_row_kind kind)
{
	return kinds[kind].name;
}

void gw_row_write(const struct gw_table *t, enum gw_row_kind kind, uint32_t row,
		  struct gw_text *line)
{
	struct gw_json j = gw_json_over(line);

	gw_json_begin(&j, '{');
	kinds[kind].write(&j, t, row);
	gw_json_end(&j, '}');
}

struct order {
	const char *key;
	uint32_t row;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct order *)a)->key, ((const struct order *)b)->key);
}

uint32_t *gw_row_order(const struct gw_table *t, enum gw_row_kind kind)
{
	uint32_t count = gw_row_count(t, kind);
	struct order *order = malloc((count + 1) * sizeof(*order));
	uint32_t *rows = calloc(count + 1, sizeof(*rows));

	if (order == NULL || rows == NULL) {
		free(order);
		free(rows);
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++)
		order[i] = (struct order){gw_row_key(t, kind, i), i};
	qsort(order, count, sizeof(*order), by_key);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = order[i].row;
	free(order);
	return rows;
}

static void write_rows(struct sink *out, const struct gw_table *t, enum gw_row_kind kind)
{
	uint32_t *order = gw_row_order(t, kind);
	char room[GW_PAYLOAD_LINE_MAX];

	if (order == NULL) {
		out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < gw_row_count(t, kind); i++) {
		struct gw_text line = gw_text_over(room, sizeof(room));

		gw_row_write(t, kind, order[i], &line);
		put_line(out, &line);
	}
	free(order);
}

int gw_payload_write(const struct gw_table *t, char **raw, size_t *len, struct gw_err *err)
{
	struct sink out = {0};
	char room[100];
	struct gw_text line = gw_text_over(room, sizeof(room));

	gw_text_addf(&line, "{\"goeswith_table\":1,\"currency\":\"%s\"}", t->currency);
	put_line(&out, &line);
	for (int kind = 0; kind < GW_ROW_KINDS; kind++)
		write_rows(&out, t, (enum gw_row_kind)kind);
	*raw = out.at;
	*len = out.len;
	if (!out.failed)
		return GW_OK;
	free(out.at);
	*raw = NULL;
	return gw_err_set(err, GW_E_MEMORY, "out of memory for the payload");
}

int gw_payload_compress(const char *raw, size_t len, char **out, size_t *out_len,
			struct gw_err *err)
{
	size_t room = ZSTD_compressBound(len), n;

	*out = malloc(room);
	if (*out == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory for the payload");
	n = ZSTD_compress(*out, room, raw, len, ZSTD_LEVEL);
	if (ZSTD_isError(n)) {
		free(*out);
		*out = NULL;
		return gw_err_set(err, GW_E_MEMORY, "zstd: %s", ZSTD_getErrorName(n));
	}
	*out_len = n;
	return GW_OK;
}

/* Expands into exactly raw_len bytes; the buffer has one byte more to see whether more would come.
 */
static int expand_all(ZSTD_DCtx *ctx, const char *packed, size_t len, char *raw, size_t raw_len,
		      struct gw_err *err)
{
	ZSTD_inBuffer in = {packed, len, 0};
	ZSTD_outBuffer out = {raw, raw_len + 1, 0};
	size_t rc;

	ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	do {
		rc = ZSTD_decompressStream(ctx, &out, &in);
		if (ZSTD_isError(rc))
			return gw_err_set(err, GW_E_INPUT, "the payload is damaged: %s",
					  ZSTD_getErrorName(rc));
	} while (rc != 0 && out.pos < out.size && in.pos < in.size);
	if (rc != 0 || in.pos != in.size || out.pos != raw_len)
		return gw_err_set(err, GW_E_INPUT,
				  "the payload is not as long as its manifest says");
	return GW_OK;
}

int gw_payload_expand(const char *packed, size_t len, size_t raw_len, char **raw,
		      struct gw_err *err)
{
	ZSTD_DCtx *ctx;
	int rc;

	*raw = NULL;
	if (raw_len > GW_PAYLOAD_RAW_MAX || len > GW_PAYLOAD_SIZE_MAX)
		return gw_err_set(err, GW_E_INPUT, "the payload is larger than is allowed");
	*raw = malloc(raw_len + 1);
	ctx = ZSTD_createDCtx();
	if (*raw == NULL || ctx == NULL)
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory for the payload");
	else
		rc = expand_all(ctx, packed, len, *raw, raw_len, err);
	ZSTD_freeDCtx(ctx);
	if (rc < 0) {
		free(*raw);
		*raw = NULL;
	}
	return rc;
}
