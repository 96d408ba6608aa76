/*
 * The register's one loop: scanner, keys, tills and time in; screen, beeps, answers out.  Sleeps in
 * poll() until something happens; in idle nothing wakes it but the clock on the status line.
 */
#ifndef PLUGIN_LOOP_H
#define PLUGIN_LOOP_H

#include "options.h"

/* Runs until told to end (a key, a signal, a hang-up, the end of stdin when headless). */
int gw_loop_run(const struct gw_options *options, struct gw_err *err);

#endif
