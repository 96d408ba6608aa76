/*
 * What dock.c and dock_command.c have of each other.  Private to them.
 */
#ifndef FIRMWARE_DOCK_INSIDE_H
#define FIRMWARE_DOCK_INSIDE_H

#include "firmware/dock.h"

/* Kept out of its caller, whose other calls would else go deep on top of this function's frame. */
#define GW_OWN_FRAME __attribute__((noinline))

/* A counter that stands at its end. */
static inline void gw_dock_count(uint16_t *n)
{
	if (*n < UINT16_MAX)
		(*n)++;
}

/* Sends a frame if the line takes all of it; what is not sent is repeated by the protocol. */
void gw_dock_send(struct gw_dock *d, const struct gw_link_frame *frame);

/* Takes a command's frame. */
void gw_dock_command(struct gw_dock *d, const struct gw_link_frame *f, uint32_t now_ms);
/* Goes on with a code that waits for the till's line, or is leaving. */
void gw_dock_inject(struct gw_dock *d, uint32_t now_ms);
/* What the scanner was sending is no scan.  A tick must follow. */
void gw_dock_begin_anew(struct gw_dock *d, uint32_t now_ms);
/* The self-test's bytes are out and have not all come back. */
bool gw_dock_loop_open(const struct gw_dock *d);

#endif
