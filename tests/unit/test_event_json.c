/* Events as JSON and back: every member of every kind survives, and faults are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/event_json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t seed = 20261122;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % below);
}

/* Whole numbers of every size, also the ones that mean "absent". */
static int64_t draw_number(void)
{
	static const int64_t odd[] = {0, -1, 1, INT64_MAX, INT64_MIN, 1000000};

	return draw(3) == 0 ? odd[draw(COUNT(odd))] : (int64_t)draw(1u << 30);
}

static int32_t draw_small(void)
{
	static const int32_t odd[] = {0, -1, 1, INT32_MAX, INT32_MIN};

	return draw(3) == 0 ? odd[draw(COUNT(odd))] : (int32_t)draw(1u << 20);
}

/* Well-formed UTF-8 with everything JSON must escape; at most size - 1 bytes. */
static void draw_text(char *out, size_t size)
{
	static const char *const bits[] = {"a", "7", "\"", "\\", "\n", "\x01",     "\x7f",
					   "/", " ", "é",  "日", "😀",  "\xc2\x85", "</script>"};
	size_t len = 0;

	memset(out, 0, size);
	for (uint32_t n = draw(40); n > 0; n--) {
		const char *bit = bits[draw(COUNT(bits))];

		if (len + strlen(bit) >= size)
			return;
		memcpy(out + len, bit, strlen(bit));
		len += strlen(bit);
	}
}

static char texts[8][GW_TEXT_MAX];

static const char *draw_pointer(int i)
{
	if (draw(4) == 0)
		return NULL;
	draw_text(texts[i], sizeof(texts[i]));
	return texts[i];
}

static void draw_line(struct gw_ev_line *l)
{
	l->line = draw_small();
	draw_text(l->code, sizeof(l->code));
	l->name = draw_pointer(0);
	l->qty = draw_small();
	l->price_minor = draw_number();
	l->milli = draw_small();
	l->source = (enum gw_line_source)draw(3);
	l->offer = draw_small();
	draw_text(l->lot, sizeof(l->lot));
	draw_text(l->expiry, sizeof(l->expiry));
	l->unconfirmed = draw(2) == 1;
}

static void draw_offer(struct gw_ev_offer *o)
{
	o->offer = draw_small();
	draw_text(o->rule, sizeof(o->rule));
	o->kind = (enum gw_rule_kind)draw(3);
	draw_text(o->code, sizeof(o->code));
	draw_text(o->pos_code, sizeof(o->pos_code));
	o->name = draw_pointer(0);
	o->script = draw_pointer(1);
	o->price_minor = draw_number();
	o->saves_minor = draw_number();
	o->margin_minor = draw_number();
	o->subtotal_minor = draw_number();
	o->expires_ms = draw_small();
	for (uint32_t i = 0, n = draw(GW_WHY_MAX + 1); i < n; i++) {
		draw_text(texts[2 + i], sizeof(texts[0]));
		o->why[i] = texts[2 + i];
	}
	o->why_more = draw_small();
	draw_text(o->experiment, sizeof(o->experiment));
	draw_text(o->arm, sizeof(o->arm));
	draw_text(o->table_version, sizeof(o->table_version));
	o->eligible = draw_small();
	o->propensity_ppm = draw_small();
	o->holdout_ppm = draw_small();
	o->hold_bucket_ppm = draw_small();
	o->eligible_ids = draw_pointer(5);
}

static void draw_outcome(struct gw_ev_outcome *o)
{
	o->offer = draw_small();
	draw_text(o->rule, sizeof(o->rule));
	draw_text(o->code, sizeof(o->code));
	o->result = (enum gw_result)draw(GW_RESULT_COUNT);
	draw_text(o->why, sizeof(o->why));
	o->ms = draw_small();
	o->value_minor = draw_number();
	o->line = draw_small();
	o->ghost = draw(2);
}

static void draw_close(struct gw_ev_close *c)
{
	c->lines = draw_small();
	c->items = draw_small();
	c->total_minor = draw_number();
	c->total_from_till = draw(2);
	c->reason = (enum gw_close_reason)draw(GW_CLOSE_COUNT);
}

static void draw_event(struct gw_event *e, enum gw_event_kind kind)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	switch (kind) {
	case GW_EV_LINE:
		draw_line(&e->u.line);
		break;
	case GW_EV_OPEN:
		e->u.open.utc_offset_min = draw(3) == 0 ? GW_UTC_UNKNOWN : (int)draw(2880) - 1440;
		break;
	case GW_EV_VOID:
		e->u.voided.line = draw_small();
		draw_text(e->u.voided.code, sizeof(e->u.voided.code));
		e->u.voided.qty = draw_small();
		break;
	case GW_EV_OFFER:
	case GW_EV_GHOST:
		draw_offer(&e->u.offer);
		break;
	case GW_EV_OUTCOME:
		draw_outcome(&e->u.outcome);
		break;
	case GW_EV_CLOSE:
		draw_close(&e->u.close);
		break;
	case GW_EV_UNKNOWN:
	case GW_EV_INJECT:
		draw_text(e->u.code.code, sizeof(e->u.code.code));
		e->u.code.line = draw_small();
		break;
	case GW_EV_TABLE:
		draw_text(e->u.table.version, sizeof(e->u.table.version));
		e->u.table.items = draw_number();
		e->u.table.rules = draw_number();
		break;
	case GW_EV_GAP:
		e->u.gap.missing = draw_number();
		draw_text(e->u.gap.what, sizeof(e->u.gap.what));
		break;
	case GW_EV_CLOCK:
		e->u.clock.jump_ms = draw_number();
		break;
	case GW_EV_LOGIN:
	case GW_EV_SEGMENT:
	case GW_EV_START:
		draw_text(e->u.id.id, sizeof(e->u.id.id));
		break;
	case GW_EV_REFUSED:
	case GW_EV_SCANNER:
	case GW_EV_STOP:
	case GW_EV_WARN:
	case GW_EV_ERROR:
		draw_text(e->u.text, sizeof(e->u.text));
		break;
	default:
		break;
	}
}

static void assert_same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

/* Compares the texts behind pointers, then blanks the pointers so that the rest compares as bytes.
 */
static void assert_same_event(struct gw_event *a, struct gw_event *b)
{
	if (a->kind == GW_EV_LINE) {
		assert_same_text(a->u.line.name, b->u.line.name);
		a->u.line.name = b->u.line.name = NULL;
	} else if (a->kind == GW_EV_OFFER || a->kind == GW_EV_GHOST) {
		struct gw_ev_offer *p = &a->u.offer, *q = &b->u.offer;

		assert_same_text(p->name, q->name);
		assert_same_text(p->script, q->script);
		assert_same_text(p->eligible_ids, q->eligible_ids);
		for (int i = 0; i < GW_WHY_MAX; i++) {
			assert_same_text(p->why[i], q->why[i]);
			p->why[i] = q->why[i] = NULL;
		}
		p->name = q->name = p->script = q->script = NULL;
		p->eligible_ids = q->eligible_ids = NULL;
	}
	assert_memory_equal(a, b, sizeof(*a));
}

static void every_event_survives(void **state)
{
	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 20000; i++) {
		enum gw_event_kind kind = (enum gw_event_kind)(i % GW_EV_COUNT);
		char body[GW_EVENT_BODY_MAX], room[GW_EVENT_ROOM];
		struct gw_text t = gw_text_over(body, sizeof(body));
		struct gw_event e, back;
		struct gw_err err = {0};

		draw_event(&e, kind);
		assert_int_equal(gw_event_json_encode(&t, &e), GW_OK);
		if (gw_event_json_decode(&back, room, kind, body, t.len, &err) < 0)
			fail_msg("%s: %s", body, err.text);
		assert_same_event(&e, &back);
	}
}

static void every_line_survives(void **state)
{
	(void)state;
	for (int i = 0; i < 5000; i++) {
		enum gw_event_kind kind = (enum gw_event_kind)(i % GW_EV_COUNT);
		char body[GW_EVENT_BODY_MAX], line[GW_EVENT_LINE_MAX], room[GW_EVENT_ROOM];
		struct gw_text b = gw_text_over(body, sizeof(body));
		struct gw_text l = gw_text_over(line, sizeof(line));
		struct gw_event_row row, back;
		struct gw_err err = {0};

		memset(&row, 0, sizeof(row));
		draw_event(&row.event, kind);
		row.seq = 1 + draw(1u << 30);
		row.boot = draw(1u << 30);
		row.event.at_ms = 1795336872345 + draw(1000000000);
		row.event.mono_ms = draw_number();
		if (draw(2) == 0)
			snprintf(row.event.basket, sizeof(row.event.basket), "S-T-%u", draw(1000));
		if (draw(2) == 0) {
			row.event.scan_session = 1 + draw(UINT32_MAX - 1);
			row.event.scan_seq = draw(UINT32_MAX);
		}
		assert_int_equal(gw_event_json_encode(&b, &row.event), GW_OK);
		assert_int_equal(gw_event_json_line(&l, &row, NULL, body, b.len), GW_OK);
		if (gw_event_json_read_line(&back, room, line, l.len, &err) < 0)
			fail_msg("%s: %s", line, err.text);
		assert_int_equal(row.seq, back.seq);
		assert_int_equal(row.boot, back.boot);
		assert_same_event(&row.event, &back.event);
	}
}

/* What a scanner sends need not be UTF-8, and texts from a table may be long. */
static void hostile_text_is_mended(void **state)
{
	char body[GW_EVENT_BODY_MAX], room[GW_EVENT_ROOM], wide[5000];
	struct gw_text t = gw_text_over(body, sizeof(body));
	struct gw_event e = {.kind = GW_EV_OFFER}, back;

	(void)state;
	memset(wide, '\x01', sizeof(wide));
	wide[sizeof(wide) - 1] = '\0';
	memset(e.u.offer.code, 0xFF, sizeof(e.u.offer.code) - 1);
	e.u.offer.rule[0] = 'r';
	e.u.offer.name = e.u.offer.script = e.u.offer.eligible_ids = wide;
	for (int i = 0; i < GW_WHY_MAX; i++)
		e.u.offer.why[i] = wide;
	assert_int_equal(gw_event_json_encode(&t, &e), GW_OK);
	assert_int_equal(gw_event_json_decode(&back, room, GW_EV_OFFER, body, t.len, NULL), GW_OK);
	assert_int_equal(strlen(back.u.offer.name), 500);
	assert_int_equal(strlen(back.u.offer.eligible_ids), 2000);
	assert_int_equal(strlen(back.u.offer.code), 126); /* 42 replacement characters */
}

static void bodies_read_as_documented(void **state)
{
	static const struct {
		const char *json;
		enum gw_event_kind kind;
		int rc;
		const char *says;
	} rows[] = {
		{"{\"line\":1,\"code\":\"A\",\"qty\":2,\"source\":\"scan\"}", GW_EV_LINE, GW_OK,
		 ""},
		{"{\"line\":1,\"code\":\"A\",\"qty\":2,\"source\":\"scan\",\"new\":[{}]}",
		 GW_EV_LINE, GW_OK, ""},
		{"{\"code\":\"A\",\"qty\":2,\"source\":\"scan\"}", GW_EV_LINE, GW_E_INPUT,
		 "\"line\" is missing"},
		{"{\"line\":\"1\",\"code\":\"A\",\"qty\":2,\"source\":\"scan\"}", GW_EV_LINE,
		 GW_E_INPUT, "\"line\" must be a whole number"},
		{"{\"line\":1.0,\"code\":\"A\",\"qty\":2,\"source\":\"scan\"}", GW_EV_LINE,
		 GW_E_INPUT, "\"line\" must be a whole number"},
		{"{\"line\":4294967297,\"code\":\"A\",\"qty\":2,\"source\":\"scan\"}", GW_EV_LINE,
		 GW_E_INPUT, "\"line\" is out of range"},
		{"{\"line\":1,\"code\":\"A\",\"qty\":2,\"source\":\"moon\"}", GW_EV_LINE,
		 GW_E_INPUT, "\"source\" is a word"},
		{"{\"line\":1,\"code\":\"A\",\"qty\":2,\"source\":\"scan\",\"expiry\":"
		 "\"2026-11-220\"}",
		 GW_EV_LINE, GW_E_INPUT, "\"expiry\" is too long"},
		{"{\"line\":1,\"line\":2,\"code\":\"A\",\"qty\":2,\"source\":\"scan\"}", GW_EV_LINE,
		 GW_E_INPUT, "not JSON"},
		{"{\"reason\":\"total\",\"till\":1}", GW_EV_CLOSE, GW_E_INPUT, "true or false"},
		{"{\"offer\":1,\"rule\":\"r\",\"rule_kind\":\"addon\",\"code\":\"A\",\"why\":[1]}",
		 GW_EV_OFFER, GW_E_INPUT, "\"why\" must be a string"},
		{"[]", GW_EV_OPEN, GW_E_INPUT, "not a JSON object"},
		{"{", GW_EV_OPEN, GW_E_INPUT, "not JSON"},
		{"", GW_EV_OPEN, GW_E_INPUT, "not JSON"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char room[GW_EVENT_ROOM];
		struct gw_event e;
		struct gw_err err = {0};
		int rc = gw_event_json_decode(&e, room, rows[i].kind, rows[i].json,
					      strlen(rows[i].json), &err);

		if (rc != rows[i].rc || strstr(err.text, rows[i].says) == NULL)
			fail_msg("row %zu %s: %d %s", i, rows[i].json, rc, err.text);
		if (i == 0) {
			assert_int_equal(e.u.line.price_minor, -1);
			assert_null(e.u.line.name);
		}
	}
}

static void a_line_of_an_unknown_kind_is_told_apart(void **state)
{
	const char line[] = "{\"seq\":7,\"at\":\"2026-11-22T09:41:12.345Z\",\"mono\":1,\"boot\":1,"
			    "\"kind\":\"teleport\"}";
	char room[GW_EVENT_ROOM];
	struct gw_event_row row;

	(void)state;
	assert_int_equal(gw_event_json_read_line(&row, room, line, strlen(line), NULL),
			 GW_E_NOT_FOUND);
	assert_int_equal(row.seq, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_survives),
		cmocka_unit_test(every_line_survives),
		cmocka_unit_test(hostile_text_is_mended),
		cmocka_unit_test(bodies_read_as_documented),
		cmocka_unit_test(a_line_of_an_unknown_kind_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
