/* The engine protocol: lines to inputs, events to lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "host/answer.h"
#include "host/request.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- lines to inputs -------------------------------------------------------------------------- */

/* "kind|data|code|text|qty|line|price", or "!" and the error. */
static void digest(const char *line, size_t len, char *out, size_t size)
{
	static struct gw_request r;
	struct gw_err err = {0};

	if (gw_request_read(&r, line, len, &err) != GW_OK) {
		snprintf(out, size, "!%.250s", err.text);
	} else {
		snprintf(out, size, "%d|%.*s|%s|%s|%d|%d|%lld", (int)r.input.kind,
			 (int)r.input.data_len, (const char *)r.input.data, r.input.code,
			 r.input.text, (int)r.input.qty, r.input.line,
			 (long long)r.input.price_minor);
		assert_ptr_equal(r.input.code, r.code);
	}
	gw_request_wipe(&r);
}

static void lines_become_inputs(void **state)
{
	static const struct {
		const char *line;
		enum gw_input_kind kind;
		const char *rest; /* of the digest, behind the kind */
	} rows[] = {
		{"{\"do\":\"scan\",\"data\":\"]E05012345678900\"}", GW_IN_SCAN,
		 "|]E05012345678900|||1|0|-1"},
		{"{\"do\":\"scan\",\"data\":\"]C1010123\\u001d10A\"}", GW_IN_SCAN,
		 "|]C1010123\x1d"
		 "10A|||1|0|-1"},
		{"{\"do\":\"line\",\"code\":\"05012345678900\",\"qty\":2,\"price\":349}",
		 GW_IN_LINE, "||05012345678900||2|0|349"},
		{"{\"do\":\"line\",\"code\":\"X\",\"qty\":-2}", GW_IN_LINE, "||X||-2|0|-1"},
		{"{\"do\":\"line\",\"code\":\"X\"}", GW_IN_LINE, "||X||1|0|-1"},
		{"{\"do\":\"line\",\"code\":\"X\",\"price\":null}", GW_IN_LINE, "||X||1|0|-1"},
		{"{\"do\":\"line\",\"code\":\"X\",\"price\":0}", GW_IN_LINE, "||X||1|0|0"},
		{"{\"do\":\"accept\"}", GW_IN_ACCEPT, "||||1|0|-1"},
		{"{\"do\":\"decline\"}", GW_IN_DECLINE, "||||1|0|-1"},
		{"{\"do\":\"decline\",\"why\":\"\"}", GW_IN_DECLINE, "||||1|0|-1"},
		{"{\"do\":\"decline\",\"why\":\"has_it\"}", GW_IN_DECLINE, "|||has_it|1|0|-1"},
		{"{\"do\":\"not_voiced\"}", GW_IN_NOT_VOICED, "||||1|0|-1"},
		{"{\"do\":\"qty\",\"qty\":3}", GW_IN_QTY, "||||3|0|-1"},
		{"{\"do\":\"qty\",\"qty\":3,\"line\":2}", GW_IN_QTY, "||||3|2|-1"},
		{"{\"do\":\"void\",\"line\":2}", GW_IN_VOID, "||||1|2|-1"},
		{"{\"do\":\"void_last\"}", GW_IN_VOID_LAST, "||||1|0|-1"},
		{"{\"do\":\"total\"}", GW_IN_TOTAL, "||||1|0|-1"},
		{"{\"do\":\"tender\",\"total\":2148}", GW_IN_TENDER, "||||1|0|2148"},
		{"{\"do\":\"tender\"}", GW_IN_TENDER, "||||1|0|-1"},
		{"{\"do\":\"cancel\"}", GW_IN_CANCEL, "||||1|0|-1"},
		{"{\"do\":\"suspend\"}", GW_IN_SUSPEND, "||||1|0|-1"},
		{"{\"do\":\"resume\",\"basket\":\"S0042-T03-20261122-000123\"}", GW_IN_RESUME,
		 "|||S0042-T03-20261122-000123|1|0|-1"},
		{"{\"do\":\"resume\"}", GW_IN_RESUME, "||||1|0|-1"},
		{"{\"do\":\"cashier\",\"id\":\"17\"}", GW_IN_CASHIER, "|||17|1|0|-1"},
		{"{\"do\":\"segment\",\"name\":\"loyalty\"}", GW_IN_SEGMENT, "|||loyalty|1|0|-1"},
		{"{\"do\":\"mute\"}", GW_IN_MUTE, "||||1|0|-1"},
		{"{\"do\":\"practice\",\"on\":false}", GW_IN_PRACTICE, "||||0|0|-1"},
		{"{\"do\":\"tick\",\"at\":\"2026-11-22T09:41:12.345Z\"}", GW_IN_TICK, "||||1|0|-1"},
		/* what is not known is left alone, blanks are free, order is free */
		{" { \"z\" : [1,{\"a\":2.5}] , \"qty\":9, \"do\" : \"void_last\" } ",
		 GW_IN_VOID_LAST, "||||1|0|-1"},
	};
	char got[300], want[300];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		digest(rows[i].line, strlen(rows[i].line), got, sizeof(got));
		snprintf(want, sizeof(want), "%d%s", (int)rows[i].kind, rows[i].rest);
		assert_string_equal(got, want);
	}
}

static void faults_name_their_field(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{"", "!byte 0: the line ends within the JSON"},
		{"{", "!byte 1: the line ends within the JSON"},
		{"scan 4111111111111111", "!byte 4: not JSON"},
		{"[]", "!a line must be a JSON object"},
		{"{}", "!the field \"do\" is missing"},
		{"{\"do\":7}", "!field \"do\" must be a text"},
		{"{\"do\":\"accpet\"}", "!field \"do\" names no command"},
		{"{\"do\":\"scan\"}", "!\"scan\" needs the field \"data\""},
		{"{\"do\":\"scan\",\"data\":5012345678900}", "!field \"data\" must be a text"},
		{"{\"do\":\"scan\",\"data\":\"\"}",
		 "!field \"data\" must be a text that is not empty"},
		{"{\"do\":\"line\",\"code\":\"\"}",
		 "!field \"code\" must be a text that is not empty"},
		{"{\"do\":\"line\",\"code\":\"a\\u0000b\"}",
		 "!field \"code\" must be a text without NUL"},
		{"{\"do\":\"line\",\"code\":\"X\",\"qty\":0}",
		 "!field \"qty\" must be a whole number from -1000000 to 1000000, not 0"},
		{"{\"do\":\"qty\",\"qty\":1.0}",
		 "!field \"qty\" must be a whole number from 1 to 1000000"},
		{"{\"do\":\"line\",\"code\":\"X\",\"price\":3.49}",
		 "!field \"price\" must be a whole number of minor units (cents), 0 or more"},
		{"{\"do\":\"line\",\"code\":\"X\",\"price\":-1}",
		 "!field \"price\" must be a whole number of minor units (cents), 0 or more"},
		{"{\"do\":\"tender\",\"total\":\"21.48\"}",
		 "!field \"total\" must be a whole number of minor units (cents), 0 or more"},
		{"{\"do\":\"void\",\"line\":0}",
		 "!field \"line\" must be the number of a line, from 1 on"},
		{"{\"do\":\"void\"}", "!\"void\" needs the field \"line\""},
		{"{\"do\":\"decline\",\"why\":\"mood\"}",
		 "!field \"why\" must be one of out_of_stock|has_it|not_suitable"},
		{"{\"do\":\"decline\",\"why\":\"out_of_stock|has_it\"}",
		 "!field \"why\" must be one of out_of_stock|has_it|not_suitable"},
		{"{\"do\":\"cashier\",\"id\":\"0123456789012345678901234567890123456789\"}",
		 "!field \"id\" is longer than 39 bytes"},
		{"{\"do\":\"practice\",\"on\":1}", "!field \"on\" must be true or false"},
		{"{\"do\":\"tick\",\"at\":\"yesterday\"}",
		 "!field \"at\" must be a time such as \"2026-11-22T09:41:12.345Z\""},
		{"{\"do\":\"tick\",\"do\":\"total\"}", "!byte 17: a field stands there twice"},
		{"{\"do\":\"scan\",\"data\":\"\xff\"}", "!byte 21: not UTF-8"},
		{"{\"do\":\"void\",\"line\":99999999999999999999}", "!byte 40: number too large"},
		{"[[[[[[[[[[[[[[[[[", "!byte 17: nested deeper than 16"},
	};
	char got[300];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		digest(rows[i].line, strlen(rows[i].line), got, sizeof(got));
		assert_string_equal(got, rows[i].want);
	}
	digest("{\"do\":\"\0\"}", 10, got, sizeof(got));
	assert_string_equal(got, "!byte 8 of the line is NUL");
}

/* Writes a text into the midst of bytes: no NUL behind it. */
static void put(char *at, const char *text)
{
	while (*text != '\0')
		*at++ = *text++;
}

static void sizes_are_bounded(void **state)
{
	static char line[GW_REQUEST_LINE_MAX + 100];
	static struct gw_request r;
	struct gw_err err = {0};
	int n;

	(void)state;
	n = snprintf(line, sizeof(line), "{\"do\":\"scan\",\"data\":\"%04096d\"}", 7);
	assert_int_equal(gw_request_read(&r, line, (size_t)n, &err), GW_OK);
	assert_int_equal(r.input.data_len, 4096);
	n = snprintf(line, sizeof(line), "{\"do\":\"scan\",\"data\":\"%04097d\"}", 7);
	assert_int_equal(gw_request_read(&r, line, (size_t)n, &err), GW_E_INPUT);
	assert_string_equal(err.text, "field \"data\" is longer than 4096 bytes");

	memset(line, ' ', sizeof(line));
	put(line, "{\"do\":\"total\"}");
	assert_int_equal(gw_request_read(&r, line, GW_REQUEST_LINE_MAX, &err), GW_OK);
	assert_int_equal(gw_request_read(&r, line, GW_REQUEST_LINE_MAX + 1, &err), GW_E_INPUT);
	assert_string_equal(err.text, "line longer than 65536 bytes");
	gw_request_wipe(&r);
}

/* The scan may have been a card: nothing of it stays in the request. */
static void requests_are_wiped(void **state)
{
	static const char line[] = "{\"do\":\"scan\",\"data\":\"4111111111111111\"}";
	static struct gw_request r;

	(void)state;
	assert_int_equal(gw_request_read(&r, line, sizeof(line) - 1, NULL), GW_OK);
	gw_request_wipe(&r);
	assert_null(memmem(&r, sizeof(r), "1111", 4));
	assert_int_equal(r.input.data_len, 0);
}

static void time_is_simulated_from_the_first_at_on(void **state)
{
	static const struct {
		const char *at; /* NULL: none in the line */
		int64_t wall_ms, mono_ms;
		int64_t want_at, want_mono;
	} rows[] = {
		{NULL, 5000, 100, 5000, 100},
		{"1970-01-01T00:00:01Z", 6000, 200, 1000, 200},
		{NULL, 7000, 300, 1000, 200},
		{"1970-01-01T00:00:03.5Z", 8000, 400, 3500, 2700},
		{"1970-01-01T00:00:02Z", 9000, 500, 2000, 2700}, /* back: only on the wall */
		{"1970-01-01T00:00:02.1Z", 9000, 500, 2100, 2800},
	};
	static struct gw_request r;
	struct gw_sim_clock clock = {0};
	char line[100];
	int64_t wall, mono;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].at != NULL)
			snprintf(line, sizeof(line), "{\"do\":\"tick\",\"at\":\"%s\"}", rows[i].at);
		else
			snprintf(line, sizeof(line), "{\"do\":\"tick\"}");
		assert_int_equal(gw_request_read(&r, line, strlen(line), NULL), GW_OK);
		gw_sim_clock_stamp(&clock, &r, rows[i].wall_ms, rows[i].mono_ms);
		assert_int_equal(r.input.at_ms, rows[i].want_at);
		assert_int_equal(r.input.mono_ms, rows[i].want_mono);
		wall = rows[i].wall_ms;
		mono = rows[i].mono_ms;
		gw_sim_clock_now(&clock, &wall, &mono);
		assert_int_equal(wall, rows[i].want_at);
		assert_int_equal(mono, rows[i].want_mono);
	}
}

static void ticks_come_before_a_jump(void **state)
{
	static const struct {
		int64_t deadline, before, now;
		bool due;
	} rows[] = {
		{-1, 0, 100, false},                        /* the engine waits for nothing */
		{50, 0, 100, true},                         /* jumped over */
		{100, 0, 100, false},                       /* the input itself comes in time */
		{200, 0, 100, false}, {50, 50, 100, false}, /* had its tick */
	};
	struct gw_request r = {0};
	struct gw_input tick;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		r.input.mono_ms = rows[i].now;
		r.input.at_ms = 1000 + rows[i].now;
		assert_int_equal(gw_sim_clock_tick_due(&r, rows[i].deadline, rows[i].before, &tick),
				 rows[i].due);
		if (rows[i].due) {
			assert_int_equal(tick.kind, GW_IN_TICK);
			assert_int_equal(tick.mono_ms, rows[i].deadline);
			assert_int_equal(tick.at_ms, 1000 + rows[i].deadline);
		}
	}
}

/* --- events to lines -------------------------------------------------------------------------- */

static void says(const struct gw_event *e, int64_t seq, int64_t ack, const char *want)
{
	static char room[GW_ANSWER_MAX];
	struct gw_text t = gw_text_over(room, sizeof(room));

	gw_answer_event(&t, e, seq, ack);
	assert_string_equal(room, want);
}

#define BASKET "S0042-T03-20261122-000123"
#define AT     1795340472345 /* 2026-11-22T09:41:12.345Z */
#define TAIL   "\"at\":\"2026-11-22T09:41:12.345Z\""

static void events_become_lines(void **state)
{
	struct gw_event e = {.kind = GW_EV_LINE, .at_ms = AT, .basket = BASKET};

	(void)state;
	e.u.line = (struct gw_ev_line){.line = 1,
				       .code = "05012345678900",
				       .name = "Caf\xc3\xa9 \"Noir\"",
				       .qty = 1,
				       .price_minor = 1299,
				       .source = GW_SOURCE_OFFER,
				       .offer = 2};
	says(&e, 122, 123,
	     "{\"on\":\"line\",\"basket\":\"" BASKET "\",\"line\":1,\"code\":\"05012345678900\","
	     "\"name\":\"Caf\xc3\xa9 \\\"Noir\\\"\",\"qty\":1,\"price\":1299,\"source\":\"offer\","
	     "\"offer\":2," TAIL ",\"seq\":122,\"ack\":123}\n");
	e.u.line = (struct gw_ev_line){.line = 2,
				       .code = "X",
				       .qty = 1,
				       .price_minor = -1,
				       .milli = 687,
				       .lot = "L1",
				       .expiry = "2026-12-31",
				       .source = GW_SOURCE_HOST};
	says(&e, 0, 0,
	     "{\"on\":\"line\",\"basket\":\"" BASKET "\",\"line\":2,\"code\":\"X\",\"name\":null,"
	     "\"qty\":1,\"price\":null,\"source\":\"host\",\"milli\":687,\"lot\":\"L1\","
	     "\"expiry\":\"2026-12-31\"," TAIL "}\n");

	e = (struct gw_event){.kind = GW_EV_OUTCOME, .at_ms = AT};
	e.u.outcome = (struct gw_ev_outcome){.offer = 1,
					     .rule = "r17",
					     .code = "A",
					     .result = GW_RESULT_ACCEPTED_BY_SCAN,
					     .ms = 2140,
					     .value_minor = 349,
					     .line = 3};
	says(&e, 0, 9,
	     "{\"on\":\"offer_end\",\"offer\":1,\"result\":\"accepted_by_scan\",\"ms\":2140,"
	     "\"rule\":\"r17\",\"code\":\"A\",\"value\":349,\"line\":3," TAIL ",\"ack\":9}\n");

	e = (struct gw_event){.kind = GW_EV_CLOSE, .at_ms = AT, .basket = BASKET};
	e.u.close = (struct gw_ev_close){.lines = 4,
					 .items = 5,
					 .total_minor = 2148,
					 .total_from_till = true,
					 .reason = GW_CLOSE_TENDER};
	says(&e, 0, 0,
	     "{\"on\":\"closed\",\"basket\":\"" BASKET "\",\"items\":5,\"lines\":4,\"total\":2148,"
	     "\"total_from\":\"till\",\"reason\":\"tender\"," TAIL "}\n");

	e = (struct gw_event){.kind = GW_EV_INJECT, .at_ms = AT, .u.code.code = "40123"};
	says(&e, 0, 0, "{\"on\":\"inject\",\"code\":\"40123\"," TAIL "}\n");
	e = (struct gw_event){.kind = GW_EV_BEEP, .at_ms = AT, .u.beep = GW_BEEP_BAD};
	says(&e, 0, 7, "{\"on\":\"beep\",\"kind\":\"bad\"," TAIL ",\"ack\":7}\n");
	e = (struct gw_event){.kind = GW_EV_REFUSED, .at_ms = AT, .u.text = "check digit"};
	says(&e, 0, 0, "{\"on\":\"refused\",\"what\":\"check digit\"," TAIL "}\n");
}

static struct gw_event offer_event(void)
{
	struct gw_event e = {.kind = GW_EV_OFFER, .at_ms = AT, .basket = BASKET};

	e.u.offer = (struct gw_ev_offer){.offer = 1,
					 .rule = "r17",
					 .kind = GW_RULE_ADDON,
					 .code = "A",
					 .pos_code = "B",
					 .name = "Lid",
					 .script = "With a lid?",
					 .price_minor = 349,
					 .saves_minor = 50,
					 .margin_minor = 120,
					 .expires_ms = 8000,
					 .why = {"Pot", "Pan"},
					 .why_more = 2,
					 .arm = "blue"};
	return e;
}

/* A ghost must not hold a word that a till could show. */
static void offers_are_shown_and_ghosts_are_not(void **state)
{
	struct gw_event e = offer_event();

	(void)state;
	says(&e, 0, 0,
	     "{\"on\":\"offer\",\"basket\":\"" BASKET "\",\"offer\":1,\"rule\":\"r17\","
	     "\"kind\":\"addon\",\"code\":\"A\",\"pos_code\":\"B\",\"name\":\"Lid\",\"price\":349,"
	     "\"saves\":50,\"script\":\"With a lid?\",\"why\":[\"Pot\",\"Pan\"],\"why_more\":2,"
	     "\"expires_ms\":8000,\"arm\":\"blue\"," TAIL "}\n");
	e.kind = GW_EV_GHOST;
	says(&e, 0, 0,
	     "{\"on\":\"ghost\",\"basket\":\"" BASKET "\",\"offer\":1,\"rule\":\"r17\","
	     "\"arm\":\"blue\"," TAIL "}\n");
	e = (struct gw_event){.kind = GW_EV_OUTCOME, .at_ms = AT, .u.outcome.ghost = true};
	says(&e, 0, 0,
	     "{\"on\":\"ghost_end\",\"offer\":0,\"result\":\"accepted\",\"ms\":0,\"rule\":\"\","
	     "\"code\":\"\"," TAIL "}\n");
}

static json_t *parsed(const struct gw_text *t)
{
	json_t *root = json_loadb(t->at, t->len, 0, NULL);

	assert_non_null(root);
	assert_false(t->cut);
	assert_int_equal(t->at[t->len - 1], '\n');
	assert_ptr_equal(memchr(t->at, '\n', t->len), t->at + t->len - 1);
	return root;
}

/* Every kind of event has its word, and no text is too nasty or too long for a line. */
static void every_event_is_one_line_of_json(void **state)
{
	static char room[GW_ANSWER_MAX], nasty[20000];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_event e;

	(void)state;
	memset(nasty, '\x01', sizeof(nasty) - 1);
	for (int kind = 0; kind < GW_EV_COUNT; kind++) {
		json_t *root;

		memset(&e, 0, sizeof(e));
		e.kind = (enum gw_event_kind)kind;
		if (e.kind == GW_EV_LINE) {
			e.u.line.name = nasty;
			memset(e.u.line.code, '\n', GW_CODE_MAX - 1);
		} else if (e.kind == GW_EV_OFFER || e.kind == GW_EV_GHOST) {
			e = offer_event();
			e.kind = (enum gw_event_kind)kind;
			e.u.offer.name = e.u.offer.script = nasty;
			e.u.offer.why[0] = e.u.offer.why[1] = e.u.offer.why[2] = nasty;
			memset(e.u.offer.code, '"', GW_CODE_MAX - 1);
		} else if (e.kind >= GW_EV_WARN) {
			memset(e.u.text, '\xff', GW_TEXT_MAX - 1);
		}
		gw_text_clear(&t);
		gw_answer_event(&t, &e, INT64_MAX, INT64_MAX);
		root = parsed(&t);
		assert_true(json_string_length(json_object_get(root, "on")) > 0);
		json_decref(root);
	}
}

static void errors_are_lines(void **state)
{
	char room[200];
	struct gw_text t = gw_text_over(room, sizeof(room));

	(void)state;
	gw_answer_error(&t, "field \"qty\" is wrong");
	assert_string_equal(room, "{\"on\":\"error\",\"text\":\"field \\\"qty\\\" is wrong\"}\n");
}

static void state_counts_what_does_not_fit(void **state)
{
	static struct gw_view_line lines[2000];
	static char room[GW_ANSWER_MAX];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_view v = {.state = GW_VIEW_SELLING,
			    .basket = BASKET,
			    .cashier = "17",
			    .segment = "",
			    .lines = lines,
			    .currency = "EUR",
			    .decimals = 2,
			    .table_version = "v3",
			    .total_minor = 500};
	json_t *root;
	size_t shown;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		lines[i] = (struct gw_view_line){.line = (int)i + 1,
						 .code = "05012345678900",
						 .name = "Tea",
						 .qty = 1,
						 .price_minor = 250,
						 .amount_minor = 250,
						 .voided = i == 1};
	v.line_count = 2;
	v.offer = (struct gw_view_offer){.active = true,
					 .offer = 1,
					 .rule = "r",
					 .code = "A",
					 .name = "Lid",
					 .price_minor = 349,
					 .expires_ms = 8000};
	gw_answer_state(&t, &v);
	root = parsed(&t);
	assert_int_equal(json_array_size(json_object_get(root, "lines")), 2);
	assert_null(json_object_get(root, "lines_left_out"));
	assert_true(json_is_true(
		json_object_get(json_array_get(json_object_get(root, "lines"), 1), "voided")));
	assert_string_equal(json_string_value(json_object_get(root, "state")), "selling");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(root, "offer"), "price")), 349);
	json_decref(root);

	v.line_count = COUNT(lines);
	gw_text_clear(&t);
	gw_answer_state(&t, &v);
	root = parsed(&t);
	shown = json_array_size(json_object_get(root, "lines"));
	assert_in_range(shown, 100, COUNT(lines) - 1);
	assert_int_equal(json_integer_value(json_object_get(root, "lines_left_out")),
			 COUNT(lines) - shown);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_inputs),
		cmocka_unit_test(faults_name_their_field),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(requests_are_wiped),
		cmocka_unit_test(time_is_simulated_from_the_first_at_on),
		cmocka_unit_test(ticks_come_before_a_jump),
		cmocka_unit_test(events_become_lines),
		cmocka_unit_test(offers_are_shown_and_ghosts_are_not),
		cmocka_unit_test(every_event_is_one_line_of_json),
		cmocka_unit_test(errors_are_lines),
		cmocka_unit_test(state_counts_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
