/*
 * A till without a person: the real engine, the real journal if one is wanted, and a clock that
 * stands where it is put.  What goes in is timed, what comes out is counted.
 *
 * Owns the engine, the table and the journal.  One thread.
 *
 *	struct gw_till_config config = {.store = "S0001", .terminal = "T01", .table = path};
 *	gw_till_open(&till, &config, &err);
 *	gw_till_wait(&till, 4000, &err);
 *	gw_till_input(&till, &(struct gw_input){.kind = GW_IN_LINE, .code = "A", ...}, &err);
 *	for (i = 0; i < till.event_count; i++) till.events[i] ...
 *	gw_till_close(&till);
 */
#ifndef TOOLS_SIM_TILL_H
#define TOOLS_SIM_TILL_H

#include "base/err.h"
#include "engine/policy.h"
#include "engine/view.h"
#include "goeswith/table.h"
#include "store/journal.h"
#include "tools/sim/latency.h"

struct gw_till_config {
	const char *store, *terminal; /* NULL: those of the journal, which must be there then */
	const char *table;            /* table.db, NULL: none */
	const char *journal;          /* made when it is not there; NULL: none */
	bool durable;                 /* fsync every input, as a register does */
	int64_t start_ms;             /* wall clock */
	int utc_offset_min;           /* of the shop's local time */
};

struct gw_till {
	struct gw_engine *engine;
	struct gw_table *table;     /* NULL: none */
	struct gw_journal *journal; /* NULL: none */
	int64_t at_ms, mono_ms;
	int utc_offset_min;
	const struct gw_event *events; /* of the last input; borrowed from the engine */
	size_t event_count;
	int64_t first_seq; /* number of this run's first event in the journal */

	uint64_t inputs, event_total, kept;
	uint64_t kinds[GW_EV_COUNT], results[GW_RESULT_COUNT];
	struct gw_latency engine_ns, journal_ns;
};

/* Any GW_E_ of the parts.  *till is empty on failure. */
int gw_till_open(struct gw_till *till, const struct gw_till_config *config, struct gw_err *err);
/* Takes note of the end in the journal.  An empty till is allowed. */
void gw_till_close(struct gw_till *till);

/* Lets time pass; the engine is woken at each of its deadlines on the way, as in a register. */
int gw_till_wait(struct gw_till *till, int64_t ms, struct gw_err *err);

/*
 * Makes known, while no sale is open, that payments will be told: the engine then closes no
 * totalled sale by itself.
 */
int gw_till_will_tender(struct gw_till *till, struct gw_err *err);

/* Gives one input, stamped with the till's time, and journals what it caused.  GW_E_STORAGE. */
int gw_till_input(struct gw_till *till, const struct gw_input *input, struct gw_err *err);

#endif
