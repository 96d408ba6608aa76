/*
 * One round of fetching the rule table, as the verbs `pull` and `run` do it.
 */
#ifndef TOOLS_SYNC_PULL_H
#define TOOLS_SYNC_PULL_H

#include "tools/sync/state.h"
#include "tools/sync/sync.h"
#include "tools/sync/target.h"

struct pull_result {
	bool changed;    /* another table is in force */
	int64_t version; /* in force, 0: unknown */
	char path[64];   /* "table", or the one being rolled out */
	char key[40];    /* who signed it, "" unsigned */
	int64_t items, rules;
};

/*
 * Fetches, checks, installs: signature before anything is parsed, then chain and version, size and
 * hash, rows (tools/table/install.h).  GW_E_DENIED: refused; GW_E_NOT_FOUND: there is no table;
 * GW_E_DEVICE, GW_E_INPUT, GW_E_STORAGE ...  Whatever happens, the table in force stays whole.
 */
int pull_once(const struct sync *s, struct state *state, struct target *target,
	      struct pull_result *result, struct gw_err *err);

/* Whether a terminal belongs to the share that takes a table being rolled out, by hash. */
bool pull_is_chosen(const char *till, const char *path, int64_t share_ppm);

#endif
