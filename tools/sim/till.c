#include "tools/sim/till.h"

#include <string.h>

#include "model/event_json.h"

/* A register's monotonic clock counts from its start; any value will do. */
#define MONO_START_MS 1000000

static int open_journal(struct gw_till *till, const struct gw_till_config *config,
			struct gw_err *err)
{
	struct gw_journal_config jc = {.path = config->journal,
				       .store = config->store,
				       .terminal = config->terminal,
				       .create = true,
				       .scratch = !config->durable};
	struct gw_journal_state state;
	int rc = gw_journal_open(&till->journal, &jc, err);

	if (rc < 0)
		return rc;
	gw_journal_state(till->journal, &state);
	till->first_seq = state.last_seq + 1;
	return GW_OK;
}

static int restore(void *ctx, const struct gw_event *event)
{
	gw_engine_restore(ctx, event);
	return GW_OK;
}

static int open_engine(struct gw_till *till, const struct gw_till_config *config,
		       struct gw_err *err)
{
	struct gw_engine_config ec = {.store = config->store,
				      .terminal = config->terminal,
				      .utc_offset_min = config->utc_offset_min};
	struct gw_journal_state state;
	int rc;

	if (till->journal != NULL) {
		gw_journal_state(till->journal, &state);
		ec.store = gw_journal_store(till->journal);
		ec.terminal = gw_journal_terminal(till->journal);
		ec.next_basket = state.next_basket;
	}
	rc = gw_engine_new(&till->engine, &ec, err);
	if (rc == GW_OK && till->table != NULL)
		rc = gw_engine_set_table(till->engine, till->table, err);
	if (rc == GW_OK && till->journal != NULL)
		rc = gw_journal_each_open(till->journal, restore, till->engine);
	return rc;
}

int gw_till_open(struct gw_till *till, const struct gw_till_config *config, struct gw_err *err)
{
	int rc = GW_OK;

	memset(till, 0, sizeof(*till));
	till->at_ms = config->start_ms;
	till->mono_ms = MONO_START_MS;
	till->utc_offset_min = config->utc_offset_min;
	if (config->table != NULL)
		rc = gw_table_load(&till->table, config->table, err);
	if (rc == GW_OK && config->journal != NULL)
		rc = open_journal(till, config, err);
	if (rc == GW_OK)
		rc = open_engine(till, config, err);
	if (rc < 0)
		gw_till_close(till);
	return rc;
}

void gw_till_close(struct gw_till *till)
{
	gw_engine_free(till->engine);
	gw_journal_close(till->journal);
	gw_table_free(till->table);
	till->engine = NULL;
	till->journal = NULL;
	till->table = NULL;
}

static void count(struct gw_till *till)
{
	till->event_total += till->event_count;
	for (size_t i = 0; i < till->event_count; i++) {
		const struct gw_event *e = &till->events[i];

		till->kinds[e->kind]++;
		till->kept += gw_event_is_kept(e->kind);
		if (e->kind == GW_EV_OUTCOME && !e->u.outcome.ghost)
			till->results[e->u.outcome.result]++;
	}
}

static int keep(struct gw_till *till, uint64_t began_ns, struct gw_err *err)
{
	int64_t first = 0;
	int rc;

	if (till->journal == NULL || till->event_count == 0)
		return GW_OK;
	rc = gw_journal_append(till->journal, till->events, till->event_count, &first, err);
	if (rc < 0)
		return rc;
	if (first == 0)
		return GW_OK;
	gw_latency_add(&till->journal_ns, gw_latency_now_ns() - began_ns);
	/* Checkpoints by pages only: simulated idle time is no time to spare. */
	return gw_journal_tick(till->journal, till->mono_ms) == GW_E_STORAGE
		       ? gw_err_set(err, GW_E_STORAGE, "the journal cannot be written")
		       : GW_OK;
}

int gw_till_input(struct gw_till *till, const struct gw_input *input, struct gw_err *err)
{
	struct gw_input in = *input;
	uint64_t began_ns;

	in.at_ms = till->at_ms;
	in.mono_ms = till->mono_ms;
	began_ns = gw_latency_now_ns();
	if (gw_engine_input(till->engine, &in) < 0)
		return gw_err_set(err, GW_E_BUG, "the engine refused an input");
	till->event_count = gw_engine_events(till->engine, &till->events);
	gw_latency_add(&till->engine_ns, gw_latency_now_ns() - began_ns);
	till->inputs++;
	count(till);
	return keep(till, began_ns, err);
}

int gw_till_will_tender(struct gw_till *till, struct gw_err *err)
{
	struct gw_input in = {.kind = GW_IN_TENDER, .price_minor = -1};

	return gw_till_input(till, &in, err);
}

int gw_till_wait(struct gw_till *till, int64_t ms, struct gw_err *err)
{
	int64_t until = till->mono_ms + ms;

	for (;;) {
		int64_t deadline = gw_engine_deadline(till->engine);
		int64_t step = deadline - till->mono_ms;
		int rc;

		/* A deadline that is not ahead has had its tick. */
		if (deadline < 0 || step <= 0 || deadline > until)
			break;
		till->at_ms += step;
		till->mono_ms = deadline;
		rc = gw_till_input(till, &(struct gw_input){.kind = GW_IN_TICK}, err);
		if (rc < 0)
			return rc;
	}
	till->at_ms += until - till->mono_ms;
	till->mono_ms = until;
	return GW_OK;
}
