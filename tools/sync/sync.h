/*
 * What the verbs of goeswith-sync share: options, paths, the configuration.
 * Owned by main; a verb borrows it while it runs.
 */
#ifndef TOOLS_SYNC_SYNC_H
#define TOOLS_SYNC_SYNC_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cli.h"
#include "base/home.h"

#define SYNC_DAY_MS 86400000LL

struct sync_limits {
	int64_t batch_events, batch_bytes,
		batch_age_ms;                /* a batch is sealed at the first of these */
	int64_t outbox_bytes, outbox_age_ms; /* then the oldest goes, and a gap is told */
	bool seal_all;                       /* also what is not yet batch_age_ms old */
};

struct sync {
	const struct gw_cli_program *program;
	struct gw_cli cli;
	struct gw_conf *conf;
	char home[GW_PATH_MAX], journal[GW_PATH_MAX], outbox[GW_PATH_MAX], state[GW_PATH_MAX];
	char device[GW_PATH_MAX]; /* folder of the till's own key */
	const char *to, *from;    /* URLs, NULL: not given */
	const char *into;         /* collect: where to */
	const char *cluster;      /* collect, schema: of ClickHouse, NULL: one machine */
	const char *output;       /* salvage */
	const char *keys;         /* collect: folder of device keys, NULL: signatures optional */
	const char *ack_key,
		*password_file; /* collect: signs acknowledgements, NULL: nobody does */
	bool remove;            /* collect: delete what is committed */
	bool progress;          /* stderr is a terminal */
	/* run: becomes true when it is told to end, NULL otherwise. */
	const volatile sig_atomic_t *ending;
	struct sync_limits limits;
};

/* A verb.  GW_OK, or a code with the sentence in err. */
typedef int sync_verb(struct sync *s, struct gw_err *err);

sync_verb sync_push, sync_pull, sync_run, sync_collect, sync_status, sync_verify, sync_salvage,
	sync_schema;

/* A value of the configuration's [sync] section; the command line has gone before. */
const char *sync_setting(const struct sync *s, const char *key, const char *fallback);

int64_t sync_now_ms(void);

#endif
