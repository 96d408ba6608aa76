/*
 * The scanner dock: between scanner and till, with the register at its side.  It passes every byte
 * on before it looks at it, keeps each scan until the register has it on disk, and puts codes into
 * the till's line when the register asks.  The same code runs on a microcontroller and on Linux.
 *
 * Pure: bytes and milliseconds in, calls of the board's functions out.  No heap, no clock, no
 * statics.  One thread.  It goes on without register, till or display.
 *
 *	gw_dock_init(&d, &config, &io, ctx, store, size, now_ms);
 *	gw_dock_scanner_in(&d, bytes, n, now_ms);  forwards first
 *	gw_dock_till_in(&d, bytes, n, now_ms);
 *	gw_dock_host_in(&d, bytes, n, now_ms);
 *	gw_dock_tick(&d, now_ms);                  after gw_dock_wait_ms at the latest
 *
 * Each round: take the time, read the scanner, then the rest, all with that one time.  host_in,
 * till_in and tick take the time since the scanner's last byte for a pause on its line.
 */
#ifndef FIRMWARE_DOCK_H
#define FIRMWARE_DOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/flash_journal.h"
#include "firmware/ring.h"
#include "firmware/scanner.h"
#include "goeswith/link.h"
#include "link/sender.h"

#define GW_DOCK_VERSION_MAJOR 0
#define GW_DOCK_VERSION_MINOR 1
#define GW_DOCK_VERSION_PATCH 0
#define GW_DOCK_INJECT_MAX    96u

struct gw_dock_config {
	struct gw_scanner_config scanner;
	uint8_t unit[8]; /* who this dock is, e.g. the chip's serial number */
	/* Sets the speed of scanner's and till's line and keeps all of it over a reset; false when
	 * it cannot.  NULL: this dock is set up where it was started. */
	bool (*setup)(void *ctx, const struct gw_link_setup *setup);
	const char *board;  /* what it runs on, at most GW_LINK_BOARD_LEN - 1 characters; or NULL */
	uint8_t caps;       /* enum gw_link_cap */
	uint16_t rto_ms;    /* 200 at 115200 baud and above, 500 at 9600 */
	uint16_t quiet_ms;  /* the till's line must be silent this long before a code is put in */
	uint16_t inject_ms; /* and this is how long one waits for that */
	bool beep_on_ack;   /* a good beep when a scan is safe: the register has committed it (or
			       flash   has it, with a flash journal) */
	bool new_clock;     /* now_ms began anew at this start */
	bool watchdog;      /* this start is the watchdog's */
	bool forwarded;     /* the board itself has passed the scanner's bytes on */
	const struct gw_flash_io *flash; /* NULL: no flash journal; called with the dock's ctx */
	uint16_t flash_hold_ms;          /* a scan waits so long for its ACK before it goes there */
};

/* What the board does for the dock.  None may block. */
struct gw_dock_io {
	/* Takes what it can, at once; returns how much.  The rest is lost to the till.  A board
	 * that forwards by itself is only given injected codes, and takes all or nothing. */
	size_t (*till)(void *ctx, const uint8_t *bytes, size_t len);
	/* Bytes taken and not yet on the wire (or read by the other side). */
	size_t (*till_pending)(void *ctx);
	void (*scanner)(void *ctx, const uint8_t *bytes, size_t len);
	/* Bytes that host would take now; frames are sent whole or not at all. */
	size_t (*host_room)(void *ctx);
	void (*host)(void *ctx, const uint8_t *bytes, size_t len);
	/* Shows two lines of UTF-8; false when there is no display. */
	bool (*display)(void *ctx, const uint8_t *line1, size_t len1, const uint8_t *line2,
			size_t len2);
	bool (*beep)(void *ctx, enum gw_link_beep kind);
	/* GW_LINK_ST_SCANNER, _TILL, _TILL_BLOCKED, _DISPLAY as they are now. */
	uint8_t (*state)(void *ctx);
};

struct gw_dock {
	const struct gw_dock_config *config; /* borrowed */
	const struct gw_dock_io *io;         /* borrowed */
	void *ctx;
	struct gw_ring ring;
	struct gw_flash flash;
	struct gw_scanner_config how; /* the configuration's, or a setup's */
	struct gw_scanner scanner;
	struct gw_link_sender sender;
	struct gw_link_decoder decoder;
	uint32_t hello_ms; /* when the last one went */
	uint32_t told_lost;
	uint8_t told_state;
	bool hello_due, capture, warm;
	uint16_t rx_errors, too_long, resent;
	uint16_t injected, inject_refused, inject_timed_out;
	uint32_t till_dropped;
	uint32_t up_s, up_ms; /* seconds since the start, and the clock when they were counted */
	/* the command carried out last, or under way */
	uint8_t cmd_code, cmd_result;
	uint8_t tested, test_failed; /* enum gw_link_test */
	bool cmd_busy;
	uint32_t line_ms; /* when a scanner byte last went to the till */
	uint32_t inject_start_ms;
	uint8_t inject_len; /* of the code that waits, or is going out */
	bool inject_out;
	bool loop;       /* it is the self-test's, and must come back */
	uint8_t loop_at; /* this many of its bytes have */
	uint8_t inject[GW_DOCK_INJECT_MAX];
};

/* store is the memory that survives a reset: sizeof(struct gw_ring_store) + size bytes. */
void gw_dock_init(struct gw_dock *d, const struct gw_dock_config *config,
		  const struct gw_dock_io *io, void *ctx, struct gw_ring_store *store,
		  uint32_t size, uint32_t now_ms);
void gw_dock_scanner_in(struct gw_dock *d, const uint8_t *bytes, size_t len, uint32_t now_ms);
/* The receiver saw parity, framing or overrun errors among the last bytes. */
void gw_dock_scanner_error(struct gw_dock *d, uint32_t now_ms);
/* The scanner is gone or back: what it was sending is no scan. */
void gw_dock_scanner_restart(struct gw_dock *d, uint32_t now_ms);
void gw_dock_till_in(struct gw_dock *d, const uint8_t *bytes, size_t len, uint32_t now_ms);
void gw_dock_host_in(struct gw_dock *d, const uint8_t *bytes, size_t len, uint32_t now_ms);
/* A register has just connected: it is greeted. */
void gw_dock_host_new(struct gw_dock *d, uint32_t now_ms);
void gw_dock_tick(struct gw_dock *d, uint32_t now_ms);
/* Milliseconds until tick is needed; UINT32_MAX when nothing is pending. */
uint32_t gw_dock_wait_ms(const struct gw_dock *d, uint32_t now_ms);
/* The counters, as HELLO tells them. */
void gw_dock_hello(const struct gw_dock *d, uint32_t now_ms, struct gw_link_hello *hello);

#endif
