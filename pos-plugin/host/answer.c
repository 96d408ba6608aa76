#include "host/answer.h"

#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "base/when.h"

#define LONG_TEXT_MAX 1000  /* bytes of a name or a script */
#define ROOM_TO_END   12288 /* bytes kept free for what follows the lines of a state */

static const char *const source_words[] = {"scan", "offer", "host"};
static const char *const rule_words[] = {"addon", "upgrade", "bundle"};
static const char *const beep_words[] = {"ok", "bad", "offer"};
static const char *const view_words[] = {"idle", "selling", "totalled"};

static const char *const result_words[] = {
#define WORD(name, word) word,
	GW_RESULT_MAP(WORD)};
static const char *const close_words[] = {GW_CLOSE_MAP(WORD)
#undef WORD
};

#define WORD_OF(words, i) word_of(words, sizeof(words) / sizeof((words)[0]), (size_t)(i))

static const char *word_of(const char *const *words, size_t count, size_t i)
{
	return i < count ? words[i] : "?";
}

static void add_long_text(struct gw_json *j, const char *s)
{
	size_t len = strnlen(s, LONG_TEXT_MAX + 1);

	if (len > LONG_TEXT_MAX)
		len = gw_utf8_cut(s, LONG_TEXT_MAX);
	gw_json_string_len(j, s, len);
}

/* null where there is no text at all. */
static void member_name(struct gw_json *j, const char *key, const char *s)
{
	gw_json_key(j, key);
	if (s == NULL)
		gw_json_null(j);
	else
		add_long_text(j, s);
}

static void member_given(struct gw_json *j, const char *key, const char *s)
{
	if (s != NULL && s[0] != '\0')
		member_name(j, key, s);
}

/* An amount; null where it is not known. */
static void member_minor(struct gw_json *j, const char *key, int64_t minor)
{
	gw_json_key(j, key);
	if (minor < 0)
		gw_json_null(j);
	else
		gw_json_int(j, minor);
}

static void member_nonzero(struct gw_json *j, const char *key, int64_t n)
{
	if (n != 0)
		gw_json_member_int(j, key, n);
}

static void add_why(struct gw_json *j, const char *const why[GW_WHY_MAX], int more)
{
	gw_json_key(j, "why");
	gw_json_begin(j, '[');
	for (int i = 0; i < GW_WHY_MAX && why[i] != NULL; i++)
		add_long_text(j, why[i]);
	gw_json_end(j, ']');
	member_nonzero(j, "why_more", more);
}

static void add_line(struct gw_json *j, const struct gw_event *e)
{
	const struct gw_ev_line *l = &e->u.line;

	gw_json_member_int(j, "line", l->line);
	gw_json_member_string(j, "code", l->code);
	member_name(j, "name", l->name);
	gw_json_member_int(j, "qty", l->qty);
	member_minor(j, "price", l->price_minor);
	gw_json_member_string(j, "source", WORD_OF(source_words, l->source));
	member_nonzero(j, "offer", l->offer);
	member_nonzero(j, "milli", l->milli);
	member_given(j, "lot", l->lot);
	member_given(j, "expiry", l->expiry);
	if (l->unconfirmed)
		gw_json_member_bool(j, "unconfirmed", true);
}

static void add_void(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_int(j, "line", e->u.voided.line);
	gw_json_member_string(j, "code", e->u.voided.code);
	gw_json_member_int(j, "qty", e->u.voided.qty);
}

static void add_offer(struct gw_json *j, const struct gw_event *e)
{
	const struct gw_ev_offer *o = &e->u.offer;

	gw_json_member_int(j, "offer", o->offer);
	gw_json_member_string(j, "rule", o->rule);
	gw_json_member_string(j, "kind", WORD_OF(rule_words, o->kind));
	gw_json_member_string(j, "code", o->code);
	gw_json_member_string(j, "pos_code", o->pos_code);
	member_name(j, "name", o->name);
	member_minor(j, "price", o->price_minor);
	member_nonzero(j, "saves", o->saves_minor);
	member_name(j, "script", o->script != NULL ? o->script : "");
	add_why(j, o->why, o->why_more);
	gw_json_member_int(j, "expires_ms", o->expires_ms);
	member_given(j, "experiment", o->experiment);
	member_given(j, "arm", o->arm);
}

/* A ghost goes out without anything that could be shown: showing it would spoil the holdout. */
static void add_ghost(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_int(j, "offer", e->u.offer.offer);
	gw_json_member_string(j, "rule", e->u.offer.rule);
	member_given(j, "experiment", e->u.offer.experiment);
	member_given(j, "arm", e->u.offer.arm);
}

static void add_outcome(struct gw_json *j, const struct gw_event *e)
{
	const struct gw_ev_outcome *o = &e->u.outcome;

	gw_json_member_int(j, "offer", o->offer);
	gw_json_member_string(j, "result", WORD_OF(result_words, o->result));
	gw_json_member_int(j, "ms", o->ms);
	gw_json_member_string(j, "rule", o->rule);
	gw_json_member_string(j, "code", o->code);
	member_given(j, "why", o->why);
	member_nonzero(j, "value", o->value_minor);
	member_nonzero(j, "line", o->line);
}

static void add_close(struct gw_json *j, const struct gw_event *e)
{
	const struct gw_ev_close *c = &e->u.close;

	gw_json_member_int(j, "items", c->items);
	gw_json_member_int(j, "lines", c->lines);
	gw_json_member_int(j, "total", c->total_minor);
	gw_json_member_string(j, "total_from", c->total_from_till ? "till" : "lines");
	gw_json_member_string(j, "reason", WORD_OF(close_words, c->reason));
}

static void add_code(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "code", e->u.code.code);
	member_nonzero(j, "line", e->u.code.line);
}

static void add_table(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "version", e->u.table.version);
	gw_json_member_int(j, "items", e->u.table.items);
	gw_json_member_int(j, "rules", e->u.table.rules);
}

static void add_gap(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_int(j, "missing", e->u.gap.missing);
	gw_json_member_string(j, "what", e->u.gap.what);
}

static void add_clock(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_int(j, "jump_ms", e->u.clock.jump_ms);
}

static void add_beep(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "kind", WORD_OF(beep_words, e->u.beep));
}

static void add_version(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "version", e->u.id.id);
}

static void add_id(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "id", e->u.id.id);
}

static void add_name(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "name", e->u.id.id);
}

static void add_what(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "what", e->u.text);
}

static void add_text(struct gw_json *j, const struct gw_event *e)
{
	gw_json_member_string(j, "text", e->u.text);
}

static const char *const event_words[] = {
#define EVENT_WORD(name, word, journal) [name] = (word),
	GW_EVENT_MAP(EVENT_WORD)
#undef EVENT_WORD
};

/* The protocol's word where it differs from the journal's, and what stands in the line.  A kind
 * without a row has nothing to say but its word. */
static const struct {
	const char *on;
	void (*add)(struct gw_json *j, const struct gw_event *e);
} answers[GW_EV_COUNT] = {
	[GW_EV_START] = {NULL, add_version},
	[GW_EV_STOP] = {NULL, add_text},
	[GW_EV_TABLE] = {NULL, add_table},
	[GW_EV_SCANNER] = {NULL, add_text},
	[GW_EV_LINE] = {NULL, add_line},
	[GW_EV_VOID] = {NULL, add_void},
	[GW_EV_OFFER] = {NULL, add_offer},
	[GW_EV_GHOST] = {NULL, add_ghost},
	[GW_EV_OUTCOME] = {"offer_end", add_outcome},
	[GW_EV_CLOSE] = {"closed", add_close},
	[GW_EV_UNKNOWN] = {NULL, add_code},
	[GW_EV_REFUSED] = {NULL, add_what},
	[GW_EV_CLOCK] = {NULL, add_clock},
	[GW_EV_GAP] = {NULL, add_gap},
	[GW_EV_LOGIN] = {"cashier", add_id},
	[GW_EV_SEGMENT] = {NULL, add_name},
	[GW_EV_INJECT] = {NULL, add_code},
	[GW_EV_BEEP] = {NULL, add_beep},
	[GW_EV_WARN] = {NULL, add_text},
	[GW_EV_ERROR] = {NULL, add_text},
};

static const char *word_on(const struct gw_event *e)
{
	if (e->kind == GW_EV_OUTCOME && e->u.outcome.ghost)
		return "ghost_end";
	return answers[e->kind].on != NULL ? answers[e->kind].on : event_words[e->kind];
}

void gw_answer_event(struct gw_text *out, const struct gw_event *event, int64_t seq, int64_t ack)
{
	struct gw_json j = gw_json_over(out);
	char when[GW_WHEN_MAX];

	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "on", word_on(event));
	member_given(&j, "basket", event->basket);
	if (answers[event->kind].add != NULL)
		answers[event->kind].add(&j, event);
	gw_json_member_string(&j, "at", gw_when_format(when, event->at_ms));
	if (seq > 0)
		gw_json_member_int(&j, "seq", seq);
	if (ack > 0)
		gw_json_member_int(&j, "ack", ack);
	gw_json_end(&j, '}');
	gw_text_add_char(out, '\n');
}

void gw_answer_error(struct gw_text *out, const char *text)
{
	struct gw_json j = gw_json_over(out);

	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "on", "error");
	member_name(&j, "text", text);
	gw_json_end(&j, '}');
	gw_text_add_char(out, '\n');
}

bool gw_answer_is_private(enum gw_event_kind kind)
{
	return kind == GW_EV_ERROR;
}

static void add_view_line(struct gw_json *j, const struct gw_view_line *l)
{
	gw_json_begin(j, '{');
	gw_json_member_int(j, "line", l->line);
	gw_json_member_string(j, "code", l->code);
	member_name(j, "name", l->unknown ? NULL : l->name);
	gw_json_member_int(j, "qty", l->qty);
	member_nonzero(j, "milli", l->milli);
	member_minor(j, "price", l->price_minor);
	member_minor(j, "amount", l->amount_minor);
	gw_json_member_string(j, "source", WORD_OF(source_words, l->source));
	if (l->voided)
		gw_json_member_bool(j, "voided", true);
	gw_json_end(j, '}');
}

static void add_view_lines(struct gw_json *j, const struct gw_view *v)
{
	size_t i;

	gw_json_key(j, "lines");
	gw_json_begin(j, '[');
	for (i = 0; i < v->line_count; i++) {
		struct gw_text *out = j->out;
		struct gw_text mark = *out;

		/* A line is written whole or taken back. */
		add_view_line(j, &v->lines[i]);
		if (out->cut || out->size - out->len < ROOM_TO_END) {
			*out = mark;
			out->at[out->len] = '\0';
			break;
		}
	}
	gw_json_end(j, ']');
	member_nonzero(j, "lines_left_out", (int64_t)(v->line_count - i));
}

static void add_view_offer(struct gw_json *j, const struct gw_view_offer *o)
{
	gw_json_key(j, "offer");
	if (!o->active) {
		gw_json_null(j);
		return;
	}
	gw_json_begin(j, '{');
	gw_json_member_int(j, "offer", o->offer);
	gw_json_member_string(j, "rule", o->rule);
	gw_json_member_string(j, "kind", WORD_OF(rule_words, o->kind));
	gw_json_member_string(j, "code", o->code);
	member_name(j, "name", o->name);
	member_minor(j, "price", o->price_minor);
	member_nonzero(j, "saves", o->saves_minor);
	gw_json_member_int(j, "expires_ms", o->expires_ms);
	gw_json_end(j, '}');
}

void gw_answer_state(struct gw_text *out, const struct gw_view *v)
{
	struct gw_json j = gw_json_over(out);

	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "on", "state");
	gw_json_member_string(&j, "state", WORD_OF(view_words, v->state));
	gw_json_member_string(&j, "basket", v->basket);
	gw_json_member_string(&j, "cashier", v->cashier);
	gw_json_member_string(&j, "segment", v->segment);
	gw_json_member_int(&j, "items", v->items);
	gw_json_member_int(&j, "total", v->total_minor);
	gw_json_member_bool(&j, "total_partial", v->total_partial);
	gw_json_member_string(&j, "currency", v->currency);
	gw_json_member_int(&j, "decimals", v->decimals);
	add_view_lines(&j, v);
	add_view_offer(&j, &v->offer);
	gw_json_member_int(&j, "suspended", v->suspended);
	gw_json_member_bool(&j, "practice", v->practice);
	gw_json_member_bool(&j, "muted", v->muted);
	gw_json_member_string(&j, "table", v->table_version);
	gw_json_member_bool(&j, "suggestions", !v->suggestions_off);
	gw_json_member_int(&j, "sales_closed", v->sales_closed);
	gw_json_member_int(&j, "offers_shown", v->offers_shown);
	gw_json_member_int(&j, "offers_accepted", v->offers_accepted);
	gw_json_end(&j, '}');
	gw_text_add_char(out, '\n');
}
