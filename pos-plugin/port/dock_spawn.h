/*
 * Finds or starts the software dock (goeswith-dock) that serves a scanner, and connects to it.  The
 * dock outlives the register: a register that starts again finds the same dock with every scan that
 * is not yet in the journal.
 *
 *	struct gw_dock_options o = gw_dock_options_default("/dev/ttyACM0");
 *	struct gw_dock_peer peer;
 *	if (gw_dock_connect(&peer, home, &o, &err) == GW_OK)
 *		poll peer.fd and feed gw_link_host_input; at its end call gw_dock_connect again
 *
 * Blocks for up to GW_DOCK_START_MS while a dock starts; keeps no state; one thread.
 */
#ifndef PORT_DOCK_SPAWN_H
#define PORT_DOCK_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/home.h"

#define GW_DOCK_START_MS 5000
#define GW_DOCK_IDENTITY 3072
#define GW_DOCK_SOCKET   "dock.sock"
#define GW_DOCK_STATE    "dock.state"
#define GW_DOCK_LOG      "dock.log"

/* Strings are borrowed; NULL means the default. */
struct gw_dock_options {
	const char *scanner;      /* path of the scanner's port */
	const char *till;         /* path, or "pty:PATH", or NULL: no till behind */
	const char *display;      /* path of the customer display's port, or NULL */
	const char *brand;        /* row of gw_port_brands */
	const char *line;         /* "9600,8N1", over the brand's */
	const char *display_type; /* "escpos" or "cd5220", with "-437" for that code page */
	const char *display_line; /* "9600,8N1" */
	int idle_gap_ms;          /* 0: the brand's */
	int linger_s;             /* end after so long without register and till; < 0: never */
};

struct gw_dock_peer {
	int fd;      /* non-blocking, close-on-exec; the caller closes it */
	pid_t pid;   /* of the dock */
	int started; /* 1 if this call started it */
};

struct gw_dock_options gw_dock_options_default(const char *scanner);

/*
 * Connects to the dock at HOME/dock.sock if it serves these options, else ends that one and starts
 * another.  GW_E_INPUT or GW_E_USAGE: the dock does not take the options (text: its own words),
 * GW_E_NOT_FOUND: no goeswith-dock beside this program nor in PATH, GW_E_AGAIN: not up in time.
 */
int gw_dock_connect(struct gw_dock_peer *peer, const char *home, const struct gw_dock_options *o,
		    struct gw_err *err);

/* Connects to whatever dock listens there; starts none.  GW_E_DEVICE when none does. */
int gw_dock_attach(struct gw_dock_peer *peer, const char *socket_path, struct gw_err *err);

/* Asks the dock to end and waits for it, up to two seconds.  GW_E_DENIED, GW_E_AGAIN. */
int gw_dock_end(const struct gw_dock_peer *peer, struct gw_err *err);

/* What makes two docks the same: written by the dock into SOCKET.lock.  Returns out. */
char *gw_dock_identity(const struct gw_dock_options *o, char out[GW_DOCK_IDENTITY]);

#endif
