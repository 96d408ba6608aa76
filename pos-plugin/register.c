#include "register.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "clock.h"

struct gw_register {
	const struct gw_options *options; /* borrowed */
	const struct gw_register_ops *ops;
	void *ctx;
	struct gw_engine *engine;
	struct gw_journal *journal;
	struct gw_table *table, *next; /* next: waits for the sale to end */
	struct gw_zone zone;
	char trouble[GW_TEXT_MAX];
};

static bool is_journalled(enum gw_event_kind kind)
{
	switch (kind) {
#define ROW(name, word, journal)                                                                   \
	case name:                                                                                 \
		return (journal) != 0;
		GW_EVENT_MAP(ROW)
#undef ROW
	default:
		return false;
	}
}

/* The table before is let go once the engine no longer uses it. */
static void drop_old_table(struct gw_register *reg)
{
	if (reg->next == NULL || gw_engine_table(reg->engine) != reg->next)
		return;
	gw_table_free(reg->table);
	reg->table = reg->next;
	reg->next = NULL;
}

void gw_register_reload_table(struct gw_register *reg)
{
	struct gw_table *table;
	struct gw_err err = {0};
	int rc = gw_table_load(&table, reg->options->table, &err);

	if (rc == GW_OK)
		rc = gw_engine_set_table(reg->engine, table, &err);
	if (rc != GW_OK) {
		if (rc == GW_E_NOT_FOUND)
			snprintf(reg->trouble, sizeof(reg->trouble), "no rule table is installed");
		else
			snprintf(reg->trouble, sizeof(reg->trouble), "%.*s",
				 (int)sizeof(reg->trouble) - 1, err.text);
		gw_table_free(table);
		return;
	}
	reg->trouble[0] = '\0';
	if (reg->next != NULL)
		gw_table_free(reg->next); /* replaced before it was ever in force */
	reg->next = table;
	drop_old_table(reg);
}

static int restore_event(void *ctx, const struct gw_event *event)
{
	struct gw_register *reg = ctx;

	/* An event that does not follow from the ones before is left out; the journal keeps it. */
	(void)gw_engine_restore(reg->engine, event);
	return GW_OK;
}

static int write_start(struct gw_register *reg, struct gw_err *err)
{
	struct gw_now now = gw_clock_now();
	struct gw_event start = {.kind = GW_EV_START, .at_ms = now.at_ms, .mono_ms = now.mono_ms};
	int64_t seq;

	snprintf(start.u.id.id, sizeof(start.u.id.id), "%s", GW_VERSION);
	return gw_journal_append(reg->journal, &start, 1, &seq, err);
}

static void add_scan_setting(void *ctx, const char *key, const char *value)
{
	gw_text_addf(ctx, "%s=%s;", key, value);
}

static int open_parts(struct gw_register *reg, struct gw_err *err)
{
	const struct gw_options *o = reg->options;
	struct gw_journal_config jc = {
		.path = o->journal, .store = o->store, .terminal = o->terminal, .create = true};
	struct gw_engine_config ec = {
		.store = o->store, .terminal = o->terminal, .practice = o->practice};
	struct gw_journal_state state;
	char room[2048];
	struct gw_text scan = gw_text_over(room, sizeof(room));
	int rc = gw_home_make(o->home, err);

	if (rc == GW_OK)
		rc = gw_journal_open(&reg->journal, &jc, err);
	if (rc != GW_OK)
		return rc;
	gw_journal_state(reg->journal, &state);
	ec.next_basket = state.next_basket;
	ec.tenders = gw_journal_till_tenders(reg->journal);
	ec.utc_offset_min = gw_clock_utc_offset_min(gw_clock_now().at_ms);
	gw_conf_each(o->conf, "scan", add_scan_setting, &scan);
	ec.scan = room;
	rc = gw_engine_new(&reg->engine, &ec, err);
	if (rc != GW_OK)
		return rc;
	rc = write_start(reg, err);
	return rc == GW_E_STORAGE ? GW_OK : rc;
}

void gw_register_start(struct gw_register *reg)
{
	gw_register_reload_table(reg);
	if (!reg->options->practice)
		(void)gw_journal_each_open(reg->journal, restore_event, reg);
}

int gw_register_new(struct gw_register **out, const struct gw_options *options,
		    const struct gw_register_ops *ops, void *ctx, struct gw_err *err)
{
	struct gw_register *reg = calloc(1, sizeof(*reg));
	int rc;

	*out = NULL;
	if (reg == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	reg->options = options;
	reg->ops = ops;
	reg->ctx = ctx;
	rc = open_parts(reg, err);
	if (rc != GW_OK) {
		gw_register_free(reg);
		return rc;
	}
	*out = reg;
	return GW_OK;
}

static void write_stop(struct gw_register *reg)
{
	struct gw_now now = gw_clock_now();
	struct gw_event stop = {.kind = GW_EV_STOP, .at_ms = now.at_ms, .mono_ms = now.mono_ms};

	(void)gw_register_note(reg, &stop);
}

void gw_register_free(struct gw_register *reg)
{
	if (reg == NULL)
		return;
	if (reg->journal != NULL && reg->engine != NULL)
		write_stop(reg);
	gw_engine_free(reg->engine);
	gw_journal_close(reg->journal);
	gw_table_free(reg->table);
	gw_table_free(reg->next);
	free(reg);
}

/* Tells every event; those that are kept get the numbers from first on, when they are durable. */
static void tell(struct gw_register *reg, int who, size_t count, int64_t first)
{
	const struct gw_event *events;
	int64_t last = first > 0 ? first - 1 : 0, seq = first;

	gw_engine_events(reg->engine, &events);
	for (size_t i = 0; i < count; i++)
		last += first > 0 && is_journalled(events[i].kind);
	for (size_t i = 0; i < count; i++) {
		bool kept = first > 0 && is_journalled(events[i].kind);

		reg->ops->event(reg->ctx, who, &events[i], kept ? seq : 0, first > 0 ? last : 0);
		seq += kept;
	}
}

/* In practice nothing is written but how far the dock's scans have been taken. */
static int write_practice(struct gw_register *reg, const struct gw_input *input)
{
	if (input->scan_session == 0)
		return GW_OK;
	return gw_journal_dock_seen(reg->journal, input->scan_session, input->scan_seq + 1);
}

int gw_register_take(struct gw_register *reg, const struct gw_input *input, int who)
{
	const struct gw_event *events;
	int64_t first = 0;
	bool practice = gw_engine_view(reg->engine)->practice;
	size_t count;
	int rc;

	gw_engine_set_utc_offset(reg->engine, gw_zone_offset_min(&reg->zone, input->at_ms));
	rc = gw_engine_input(reg->engine, input);
	if (rc != GW_OK)
		return rc;
	count = gw_engine_events(reg->engine, &events);
	reg->ops->draw(reg->ctx);
	if (practice || gw_engine_view(reg->engine)->practice)
		rc = write_practice(reg, input);
	else
		rc = gw_journal_append(reg->journal, events, count, &first, NULL);
	if (rc < 0) /* the screen was drawn before the disk had its say */
		reg->ops->draw(reg->ctx);
	tell(reg, who, count, rc == GW_OK ? first : 0);
	drop_old_table(reg);
	return rc == GW_JOURNAL_ALREADY ? GW_OK : rc;
}

int gw_register_note(struct gw_register *reg, const struct gw_event *event)
{
	int64_t first = 0;
	int rc;

	if (gw_engine_view(reg->engine)->practice)
		return event->scan_session != 0
			       ? gw_journal_dock_seen(reg->journal, event->scan_session,
						      event->scan_seq + 1)
			       : GW_OK;
	rc = gw_journal_append(reg->journal, event, 1, &first, NULL);
	reg->ops->event(reg->ctx, GW_NOBODY, event, rc == GW_OK ? first : 0,
			rc == GW_OK ? first : 0);
	return rc;
}

uint32_t gw_register_next_scan(struct gw_register *reg, uint32_t session)
{
	uint32_t next;

	return gw_journal_dock_next(reg->journal, session, &next) == GW_OK ? next : 0;
}

bool gw_register_tick_journal(struct gw_register *reg, int64_t mono_ms)
{
	int64_t due = gw_journal_deadline(reg->journal);
	struct gw_journal_state before, after;

	if (due < 0 || due > mono_ms)
		return false;
	gw_journal_state(reg->journal, &before);
	(void)gw_journal_tick(reg->journal, mono_ms);
	gw_journal_state(reg->journal, &after);
	return before.failing && !after.failing;
}

void gw_register_tick(struct gw_register *reg, int64_t at_ms, int64_t mono_ms)
{
	int64_t due = gw_engine_deadline(reg->engine);
	struct gw_input tick = {.kind = GW_IN_TICK, .at_ms = at_ms, .mono_ms = mono_ms};

	if (due >= 0 && due <= mono_ms)
		(void)gw_register_take(reg, &tick, GW_NOBODY);
}

int64_t gw_register_deadline(const struct gw_register *reg)
{
	return gw_engine_deadline(reg->engine);
}

int64_t gw_register_journal_deadline(const struct gw_register *reg)
{
	return gw_journal_deadline(reg->journal);
}

const struct gw_view *gw_register_view(const struct gw_register *reg)
{
	return gw_engine_view(reg->engine);
}

const struct gw_engine *gw_register_engine(const struct gw_register *reg)
{
	return reg->engine;
}

void gw_register_journal_state(const struct gw_register *reg, struct gw_journal_state *state)
{
	gw_journal_state(reg->journal, state);
}

const char *gw_register_trouble(const struct gw_register *reg)
{
	return reg->trouble;
}
