/*
 * What a microcontroller board must provide for main.c to be a dock: the whole port contract.
 * firmware/PORTING.md tells how to write one.
 *
 * Interrupt handlers only move bytes between a UART and a queue.  The scanner's handler puts each
 * byte into the till's queue as well and starts the till's transmitter, so that a byte is on its
 * way to the till before anything has looked at it, whatever the main loop is busy with.
 *
 * Nothing here blocks (but the flash, see there) and nothing allocates.  All calls come from the
 * main loop.
 */
#ifndef FIRMWARE_BOARD_H
#define FIRMWARE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/flash_journal.h"
#include "firmware/ring.h"

enum gw_board_line { GW_BOARD_SCANNER, GW_BOARD_TILL, GW_BOARD_HOST, GW_BOARD_DISPLAY };

/* Clocks (every wait bounded), pins, UARTs, the 50 ms tick, the watchdog. */
void gw_board_init(void);
/* Milliseconds since the start; never goes back. */
uint32_t gw_board_now_ms(void);

/*
 * Takes received bytes, up to size, and returns how many.  *error is set when the receiver saw
 * parity, framing or overrun right behind the bytes given.
 */
size_t gw_board_get(enum gw_board_line line, uint8_t *bytes, size_t size, bool *error);
/* Queues bytes for sending, all or none; returns len or 0.  Not for the till. */
size_t gw_board_put(enum gw_board_line line, const uint8_t *bytes, size_t len);
/* The same for the till, and only if nothing waits for its line and nothing of a scan is unread. */
size_t gw_board_put_quiet(const uint8_t *bytes, size_t len);
/* Room for sending, and bytes queued and not yet out. */
size_t gw_board_room(enum gw_board_line line);
size_t gw_board_pending(enum gw_board_line line);
/* Feeds the transmitters; called all the time. */
void gw_board_poll(void);
/* Bytes the scanner's handler could not queue for the till, since the last call. */
uint32_t gw_board_till_dropped(void);

/* Speed and format of scanner's and till's line; false, and nothing changed, when it cannot. */
bool gw_board_set_lines(uint32_t baud, uint8_t bits, uint8_t parity);

#if GW_FLASH_JOURNAL
/*
 * Only with FLASH_JOURNAL=1, and only where no byte of scanner or till is lost or delayed while
 * flash is programmed or erased.  Both may keep the main loop; PORTING.md says for how long. Called
 * with any context.
 */
const struct gw_flash_io *gw_board_flash(void);
#endif

/* Memory that survives a reset. */
struct gw_ring_store *gw_board_store(uint32_t *size);
void gw_board_unit(uint8_t unit[8]);
bool gw_board_has(enum gw_board_line line);
/* Whether the watchdog or a fault ended the life before. */
bool gw_board_was_watchdog(void);
/* Feeds the watchdog, which resets after about 2 s without. */
void gw_board_watchdog(void);
void gw_board_lamp(bool on);
void gw_board_buzzer(bool on);
/* Sleeps until an interrupt, unless bytes have come meanwhile. */
void gw_board_sleep(void);

#endif
