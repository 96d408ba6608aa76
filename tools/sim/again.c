/*
 * Rows wait in a short queue.  The one at its head tells which input came: a line was a scan (or an
 * accept, or a change of quantity), an outcome a key or the clock, an ending by itself belongs to
 * the close behind it.  The input is given; the events it causes must be the next rows, and are
 * taken off the queue with them.
 *
 *	rows ──▶ [ open line offer | outcome line ... ]
 *	            │ cause(): LINE                    ▲ head after the match
 *	            ▼
 *	         engine ──▶ open line offer
 */
#include "tools/sim/again.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/event_json.h"
#include "model/table.h"
#include "scan/scan.h"
#include "store/reader.h"

#define QUEUE_MAX 128 /* more rows than one input causes, with those of its cause */

/* A row with a memory for its texts. */
struct slot {
	struct gw_event_row row;
	char texts[GW_EVENT_ROOM];
};

struct again {
	struct gw_again *result;
	struct gw_till *till;
	struct gw_reader *reader;
	struct slot *queue; /* ring */
	size_t head, count;
	bool ended;
	int32_t *qtys; /* [line_room], of the lines of `basket`: what has changed when one comes
			  again */
	int line_room, line_last;
	char basket[GW_BASKET_ID_MAX]; /* of the open sale, "" between sales */
	char lost[GW_BASKET_ID_MAX];   /* sale that has gone astray, "" */
	uint32_t boot;
	int64_t row_mono, row_at; /* of the last row given */
	struct gw_scan scan;
	char code[GW_CODE_MAX + 4];
};

/* --- the queue -------------------------------------------------------------------------------- */

static int fill(struct again *a, struct gw_err *err)
{
	struct gw_reader_row row;
	int rc = 1;

	while (!a->ended && a->count < QUEUE_MAX) {
		struct slot *s = &a->queue[(a->head + a->count) % QUEUE_MAX];

		rc = gw_reader_next(a->reader, &row, err);
		if (rc < 0)
			return rc;
		a->ended = rc == 0;
		if (a->ended)
			break;
		rc = gw_reader_decode(&row, &s->row, s->texts, err);
		if (rc == GW_OK)
			a->count++;
		else if (rc != GW_E_NOT_FOUND)
			return rc;
	}
	return GW_OK;
}

static const struct gw_event_row *peek(const struct again *a, size_t ahead)
{
	return ahead < a->count ? &a->queue[(a->head + ahead) % QUEUE_MAX].row : NULL;
}

static void drop(struct again *a)
{
	a->head = (a->head + 1) % QUEUE_MAX;
	a->count--;
}

/* --- differences ------------------------------------------------------------------------------ */

static void encode(struct gw_text *t, const struct gw_event *e)
{
	gw_text_clear(t);
	gw_event_json_encode(t, e);
}

static void note_difference(struct again *a, int64_t seq, const char *was, const char *is)
{
	struct gw_again *r = a->result;

	if (r->shown < GW_AGAIN_SHOWN)
		snprintf(r->differences[r->shown++], sizeof(r->differences[0]),
			 "event %" PRId64 ": was %.150s, is %.150s", seq, was, is);
}

/* The sale cannot be followed any further. */
static void stray(struct again *a, int64_t seq, const char *was, const char *is)
{
	note_difference(a, seq, was, is);
	a->result->astray++;
	snprintf(a->lost, sizeof(a->lost), "%s", a->basket);
}

static bool is_decision(const struct gw_event *e)
{
	return e->kind == GW_EV_OFFER || e->kind == GW_EV_GHOST;
}

static void compare_decision(struct again *a, const struct gw_event_row *row,
			     const struct gw_event *is)
{
	static const size_t size = GW_EVENT_BODY_MAX;
	char *rooms = malloc(2 * size);
	struct gw_text was_text, is_text;

	if (rooms == NULL)
		return;
	was_text = gw_text_over(rooms, size);
	is_text = gw_text_over(rooms + size, size);
	encode(&was_text, &row->event);
	encode(&is_text, is);
	a->result->decisions++;
	if (row->event.kind == is->kind && strcmp(was_text.at, is_text.at) == 0)
		a->result->equal++;
	else
		note_difference(a, row->seq, was_text.at, is_text.at);
	free(rooms);
}

/* --- time and table --------------------------------------------------------------------------- */

/* Puts the till's clock where the row's was; a restart begins a new monotonic clock. */
static void set_clock(struct again *a, const struct gw_event_row *row)
{
	const struct gw_event *e = &row->event;
	int64_t passed = e->mono_ms - a->row_mono;

	if (row->boot != a->boot)
		passed = e->at_ms > a->row_at ? e->at_ms - a->row_at : 0;
	if (passed > 0)
		a->till->mono_ms += passed;
	a->till->at_ms = e->at_ms;
	a->boot = row->boot;
	a->row_mono = e->mono_ms;
	a->row_at = e->at_ms;
}

static int take_table(struct again *a, const struct gw_event *e, struct gw_err *err)
{
	const struct gw_table *t = a->till->table;
	bool ours = t != NULL && strcmp(gw_table_version(t), e->u.table.version) == 0;

	return gw_engine_set_table(a->till->engine, ours ? t : NULL, err);
}

/* The sale's number decides its id, and the id decides its arm: the engine must use the same. */
static int number_sales_from(struct again *a, const char *basket, struct gw_err *err)
{
	const struct gw_table *table = gw_engine_table(a->till->engine);
	struct gw_engine_config config = {.utc_offset_min = a->till->utc_offset_min};
	char id[GW_BASKET_ID_MAX], *rest = id, *number;
	int rc;

	snprintf(id, sizeof(id), "%s", basket);
	config.store = strsep(&rest, "-");
	config.terminal = strsep(&rest, "-");
	number = rest != NULL ? strrchr(rest, '-') : NULL;
	if (number == NULL)
		return gw_err_set(err, GW_E_INPUT, "%s: not the id of a basket", basket);
	config.next_basket = (uint32_t)strtoul(number + 1, NULL, 10);
	if (gw_engine_view(a->till->engine)->sale_number + 1 == config.next_basket)
		return GW_OK;
	gw_engine_free(a->till->engine);
	rc = gw_engine_new(&a->till->engine, &config, err);
	return rc == GW_OK ? gw_engine_set_table(a->till->engine, table, err) : rc;
}

/* The shop's own time, wherever the sale is played again; older journals do not tell it. */
static void set_zone(struct again *a, int utc_offset_min)
{
	gw_engine_set_utc_offset(a->till->engine, utc_offset_min != GW_UTC_UNKNOWN
							  ? utc_offset_min
							  : a->till->utc_offset_min);
}

/* --- from a row to its cause ------------------------------------------------------------------ */

/* Bytes whose scan gives this code, NULL when there are none. */
static const char *scan_of(struct again *a, const char *code)
{
	static const char *const prefixes[] = {"", "]C0"};
	const struct gw_scan_config config = {0};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		snprintf(a->code, sizeof(a->code), "%s%s", prefixes[i], code);
		if (gw_scan_decode(&config, (const uint8_t *)a->code, strlen(a->code), &a->scan) ==
			    GW_OK &&
		    strcmp(a->scan.key, code) == 0)
			return a->code;
	}
	return NULL;
}

static bool plain_price(const struct again *a, const struct gw_ev_line *l)
{
	const struct gw_table *t = gw_engine_table(a->till->engine);
	uint32_t item = t != NULL ? gw_table_find(t, l->code, strlen(l->code)) : GW_NONE;

	return l->offer != 0 ||
	       l->price_minor == (item != GW_NONE ? t->items[item].price_minor : -1);
}

static void line_cause(struct again *a, const struct gw_ev_line *l, struct gw_input *in)
{
	bool again = l->line <= a->line_last && l->line <= a->line_room;
	const char *data;

	in->kind = GW_IN_LINE;
	in->code = l->code;
	in->qty = l->qty;
	in->price_minor = l->price_minor;
	if (again && a->qtys[l->line - 1] != l->qty) {
		in->kind = GW_IN_QTY;
		in->line = l->line;
	} else if (!again && l->source == GW_SOURCE_OFFER) {
		in->kind = GW_IN_ACCEPT;
	} else if (!again && l->source == GW_SOURCE_SCAN && l->qty == 1 && l->milli == 0 &&
		   plain_price(a, l) && (data = scan_of(a, l->code)) != NULL) {
		in->kind = GW_IN_SCAN;
		in->data = (const uint8_t *)data;
		in->data_len = strlen(data);
	}
}

static void close_cause(const struct gw_ev_close *c, struct gw_input *in)
{
	static const enum gw_input_kind kinds[GW_CLOSE_COUNT] = {
		[GW_CLOSE_TOTAL] = GW_IN_TOTAL,
		[GW_CLOSE_TENDER] = GW_IN_TENDER,
		[GW_CLOSE_CANCEL] = GW_IN_CANCEL,
		[GW_CLOSE_IDLE] = GW_IN_TICK,
	};

	in->kind = kinds[c->reason];
	in->price_minor = c->total_from_till ? c->total_minor : -1;
}

/* An outcome that stands first.  False: it is a part of what comes behind it. */
static bool outcome_cause(const struct gw_ev_outcome *o, struct gw_input *in)
{
	switch (o->result) {
	case GW_RESULT_DECLINED:
		in->kind = GW_IN_DECLINE;
		in->text = o->why;
		return true;
	case GW_RESULT_NOT_VOICED:
		in->kind = GW_IN_NOT_VOICED;
		return true;
	case GW_RESULT_EXPIRED:
		return true; /* time alone */
	default:
		return false;
	}
}

/* The input behind one row; false when the row does not tell. */
static bool cause_of(struct again *a, const struct gw_event *e, struct gw_input *in)
{
	*in = (struct gw_input){.kind = GW_IN_TICK, .price_minor = -1};
	switch (e->kind) {
	case GW_EV_LINE:
		line_cause(a, &e->u.line, in);
		return true;
	case GW_EV_VOID:
		in->kind = GW_IN_VOID;
		in->line = e->u.voided.line;
		return true;
	case GW_EV_OUTCOME:
		return outcome_cause(&e->u.outcome, in);
	case GW_EV_CLOSE:
		close_cause(&e->u.close, in);
		return true;
	case GW_EV_SEGMENT:
		in->kind = GW_IN_SEGMENT;
		in->text = e->u.id.id;
		return true;
	case GW_EV_LOGIN:
		in->kind = GW_IN_CASHIER;
		in->text = e->u.id.id;
		return true;
	case GW_EV_RESUME:
		in->kind = GW_IN_RESUME;
		in->text = e->basket;
		return true;
	case GW_EV_SUSPEND:
		in->kind = GW_IN_SUSPEND;
		return true;
	case GW_EV_SUBTOTAL:
		in->kind = GW_IN_TOTAL;
		return true;
	case GW_EV_MUTE:
		in->kind = GW_IN_MUTE;
		return true;
	default:
		return false;
	}
}

/* The cause of the rows at the head: of the first row that tells one. */
static bool find_cause(struct again *a, struct gw_input *in)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct gw_event *e = &peek(a, i)->event;

		if (cause_of(a, e, in))
			return true;
		if (e->kind != GW_EV_OPEN && e->kind != GW_EV_OUTCOME)
			return false;
	}
	return false;
}

/* --- rows and events side by side ------------------------------------------------------------- */

/* Rows that change no sale, or that no input of a cashier causes. */
static bool stands_apart(enum gw_event_kind kind)
{
	switch (kind) {
	case GW_EV_START:
	case GW_EV_STOP:
	case GW_EV_TABLE:
	case GW_EV_SCANNER:
	case GW_EV_UNKNOWN:
	case GW_EV_REFUSED:
	case GW_EV_CLOCK:
	case GW_EV_GAP:
		return true;
	default:
		return false;
	}
}

static int learn_line(struct again *a, const struct gw_ev_line *l)
{
	if (l->line > a->line_room) {
		int room = a->line_room > 0 ? a->line_room * 2 : 256;
		int32_t *qtys;

		while (room < l->line)
			room *= 2;
		qtys = realloc(a->qtys, (size_t)room * sizeof(*qtys));
		if (qtys == NULL)
			return GW_E_MEMORY;
		memset(qtys + a->line_room, 0, (size_t)(room - a->line_room) * sizeof(*qtys));
		a->qtys = qtys;
		a->line_room = room;
	}
	a->qtys[l->line - 1] = l->qty;
	if (l->line > a->line_last)
		a->line_last = l->line;
	return GW_OK;
}

/* What the rows say, kept for what comes: which sale is open, which lines it has. */
static int learn(struct again *a, const struct gw_event *e)
{
	if (e->kind == GW_EV_OPEN || e->kind == GW_EV_RESUME) {
		snprintf(a->basket, sizeof(a->basket), "%s", e->basket);
		a->line_last = 0;
		a->result->sales += e->kind == GW_EV_OPEN;
	}
	if ((e->kind == GW_EV_CLOSE || e->kind == GW_EV_SUSPEND) &&
	    strcmp(e->basket, a->basket) == 0)
		a->basket[0] = '\0';
	if (e->kind != GW_EV_LINE)
		return GW_OK;
	a->result->lines += e->u.line.line > a->line_last;
	return learn_line(a, &e->u.line);
}

static bool same_place(const struct gw_event *was, const struct gw_event *is)
{
	if (is_decision(was) && is_decision(is))
		return strcmp(was->basket, is->basket) == 0;
	return was->kind == is->kind && strcmp(was->basket, is->basket) == 0 &&
	       (was->kind != GW_EV_LINE || was->u.line.line == is->u.line.line);
}

/* Takes the rows off that the engine's events match; the sale goes astray at the first that does
 * not. */
static int match(struct again *a, struct gw_err *err)
{
	for (size_t i = 0; i < a->till->event_count; i++) {
		const struct gw_event *is = &a->till->events[i];
		const struct gw_event_row *row;
		int rc;

		if (!gw_event_is_kept(is->kind) || stands_apart(is->kind))
			continue;
		while ((row = peek(a, 0)) != NULL && stands_apart(row->event.kind))
			drop(a);
		if (row == NULL || !same_place(&row->event, is)) {
			stray(a, row != NULL ? row->seq : 0,
			      row != NULL ? gw_event_word(row->event.kind) : "nothing",
			      gw_event_word(is->kind));
			return GW_OK;
		}
		if (is_decision(is))
			compare_decision(a, row, is);
		rc = learn(a, &row->event);
		if (rc < 0)
			return gw_err_set(err, rc, "no memory for a sale");
		drop(a);
	}
	return GW_OK;
}

static bool give_up(struct again *a, const struct gw_event_row *row)
{
	const struct gw_table *t = gw_engine_table(a->till->engine);

	if (a->lost[0] != '\0' && strcmp(row->event.basket, a->lost) == 0) {
		if (row->event.kind == GW_EV_CLOSE)
			a->lost[0] = '\0';
		return true;
	}
	if (is_decision(&row->event) && t == NULL) {
		a->result->elsewhere++;
		/* Its outcome has no offer to end here either. */
		snprintf(a->lost, sizeof(a->lost), "%s", row->event.basket);
		return true;
	}
	return false;
}

/* A sale that was given up must not stay open in the engine. */
static int leave_sale(struct again *a, struct gw_err *err)
{
	if (gw_engine_view(a->till->engine)->state == GW_VIEW_IDLE)
		return GW_OK;
	a->basket[0] = '\0';
	return gw_till_input(a->till, &(struct gw_input){.kind = GW_IN_CANCEL}, err);
}

static int take_one(struct again *a, struct gw_err *err)
{
	const struct gw_event_row *row = peek(a, 0);
	struct gw_input in;
	int64_t seq = row->seq;
	int rc = GW_OK;

	if (stands_apart(row->event.kind)) {
		set_clock(a, row);
		if (row->event.kind == GW_EV_TABLE)
			rc = take_table(a, &row->event, err);
		drop(a);
		return rc;
	}
	if (give_up(a, row)) {
		drop(a);
		return leave_sale(a, err);
	}
	if (row->event.kind == GW_EV_OPEN) {
		rc = number_sales_from(a, row->event.basket, err);
		if (rc == GW_OK)
			set_zone(a, row->event.u.open.utc_offset_min);
	}
	set_clock(a, row);
	/* Sales that closed by themselves are rows too, and come by those. */
	if (rc == GW_OK && gw_engine_view(a->till->engine)->state == GW_VIEW_IDLE)
		rc = gw_till_will_tender(a->till, err);
	if (rc < 0)
		return rc;
	if (!find_cause(a, &in)) {
		if (is_decision(&row->event))
			a->result->decisions++;
		stray(a, seq, gw_event_word(row->event.kind), "nothing");
		snprintf(a->lost, sizeof(a->lost), "%s", row->event.basket);
		return leave_sale(a, err);
	}
	rc = gw_till_input(a->till, &in, err);
	if (rc == GW_OK)
		rc = match(a, err);
	/* An input that did nothing here leaves its row for ever: astray as well. */
	if (rc == GW_OK && a->lost[0] == '\0' && peek(a, 0) != NULL && peek(a, 0)->seq == seq) {
		stray(a, seq, gw_event_word(row->event.kind), "nothing");
		snprintf(a->lost, sizeof(a->lost), "%s", row->event.basket);
		if (row->event.basket[0] == '\0')
			drop(a);
	}
	return rc == GW_OK && a->lost[0] != '\0' ? leave_sale(a, err) : rc;
}

int gw_again_run(struct gw_again *again, struct gw_till *till, const char *journal,
		 struct gw_err *err)
{
	struct again a = {.result = again, .till = till};
	int rc;

	memset(again, 0, sizeof(*again));
	a.queue = calloc(QUEUE_MAX, sizeof(*a.queue));
	rc = a.queue == NULL ? gw_err_set(err, GW_E_MEMORY, "no memory for a replay")
			     : gw_reader_open(&a.reader, journal, err);
	while (rc == GW_OK) {
		rc = fill(&a, err);
		if (rc < 0 || a.count == 0)
			break;
		rc = take_one(&a, err);
	}
	gw_reader_close(a.reader);
	free(a.queue);
	free(a.qtys);
	return rc;
}
