/*
 * What a person asks a dock that runs: over the register where one runs (ask.c), else at the dock's
 * own socket as its guest (guest.c).  Private to firmware/board/posix.
 */
#ifndef FIRMWARE_POSIX_VERBS_H
#define FIRMWARE_POSIX_VERBS_H

#include <stdio.h>

#include "base/cli.h"
#include "port/dock_report.h"
#include "port/dock_spawn.h"

struct wish {
	struct gw_cli cli;
	const char *socket; /* a dock's own; NULL: the register's, then the dock's in the home */
	const char *output; /* of a capture; NULL: standard output */
	long long seconds, bytes;
	bool loop;
};

struct test_result {
	uint8_t tested, failed; /* enum gw_link_test */
	int64_t round_trip_us;  /* -1: not measured */
};

/* Where the lines of a capture go. */
struct tape {
	FILE *file;
	bool json;
	long long left; /* bytes it may still grow */
};

/* False when it is full; nothing of the line is written then. */
bool gw_tape_line(struct tape *tape, const char *text, size_t len);

/* --- ask.c: all of them GW_E_NOT_FOUND when no register runs in this home. */
int gw_ask_status(const char *home, struct gw_dock_report *report, struct gw_err *err);
int gw_ask_test(const char *home, bool loop, struct test_result *result, struct gw_err *err);
int gw_ask_capture(const char *home, int seconds, struct tape *tape, struct gw_err *err);

/* --- guest.c: at the dock's own socket, while no register is connected. */
int gw_guest_status(const struct gw_dock_peer *peer, struct gw_dock_report *report,
		    struct gw_err *err);
int gw_guest_test(const struct gw_dock_peer *peer, bool loop, struct test_result *result,
		  struct gw_err *err);
int gw_guest_capture(const struct gw_dock_peer *peer, int seconds, struct tape *tape,
		     struct gw_err *err);

#endif
