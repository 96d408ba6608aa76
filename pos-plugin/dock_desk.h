/*
 * The desk where people ask about the dock while the register runs (`goeswith dock status`,
 * selftest, capture): a Unix socket in the home, a line of JSON in, lines of JSON out.
 *
 *	{"do":"status"}              {"on":"status", figures of port/dock_report.h}
 *	{"do":"selftest","loop":b}   {"on":"selftest","result":"done","tested":n,"failed":n, ...}
 *	{"do":"capture"}             {"on":"capture","text":"a line"} ... until the caller leaves
 *	                             {"on":"error","code":-9,"text":"a sentence"}
 *
 * Owns the socket, the callers, and the one capture.  A sale comes first: no test while one is
 * open.  Payment cards never leave here.  Never blocks, never wakes up on its own but to say that
 * the dock does not answer.  One thread.  NULL stands for no desk in every call.
 */
#ifndef PLUGIN_DOCK_DESK_H
#define PLUGIN_DOCK_DESK_H

#include <poll.h>

#include "customer.h"
#include "dock_client.h"
#include "host/clients.h"

#define GW_DESK_POLL_MAX GW_CLIENTS_POLL_MAX

struct gw_dock_desk;

/*
 * Listens in the home.  dock may be NULL: then that is what callers are told.  A socket that cannot
 * be made is no reason not to sell: *desk is NULL then and err says why.
 */
int gw_dock_desk_new(struct gw_dock_desk **desk, const char *home, struct gw_dock_client *dock,
		     struct gw_customer *customer, struct gw_err *err);
void gw_dock_desk_free(struct gw_dock_desk *desk);

size_t gw_dock_desk_poll(const struct gw_dock_desk *desk, struct pollfd *fds, size_t room);
/* view: whether a sale is open. */
void gw_dock_desk_serve(struct gw_dock_desk *desk, const struct gw_view *view, int64_t mono_ms,
			const struct pollfd *fds, size_t n);
int64_t gw_dock_desk_deadline(const struct gw_dock_desk *desk); /* -1: none */

/* What the dock client tells: a HELLO came, a self-test ended, scanner bytes. */
void gw_dock_desk_figures(struct gw_dock_desk *desk, int64_t mono_ms);
void gw_dock_desk_tested(struct gw_dock_desk *desk, enum gw_link_result result, uint8_t tested,
			 uint8_t failed, int64_t mono_ms);
void gw_dock_desk_raw(struct gw_dock_desk *desk, const uint8_t *bytes, size_t len, uint32_t t_ms,
		      int64_t mono_ms);

#endif
