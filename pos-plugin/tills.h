/*
 * The tills that drive the register: takes their lines, gives them to the register, and tells them
 * what happened; on a Unix socket (--listen) and on stdin and stdout (--headless).
 *
 * Owns the connections and the clock that lines with an "at" simulate.  NULL stands for no tills in
 * every call.  Never blocks.  One thread.
 */
#ifndef PLUGIN_TILLS_H
#define PLUGIN_TILLS_H

#include <poll.h>

#include "clock.h"
#include "host/clients.h"
#include "options.h"
#include "register.h"

#define GW_TILLS_POLL_MAX GW_CLIENTS_POLL_MAX

struct gw_tills;

/* *tills is NULL when none are configured.  Errors as gw_clients_listen. */
int gw_tills_new(struct gw_tills **tills, const struct gw_options *options, struct gw_err *err);
void gw_tills_free(struct gw_tills *tills);

/* Time stands where the tills' lines put it, and nothing else may move it. */
bool gw_tills_simulate(const struct gw_tills *tills);
/* The time to stamp inputs with: the real one given, or the simulated. */
struct gw_now gw_tills_now(const struct gw_tills *tills, struct gw_now now);

size_t gw_tills_poll(const struct gw_tills *tills, struct pollfd *fds, size_t room);
/* Lines wait that poll() knows nothing of. */
bool gw_tills_pending(const struct gw_tills *tills);
/* Reads, carries out, writes; false when the program on stdin has ended. */
bool gw_tills_serve(struct gw_tills *tills, struct gw_register *reg, struct gw_now now,
		    const struct pollfd *fds, size_t n);
/* An event of the register, for all or for the one who asked (gw_register_ops). */
void gw_tills_tell(struct gw_tills *tills, int who, const struct gw_event *event, int64_t seq,
		   int64_t ack);

#endif
