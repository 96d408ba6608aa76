/*
 * The terminal as a device: raw mode and back, its size, bytes in, and bytes out through a queue
 * that never blocks the register, whatever the terminal does.
 *
 * Output is gathered in memory first and pushed to the device as far as that takes it.  Resizes
 * and continuations arrive as bytes on a signalfd, so no signal handler runs at all.
 *
 *	  painter --> queue --push--> device               keys, SIGWINCH, SIGCONT, room for output
 *	             (memory)                                    all wake the one epoll descriptor
 *
 * Owns its descriptors, the termios state, and the blocking of SIGWINCH and SIGCONT until it is
 * freed.  One thread.
 */
#ifndef UI_TTY_H
#define UI_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ui/out.h"

struct gw_tty;

/*
 * Opens `device`, or stdin and stdout for NULL, and enters raw mode.  GW_E_DEVICE: not there, not a
 * terminal.  GW_E_DENIED.  GW_E_MEMORY.
 */
int gw_tty_new(struct gw_tty **tty, const char *device, struct gw_err *err);
/* Gives the device up to half a second for what is still queued, then puts it back as it was. */
void gw_tty_free(struct gw_tty *tty);

int gw_tty_fd(const struct gw_tty *tty);

/* What was typed; 0: nothing now; GW_E_DEVICE: the terminal has gone. */
int gw_tty_read(struct gw_tty *tty, uint8_t *bytes, size_t size);

/* True once after a resize, or after the process was stopped and went on: draw everything anew. */
bool gw_tty_spoilt(struct gw_tty *tty);

/* Rows and columns; those of `or_rows` and `or_cols` where the device does not know (serial). */
void gw_tty_size(const struct gw_tty *tty, int *rows, int *cols, int or_rows, int or_cols);

/* Where to write; it is the tty's.  Nothing may be added while gw_tty_behind. */
struct gw_out *gw_tty_out(struct gw_tty *tty);
/* True while the device has not taken all of what was pushed: draw later. */
bool gw_tty_behind(struct gw_tty *tty);
/* Moves the queue to the device.  False while some of it is still waiting. */
bool gw_tty_push(struct gw_tty *tty);

/* Whether a shell is there to continue the process if it is stopped. */
bool gw_tty_may_stop(const struct gw_tty *tty);
/* Stops the process as the shell's Ctrl-Z does, with the terminal put back meanwhile. */
void gw_tty_stop(struct gw_tty *tty);

#endif
