/*
 * Each field of each kind of event is one row: key, type, place in struct gw_event, default.  The
 * encoder walks the rows of the kind; the decoder looks each of them up in the parsed object.  A
 * default is left out on the way and put back on arrival, which keeps batches small and lets fields
 * be added later.
 */
#include "model/event_json_private.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

#define TEXT_CUT 500
#define IDS_CUT  2000

static const char *const kind_words[GW_EV_COUNT] = {
#define WORD(name, word, kept) [name] = (word),
	GW_EVENT_MAP(WORD)
#undef WORD
};
static const bool kind_kept[GW_EV_COUNT] = {
#define KEPT(name, word, kept) [name] = (kept),
	GW_EVENT_MAP(KEPT)
#undef KEPT
};
static const char *const result_words[GW_RESULT_COUNT] = {
#define WORD(name, word) [name] = (word),
	GW_RESULT_MAP(WORD)
#undef WORD
};
static const char *const close_words[GW_CLOSE_COUNT] = {
#define WORD(name, word) [name] = (word),
	GW_CLOSE_MAP(WORD)
#undef WORD
};
static const char *const source_words[] = {"scan", "offer", "host"};
static const char *const rule_kind_words[] = {"addon", "upgrade", "bundle"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *gw_event_word(enum gw_event_kind kind)
{
	return (unsigned)kind < GW_EV_COUNT ? kind_words[kind] : "?";
}

bool gw_event_is_kept(enum gw_event_kind kind)
{
	return (unsigned)kind < GW_EV_COUNT && kind_kept[kind];
}

enum gw_event_kind gw_event_kind_of(const char *word, size_t len)
{
	unsigned kind = 0;

	while (kind < GW_EV_COUNT &&
	       (strlen(kind_words[kind]) != len || memcmp(kind_words[kind], word, len) != 0))
		kind++;
	return (enum gw_event_kind)kind;
}

const char *gw_result_word(enum gw_result result)
{
	return (unsigned)result < GW_RESULT_COUNT ? result_words[result] : "?";
}

const char *gw_close_word(enum gw_close_reason reason)
{
	return (unsigned)reason < GW_CLOSE_COUNT ? close_words[reason] : "?";
}

const char *gw_source_word(enum gw_line_source source)
{
	return (unsigned)source < COUNT(source_words) ? source_words[source] : "?";
}

const char *gw_rule_kind_word(enum gw_rule_kind kind)
{
	return (unsigned)kind < COUNT(rule_kind_words) ? rule_kind_words[kind] : "?";
}

enum type { INT32, INT64, BOOL, CHARS, STRING, STRINGS, WORD_OF };

struct field {
	const char *key;
	uint16_t offset;
	uint16_t size; /* CHARS: of the array; STRING: longest text; STRINGS: of each */
	uint8_t type;  /* enum type */
	uint8_t word_count;
	bool required;
	int16_t fallback; /* numbers: what absence means */
	const char *const *words;
};

#define AT(member)   .offset = offsetof(struct gw_event, member)
#define SIZE(member) .size = sizeof(((struct gw_event *)0)->member)
/* clang-format off */
#define N32(k, m)       {.key = (k), .type = INT32, AT(m)}
#define N32_OR(k, m, d) {.key = (k), .type = INT32, AT(m), .fallback = (d)}
#define N32_MUST(k, m)  {.key = (k), .type = INT32, AT(m), .required = true}
#define N64(k, m)       {.key = (k), .type = INT64, AT(m)}
#define N64_OR(k, m, d) {.key = (k), .type = INT64, AT(m), .fallback = (d)}
#define YES(k, m)       {.key = (k), .type = BOOL, AT(m)}
#define TXT(k, m)       {.key = (k), .type = CHARS, AT(m), SIZE(m)}
#define TXT_MUST(k, m)  {.key = (k), .type = CHARS, AT(m), SIZE(m), .required = true}
#define PTR(k, m, cut)  {.key = (k), .type = STRING, AT(m), .size = (cut)}
#define PTRS(k, m, cut) {.key = (k), .type = STRINGS, AT(m), .size = (cut)}
#define ONE(k, m, w)    {.key = (k), .type = WORD_OF, AT(m), .words = (w), .word_count = COUNT(w), \
			 .required = true}
#define END             {.key = NULL}
/* clang-format on */

static const struct field line_fields[] = {
	N32_MUST("line", u.line.line),
	TXT_MUST("code", u.line.code),
	PTR("name", u.line.name, TEXT_CUT),
	N32_MUST("qty", u.line.qty),
	N64_OR("price", u.line.price_minor, -1),
	N32("milli", u.line.milli),
	ONE("source", u.line.source, source_words),
	N32("offer", u.line.offer),
	TXT("lot", u.line.lot),
	TXT("expiry", u.line.expiry),
	YES("unconfirmed", u.line.unconfirmed),
	END,
};

static const struct field void_fields[] = {
	N32_MUST("line", u.voided.line),
	TXT("code", u.voided.code),
	N32("qty", u.voided.qty),
	END,
};

static const struct field offer_fields[] = {
	N32_MUST("offer", u.offer.offer),
	TXT_MUST("rule", u.offer.rule),
	ONE("rule_kind", u.offer.kind, rule_kind_words),
	TXT_MUST("code", u.offer.code),
	TXT("pos_code", u.offer.pos_code),
	PTR("name", u.offer.name, TEXT_CUT),
	PTR("script", u.offer.script, TEXT_CUT),
	N64_OR("price", u.offer.price_minor, -1),
	N64("saves", u.offer.saves_minor),
	N64_OR("margin", u.offer.margin_minor, -1),
	N64("subtotal", u.offer.subtotal_minor),
	N32("expires_ms", u.offer.expires_ms),
	PTRS("why", u.offer.why, TEXT_CUT),
	N32("why_more", u.offer.why_more),
	TXT("experiment", u.offer.experiment),
	TXT("arm", u.offer.arm),
	TXT("table_version", u.offer.table_version),
	N32("eligible", u.offer.eligible),
	N32("propensity_ppm", u.offer.propensity_ppm),
	N32("holdout_ppm", u.offer.holdout_ppm),
	N32("bucket_ppm", u.offer.hold_bucket_ppm),
	PTR("eligible_ids", u.offer.eligible_ids, IDS_CUT),
	END,
};

static const struct field outcome_fields[] = {
	N32_MUST("offer", u.outcome.offer),  TXT("rule", u.outcome.rule),
	TXT("code", u.outcome.code),         ONE("result", u.outcome.result, result_words),
	TXT("why", u.outcome.why),           N32("ms", u.outcome.ms),
	N64("value", u.outcome.value_minor), N32("line", u.outcome.line),
	YES("ghost", u.outcome.ghost),       END,
};

static const struct field close_fields[] = {
	N32("lines", u.close.lines),
	N32("items", u.close.items),
	N64("total", u.close.total_minor),
	YES("till", u.close.total_from_till),
	ONE("reason", u.close.reason, close_words),
	END,
};

static const struct field code_fields[] = {
	TXT_MUST("code", u.code.code),
	N32("line", u.code.line),
	END,
};

static const struct field open_fields[] = {
	N32_OR("utc_offset", u.open.utc_offset_min, GW_UTC_UNKNOWN),
	END,
};

static const struct field table_fields[] = {
	TXT("version", u.table.version),
	N64("items", u.table.items),
	N64("rules", u.table.rules),
	END,
};

static const struct field gap_fields[] = {
	N64("missing", u.gap.missing),
	TXT("what", u.gap.what),
	END,
};

static const struct field clock_fields[] = {N64("jump_ms", u.clock.jump_ms), END};
static const struct field login_fields[] = {TXT("id", u.id.id), END};
static const struct field segment_fields[] = {TXT("name", u.id.id), END};
static const struct field start_fields[] = {TXT("version", u.id.id), END};
static const struct field text_fields[] = {TXT("text", u.text), END};
static const struct field no_fields[] = {END};

static const struct field *const fields_of[GW_EV_COUNT] = {
	[GW_EV_START] = start_fields,     [GW_EV_STOP] = text_fields,
	[GW_EV_TABLE] = table_fields,     [GW_EV_SCANNER] = text_fields,
	[GW_EV_OPEN] = open_fields,       [GW_EV_LINE] = line_fields,
	[GW_EV_VOID] = void_fields,       [GW_EV_OFFER] = offer_fields,
	[GW_EV_GHOST] = offer_fields,     [GW_EV_OUTCOME] = outcome_fields,
	[GW_EV_CLOSE] = close_fields,     [GW_EV_UNKNOWN] = code_fields,
	[GW_EV_REFUSED] = text_fields,    [GW_EV_CLOCK] = clock_fields,
	[GW_EV_GAP] = gap_fields,         [GW_EV_LOGIN] = login_fields,
	[GW_EV_SUSPEND] = no_fields,      [GW_EV_RESUME] = no_fields,
	[GW_EV_SEGMENT] = segment_fields, [GW_EV_INJECT] = code_fields,
	[GW_EV_BEEP] = no_fields,         [GW_EV_WARN] = text_fields,
	[GW_EV_ERROR] = text_fields,      [GW_EV_SUBTOTAL] = no_fields,
	[GW_EV_MUTE] = no_fields,
};

_Static_assert(sizeof(int) == sizeof(int32_t), "INT32 rows also describe int members");
_Static_assert(sizeof(enum gw_result) == sizeof(int32_t), "WORD_OF rows describe enum members");
_Static_assert(sizeof(struct gw_event) < UINT16_MAX, "offsets fit their row");
_Static_assert(GW_EVENT_ROOM > 5 * (TEXT_CUT + 1) + IDS_CUT + 1, "texts of an offer fit");

/* --- encoding --------------------------------------------------------------------------------- */

/*
 * Length to which s[0..len) must be cut so that, with every malformed byte written as U+FFFD (three
 * bytes), it still fits most bytes: what is written can then be read back into the same room.
 */
static size_t fitting(const char *s, size_t len, size_t most)
{
	size_t at = 0, used = 0;

	while (at < len) {
		char mended[4];
		uint32_t c;
		size_t n = gw_utf8_decode(s + at, len - at, &c);
		size_t written = gw_utf8_encode(c, mended);

		if (used + written > most)
			break;
		used += written;
		at += n;
	}
	return at;
}

static void put_text(struct gw_json *j, const char *s, size_t most)
{
	gw_json_string_len(j, s, fitting(s, strlen(s), most));
}

static void put_strings(struct gw_json *j, const struct field *f, const char *const *strings)
{
	if (strings[0] == NULL)
		return;
	gw_json_key(j, f->key);
	gw_json_begin(j, '[');
	for (int i = 0; i < GW_WHY_MAX && strings[i] != NULL; i++)
		put_text(j, strings[i], f->size);
	gw_json_end(j, ']');
}

static void put_number(struct gw_json *j, const struct field *f, int64_t n)
{
	if (f->required || n != f->fallback)
		gw_json_member_int(j, f->key, n);
}

static void put_string(struct gw_json *j, const struct field *f, const char *s, size_t most)
{
	gw_json_key(j, f->key);
	put_text(j, s, most);
}

static void put_field(struct gw_json *j, const struct field *f, const void *at)
{
	int32_t n32;

	switch ((enum type)f->type) {
	case INT32:
		memcpy(&n32, at, sizeof(n32));
		put_number(j, f, n32);
		break;
	case INT64:
		put_number(j, f, *(const int64_t *)at);
		break;
	case BOOL:
		if (*(const bool *)at)
			gw_json_member_bool(j, f->key, true);
		break;
	case CHARS:
		if (f->required || *(const char *)at != '\0')
			put_string(j, f, at, f->size - 1u);
		break;
	case STRING:
		if (*(const char *const *)at != NULL)
			put_string(j, f, *(const char *const *)at, f->size);
		break;
	case STRINGS:
		put_strings(j, f, at);
		break;
	case WORD_OF:
		memcpy(&n32, at, sizeof(n32));
		gw_json_member_string(j, f->key,
				      (uint32_t)n32 < f->word_count ? f->words[n32] : "?");
		break;
	}
}

void gw_event_json_members(struct gw_json *j, const struct gw_event *event)
{
	if ((unsigned)event->kind >= GW_EV_COUNT)
		return;
	for (const struct field *f = fields_of[event->kind]; f->key != NULL; f++)
		put_field(j, f, (const char *)event + f->offset);
}

int gw_event_json_encode(struct gw_text *out, const struct gw_event *event)
{
	struct gw_json j = gw_json_over(out);

	gw_json_begin(&j, '{');
	gw_event_json_members(&j, event);
	gw_json_end(&j, '}');
	return out->cut ? GW_E_FULL : GW_OK;
}

/* --- decoding --------------------------------------------------------------------------------- */

struct room {
	char *at;
	size_t left;
};

static int wrong(const struct field *f, struct gw_err *err, const char *should)
{
	return gw_err_set(err, GW_E_INPUT, "event field \"%s\" %s", f->key, should);
}

static int take_number(const struct field *f, const json_t *v, int64_t *n, struct gw_err *err)
{
	if (!json_is_integer(v))
		return wrong(f, err, "must be a whole number");
	*n = json_integer_value(v);
	if (f->type == INT32 && (*n < INT32_MIN || *n > INT32_MAX))
		return wrong(f, err, "is out of range");
	return GW_OK;
}

static int take_chars(const struct field *f, const json_t *v, char *out, struct gw_err *err)
{
	if (!json_is_string(v))
		return wrong(f, err, "must be a string");
	if (json_string_length(v) >= f->size)
		return wrong(f, err, "is too long");
	memcpy(out, json_string_value(v), json_string_length(v) + 1);
	return GW_OK;
}

static int take_string(const struct field *f, const json_t *v, struct room *room, const char **out,
		       struct gw_err *err)
{
	size_t len = json_string_length(v);

	if (!json_is_string(v))
		return wrong(f, err, "must be a string");
	if (len > f->size || len + 1 > room->left)
		return wrong(f, err, "is too long");
	memcpy(room->at, json_string_value(v), len + 1);
	*out = room->at;
	room->at += len + 1;
	room->left -= len + 1;
	return GW_OK;
}

static int take_strings(const struct field *f, const json_t *v, struct room *room, const char **out,
			struct gw_err *err)
{
	if (!json_is_array(v) || json_array_size(v) > GW_WHY_MAX)
		return wrong(f, err, "must be a list of at most three strings");
	for (size_t i = 0; i < json_array_size(v); i++) {
		int rc = take_string(f, json_array_get(v, i), room, &out[i], err);

		if (rc < 0)
			return rc;
	}
	return GW_OK;
}

static int take_word(const struct field *f, const json_t *v, int32_t *out, struct gw_err *err)
{
	if (!json_is_string(v))
		return wrong(f, err, "must be a string");
	for (*out = 0; *out < f->word_count; (*out)++)
		if (strcmp(json_string_value(v), f->words[*out]) == 0)
			return GW_OK;
	return wrong(f, err, "is a word this program does not know");
}

static int take_absent(const struct field *f, void *at, struct gw_err *err)
{
	int32_t n32 = f->fallback;
	int64_t n64 = n32;

	if (f->required)
		return wrong(f, err, "is missing");
	if (f->type == INT64)
		memcpy(at, &n64, sizeof(n64));
	else if (f->type == INT32)
		memcpy(at, &n32, sizeof(n32));
	return GW_OK;
}

static int take_field(const struct field *f, const json_t *object, void *at, struct room *room,
		      struct gw_err *err)
{
	const json_t *v = json_object_get(object, f->key);
	int64_t n = 0;
	int32_t n32 = 0;
	int rc = GW_OK;

	if (v == NULL)
		return take_absent(f, at, err);
	switch ((enum type)f->type) {
	case INT32:
		rc = take_number(f, v, &n, err);
		n32 = (int32_t)n;
		memcpy(at, &n32, sizeof(n32));
		break;
	case INT64:
		rc = take_number(f, v, &n, err);
		memcpy(at, &n, sizeof(n));
		break;
	case BOOL:
		if (!json_is_boolean(v))
			return wrong(f, err, "must be true or false");
		*(bool *)at = json_is_true(v);
		break;
	case CHARS:
		rc = take_chars(f, v, at, err);
		break;
	case STRING:
		rc = take_string(f, v, room, at, err);
		break;
	case STRINGS:
		rc = take_strings(f, v, room, at, err);
		break;
	case WORD_OF:
		rc = take_word(f, v, &n32, err);
		memcpy(at, &n32, sizeof(n32));
		break;
	}
	return rc;
}

int gw_event_take_body(struct gw_event *event, char *text, enum gw_event_kind kind,
		       const json_t *object, struct gw_err *err)
{
	struct room room = {text, GW_EVENT_ROOM};
	int rc = GW_OK;

	event->kind = kind;
	for (const struct field *f = fields_of[kind]; f->key != NULL && rc == GW_OK; f++)
		rc = take_field(f, object, (char *)event + f->offset, &room, err);
	return rc;
}

json_t *gw_event_parse(const char *json, size_t len, struct gw_err *err)
{
	json_error_t at;
	json_t *object = json_loadb(json, len, JSON_REJECT_DUPLICATES, &at);

	if (object == NULL)
		gw_err_set(err, GW_E_INPUT, "event is not JSON: %s, at byte %d", at.text,
			   at.position);
	else if (!json_is_object(object)) {
		gw_err_set(err, GW_E_INPUT, "event is not a JSON object");
		json_decref(object);
		object = NULL;
	}
	return object;
}

int gw_event_json_decode(struct gw_event *event, char *room, enum gw_event_kind kind,
			 const char *json, size_t len, struct gw_err *err)
{
	json_t *object;
	int rc;

	memset(event, 0, sizeof(*event));
	if ((unsigned)kind >= GW_EV_COUNT)
		return gw_err_set(err, GW_E_BUG, "no such kind of event: %d", (int)kind);
	object = gw_event_parse(json, len, err);
	if (object == NULL)
		return GW_E_INPUT;
	rc = gw_event_take_body(event, room, kind, object, err);
	json_decref(object);
	return rc;
}
