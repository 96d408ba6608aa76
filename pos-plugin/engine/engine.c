#include "engine/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "base/when.h"

/* --- life cycle */

static bool id_ok(const char *id)
{
	size_t len = id != NULL ? strlen(id) : 0;

	return len >= 1 && len <= 15 &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

void gw_core_copy(char *out, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len >= size)
		len = gw_utf8_cut(text, size - 1);
	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
}

static void ground_release(struct gw_ground *g)
{
	gw_fit_free(g->fit);
	gw_offer_index_free(g->index);
	gw_shortlist_room_release(&g->room);
	free(g->has_arm);
	memset(g, 0, sizeof(*g));
}

static int ground_init(struct gw_ground *g, const struct gw_table *table, struct gw_err *err)
{
	int code;

	memset(g, 0, sizeof(*g));
	if (table == NULL)
		return GW_OK;
	g->table = table;
	code = gw_offer_index_new(&g->index, table, err);
	if (code < 0) {
		g->table = NULL;
		return code;
	}
	g->has_arm = calloc(g->index->arm_count + 1u, sizeof(*g->has_arm));
	if (g->has_arm == NULL || gw_shortlist_room_init(&g->room, g->index) < 0 ||
	    gw_fit_new(&g->fit, g->index) < 0) {
		ground_release(g);
		return gw_err_set(err, GW_E_MEMORY, "no memory for the rule index");
	}
	return GW_OK;
}

static int allocate(struct gw_engine *e)
{
	e->events = calloc(GW_EVENTS_MAX, sizeof(*e->events));
	if (e->events == NULL)
		return GW_E_MEMORY;
	for (int i = 0; i < GW_SALES_MAX; i++) {
		e->sales[i].lines = calloc(GW_LINES_MAX, sizeof(*e->sales[i].lines));
		e->sales[i].shown = calloc(GW_LINES_MAX, sizeof(*e->sales[i].shown));
		if (e->sales[i].lines == NULL || e->sales[i].shown == NULL)
			return GW_E_MEMORY;
	}
	return GW_OK;
}

/* The shop's own patterns for in-store numbers, joined by ';'; faulty ones are left out. */
static void read_patterns(struct gw_engine *e)
{
	const char *p = e->settings.patterns;
	char text[80], why[80];

	e->scan_config.patterns = e->patterns;
	e->scan_config.pattern_count = 0;
	for (int i = 0; i < e->scan_settings.config.pattern_count && i < GW_PATTERNS_MAX; i++)
		e->patterns[e->scan_config.pattern_count++] = e->scan_settings.patterns[i];
	while (*p != '\0' && e->scan_config.pattern_count < GW_PATTERNS_MAX) {
		size_t len = strcspn(p, ";");

		if (len < sizeof(text)) {
			memcpy(text, p, len);
			text[len] = '\0';
			if (gw_scan_pattern_parse(&e->patterns[e->scan_config.pattern_count], text,
						  why, sizeof(why)) == GW_OK)
				e->scan_config.pattern_count++;
		}
		p += len + (p[len] == ';');
	}
}

static void read_settings(struct gw_engine *e)
{
	enum gw_scan_region region = GW_REGION_NONE;

	gw_settings_read(e->ground.table, &e->settings);
	e->scan_config = e->scan_settings.config;
	read_patterns(e);
	if (e->scan_config.region != GW_REGION_NONE)
		return;
	if (gw_scan_region_find(e->region[0] != '\0' ? e->region : e->settings.region, &region) ==
	    GW_OK)
		e->scan_config.region = region;
}

/* "key=value;key=value", the keys of section [scan]. */
static int read_scan(struct gw_engine *e, const char *text, struct gw_err *err)
{
	while (text != NULL && *text != '\0') {
		char pair[120];
		size_t len = strcspn(text, ";");
		char *equals;
		int rc;

		snprintf(pair, sizeof(pair), "%.*s", (int)(len < sizeof(pair) ? len : 0), text);
		text += len + (text[len] == ';');
		equals = strchr(pair, '=');
		if (equals == NULL)
			return gw_err_set(err, GW_E_INPUT, "[scan]: '%s' is not key=value", pair);
		*equals = '\0';
		rc = gw_scan_settings_set(&e->scan_settings, pair, equals + 1, err);
		if (rc < 0)
			return rc;
	}
	return GW_OK;
}

int gw_engine_new(struct gw_engine **engine, const struct gw_engine_config *config,
		  struct gw_err *err)
{
	struct gw_engine *e;
	int rc;

	*engine = NULL;
	if (!id_ok(config->store) || !id_ok(config->terminal))
		return gw_err_set(err, GW_E_INPUT,
				  "store and terminal must be 1 to 15 letters, digits or '_'");
	e = calloc(1, sizeof(*e));
	if (e == NULL || allocate(e) < 0) {
		gw_engine_free(e);
		return gw_err_set(err, GW_E_MEMORY, "no memory for the engine");
	}
	rc = read_scan(e, config->scan, err);
	if (rc < 0) {
		gw_engine_free(e);
		return rc;
	}
	gw_core_copy(e->store, sizeof(e->store), config->store);
	gw_core_copy(e->terminal, sizeof(e->terminal), config->terminal);
	gw_core_copy(e->currency, sizeof(e->currency), config->currency);
	gw_core_copy(e->region, sizeof(e->region), config->region);
	e->next_basket = config->next_basket > 0 ? config->next_basket : 1;
	e->next_practice = 1;
	e->utc_offset_min = config->utc_offset_min;
	e->tenders = config->tenders;
	e->practice = config->practice;
	e->mono_ms = INT64_MIN;
	e->chooser = &gw_chooser_best;
	e->decided_rule = GW_NONE;
	read_settings(e);
	gw_core_view(e);
	*engine = e;
	return GW_OK;
}

void gw_engine_free(struct gw_engine *e)
{
	if (e == NULL)
		return;
	ground_release(&e->ground);
	ground_release(&e->pending);
	for (int i = 0; i < GW_SALES_MAX; i++) {
		free(e->sales[i].lines);
		free(e->sales[i].shown);
	}
	free(e->events);
	free(e);
}

/* --- the table */

static void take_table(struct gw_engine *e)
{
	ground_release(&e->ground);
	e->ground = e->pending;
	memset(&e->pending, 0, sizeof(e->pending));
	e->table_pending = false;
	e->table_news = true;
	e->arms_basket[0] = '\0';
	read_settings(e);
}

int gw_engine_set_table(struct gw_engine *e, const struct gw_table *table, struct gw_err *err)
{
	struct gw_ground ground;
	int code = ground_init(&ground, table, err);

	if (code < 0)
		return code;
	ground_release(&e->pending);
	e->pending = ground;
	e->table_pending = true;
	if (e->sale == NULL)
		take_table(e);
	gw_core_view(e);
	return GW_OK;
}

const struct gw_table *gw_engine_table(const struct gw_engine *e)
{
	return e->ground.table;
}

const struct gw_fit *gw_engine_fit(const struct gw_engine *e)
{
	return e->ground.fit;
}

void gw_engine_set_chooser(struct gw_engine *e, const struct gw_chooser *chooser)
{
	e->chooser = chooser != NULL ? chooser : &gw_chooser_best;
}

void gw_engine_set_utc_offset(struct gw_engine *e, int minutes)
{
	e->utc_offset_min = minutes;
}

/* Tells of a table that came into force since the last input. */
static void tell_table(struct gw_engine *e)
{
	const struct gw_table *t = e->ground.table;
	struct gw_event *event;

	if (!e->table_news)
		return;
	e->table_news = false;
	event = gw_core_event(e, GW_EV_TABLE);
	if (t != NULL) {
		gw_core_copy(event->u.table.version, sizeof(event->u.table.version), t->version);
		event->u.table.items = t->item_count;
		event->u.table.rules = t->rule_count;
	}
	gw_core_commit(e, event);
}

/* --- events */

struct gw_event *gw_core_event(struct gw_engine *e, enum gw_event_kind kind)
{
	/* No input gives half as many; the last place takes the rest should one ever do. */
	size_t at = e->event_count < GW_EVENTS_MAX ? e->event_count : GW_EVENTS_MAX - 1;
	struct gw_event *event = &e->events[at];

	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->at_ms = e->at_ms;
	event->mono_ms = e->mono_ms;
	if (e->sale != NULL)
		memcpy(event->basket, e->sale->basket, sizeof(event->basket));
	if (e->input != NULL) {
		event->scan_session = e->input->scan_session;
		event->scan_seq = e->input->scan_seq;
	}
	return event;
}

void gw_core_commit(struct gw_engine *e, struct gw_event *event)
{
	if (event == &e->events[e->event_count] && e->event_count < GW_EVENTS_MAX)
		e->event_count++;
	gw_core_apply(e, event);
}

void gw_core_beep(struct gw_engine *e, enum gw_beep beep)
{
	struct gw_event *event = gw_core_event(e, GW_EV_BEEP);

	event->u.beep = beep;
	gw_core_commit(e, event);
}

void gw_core_note(struct gw_engine *e, enum gw_note note, const char *subject)
{
	e->view.note = note;
	gw_core_copy(e->subject, sizeof(e->subject), subject);
}

static void say(struct gw_engine *e, enum gw_event_kind kind, const char *format, va_list args)
{
	struct gw_event *event = gw_core_event(e, kind);
	int len = vsnprintf(event->u.text, sizeof(event->u.text), format, args);

	if (len >= (int)sizeof(event->u.text))
		event->u.text[gw_utf8_cut(event->u.text, sizeof(event->u.text) - 1)] = '\0';
	gw_core_note(e, kind == GW_EV_WARN ? GW_NOTE_WARNING : GW_NOTE_ERROR, event->u.text);
	gw_core_commit(e, event);
}

void gw_core_error(struct gw_engine *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(e, GW_EV_ERROR, format, args);
	va_end(args);
}

void gw_core_warn(struct gw_engine *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(e, GW_EV_WARN, format, args);
	va_end(args);
}

size_t gw_engine_events(const struct gw_engine *e, const struct gw_event **events)
{
	*events = e->events;
	return e->event_count;
}

/* --- time */

struct gw_core_local gw_core_local(const struct gw_engine *e, int64_t at_ms)
{
	int64_t local = at_ms + e->utc_offset_min * 60000LL, day = local / GW_DAY_MS;

	if (local % GW_DAY_MS < 0)
		day--;
	return (struct gw_core_local){
		.day = (int32_t)day,
		.minute = (int)((local - day * GW_DAY_MS) / 60000),
		.weekday = (int)(((day + 3) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
	};
}

/* Moves every stored time, so that `now` on the new clock follows `elapsed` after the last event.
 */
static void rebase(struct gw_engine *e, const struct gw_input *in)
{
	int64_t elapsed = in->at_ms > e->at_ms ? in->at_ms - e->at_ms : 0;
	int64_t by = in->mono_ms - elapsed - e->mono_ms;

	for (int i = 0; i < GW_SALES_MAX; i++) {
		struct gw_sale *sale = &e->sales[i];

		if (!sale->used)
			continue;
		sale->active_mono_ms += by;
		for (int s = 0; s < sale->slot_count; s++) {
			sale->slots[s].shown_mono_ms += by;
			sale->slots[s].ended_mono_ms += by;
		}
		for (int c = 0; c < GW_CADENCE; c++)
			sale->cadence_ms[c] += by;
	}
	e->mono_ms += by;
}

#define NEVER INT64_MAX /* after a restart any other time may be below 0 */

static int64_t idle_at(const struct gw_engine *e)
{
	if (e->sale == NULL || e->settings.idle_close_s == 0)
		return NEVER;
	return e->sale->active_mono_ms + e->settings.idle_close_s * 1000LL;
}

/*
 * When a totalled sale closes by itself.  Without it the next customer's first scan would join it.
 * An offer gets its time first, and so does a ghost, or the holdout would show.  A till that
 * tenders is waited for: it knows the end and the true total.
 */
static int64_t total_at(const struct gw_engine *e)
{
	const struct gw_sale *sale = e->sale;
	int64_t at;

	if (sale == NULL || !sale->totalled || e->tenders || e->settings.total_close_s == 0)
		return NEVER;
	at = sale->active_mono_ms;
	for (int i = 0; i < sale->slot_count; i++)
		if (sale->slots[i].shown_mono_ms + sale->slots[i].expires_ms > at)
			at = sale->slots[i].shown_mono_ms + sale->slots[i].expires_ms;
	return at + e->settings.total_close_s * 1000LL;
}

static int64_t expires_at(const struct gw_engine *e)
{
	const struct gw_view_offer *o = &e->view.offer;

	return o->active && o->expires_ms > 0 ? o->shown_mono_ms + o->expires_ms : NEVER;
}

static void pass_time(struct gw_engine *e, const struct gw_input *in)
{
	if (e->restored && e->mono_ms != INT64_MIN)
		rebase(e, in);
	e->restored = false;
	e->at_ms = in->at_ms;
	if (in->mono_ms > e->mono_ms)
		e->mono_ms = in->mono_ms;
	tell_table(e);
	gw_core_expire(e);
	if (e->mono_ms >= total_at(e)) {
		gw_core_close(e, GW_CLOSE_TOTAL, -1);
		gw_core_note(e, GW_NOTE_CLOSED, NULL);
	} else if (e->mono_ms >= idle_at(e)) {
		gw_core_close(e, GW_CLOSE_IDLE, -1);
		gw_core_note(e, GW_NOTE_IDLE_CLOSED, NULL);
	}
}

int64_t gw_engine_deadline(const struct gw_engine *e)
{
	int64_t at = idle_at(e), total = total_at(e), expires = expires_at(e);

	at = total < at ? total : at;
	at = expires < at ? expires : at;
	if (at == NEVER)
		return -1;
	return at > 0 ? at : 0;
}

void gw_core_close_events(struct gw_engine *e, enum gw_close_reason reason, int64_t total_minor)
{
	struct gw_sale *sale = e->sale;
	struct gw_event *event;

	for (int i = 0; i < sale->slot_count; i++)
		if (sale->slots[i].open)
			gw_core_end_offer(e, &sale->slots[i], GW_RESULT_IGNORED, "");
	event = gw_core_event(e, GW_EV_CLOSE);
	event->u.close = (struct gw_ev_close){
		.lines = sale->live,
		.items = sale->pieces,
		.total_minor = total_minor >= 0 ? total_minor : sale->total_minor,
		.total_from_till = total_minor >= 0,
		.reason = reason,
	};
	gw_core_commit(e, event);
	e->view.sales_closed++;
}

void gw_core_between_sales(struct gw_engine *e)
{
	if (e->table_pending) {
		take_table(e);
		tell_table(e);
	}
}

void gw_core_close(struct gw_engine *e, enum gw_close_reason reason, int64_t total_minor)
{
	gw_core_close_events(e, reason, total_minor);
	gw_core_between_sales(e);
}

int gw_engine_input(struct gw_engine *e, const struct gw_input *in)
{
	if (in->kind > GW_IN_TICK || (in->data == NULL && in->data_len > 0))
		return GW_E_BUG;
	e->event_count = 0;
	e->input = in;
	pass_time(e, in);
	gw_core_command(e, in);
	e->input = NULL;
	gw_core_view(e);
	return GW_OK;
}

int gw_engine_restore(struct gw_engine *e, const struct gw_event *event)
{
	int code;

	e->event_count = 0;
	e->decided_rule = GW_NONE;
	code = gw_core_apply(e, event);
	if (code == GW_OK) {
		e->restored = true;
		e->at_ms = event->at_ms;
		e->mono_ms = event->mono_ms;
	}
	gw_core_view(e);
	return code;
}
