/*
 * Where bytes come from and go to: a serial port, a pseudo-terminal, a FIFO or a Unix socket,
 * behind one table of functions.  The waiting is the caller's poll() on port->fd.
 *
 * Everything about a serial line is set when it is opened, nothing is inherited, and the line is
 * ours alone (flock and TIOCEXCL).  A failed read says the device is gone: close at once, because
 * an open descriptor makes the kernel give the returning device another name; gw_port_open resolves
 * links like /dev/serial/by-id/... anew each time.
 *
 *	if (gw_port_open(&port, "/dev/ttyUSB0", &settings, &err) == GW_OK)
 *		poll port.fd; n = gw_port_read(&port, room, size, &err);
 *	gw_port_close(&port);
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/home.h"

enum gw_port_parity { GW_PARITY_NONE, GW_PARITY_ODD, GW_PARITY_EVEN };
enum gw_port_flow { GW_FLOW_NONE, GW_FLOW_RTSCTS, GW_FLOW_XONXOFF };

/* One row of the table of brands. */
struct gw_port_settings {
	const char *brand; /* NULL ends the table */
	int32_t baud;
	uint8_t bits, parity, stop, flow;
	uint8_t framing;     /* enum gw_framing of the dock: 0 plain, 1 STX/ETX, 2 SSI */
	uint8_t terminators; /* bits CR 1, LF 2, TAB 4, ETX 8 */
	uint16_t idle_gap_ms;
	const char *about;
};

extern const struct gw_port_settings gw_port_brands[];
/* Row of a brand; NULL when there is none of that name.  Case does not matter. */
const struct gw_port_settings *gw_port_brand(const char *name);
/* Parses "9600", "9600,8N1" or "9600,7E1,rtscts" over what *s holds.  GW_E_USAGE. */
int gw_port_parse(struct gw_port_settings *s, const char *text, struct gw_err *err);
/* "9600 8N1 none" */
void gw_port_describe(const struct gw_port_settings *s, char *out, size_t size);

struct gw_port;

struct gw_port_ops {
	const char *kind;
	/* Bytes read, 0 for none now, GW_E_DEVICE when it is gone. */
	int (*read)(struct gw_port *p, void *room, size_t size, struct gw_err *err);
	/* Bytes taken, 0 for none now, GW_E_DEVICE when it is gone. */
	int (*write)(struct gw_port *p, const void *bytes, size_t len, struct gw_err *err);
	/* Bytes taken and not yet sent, as far as the kernel knows. */
	int (*pending)(struct gw_port *p);
	void (*close)(struct gw_port *p);
};

struct gw_port {
	const struct gw_port_ops *ops; /* NULL: closed */
	int fd;                        /* for poll(); -1 when closed */
	void *handle;                  /* private */
	char path[GW_PATH_MAX];        /* as it was resolved */
};

/*
 * Opens a serial device with libserialport and anything else as a plain descriptor.  GW_E_DEVICE
 * when it is not there, GW_E_AGAIN when somebody else has it, GW_E_DENIED.  Bytes that waited in
 * the line from before are thrown away.
 */
int gw_port_open(struct gw_port *p, const char *path, const struct gw_port_settings *settings,
		 struct gw_err *err);
/* Makes a pseudo-terminal and a link to it at path; the port is its controlling side. */
int gw_port_open_pty(struct gw_port *p, const char *path, struct gw_err *err);
/* Takes over an open descriptor, made non-blocking. */
int gw_port_open_fd(struct gw_port *p, int fd, struct gw_err *err);

bool gw_port_is_open(const struct gw_port *p);
int gw_port_read(struct gw_port *p, void *room, size_t size, struct gw_err *err);
int gw_port_write(struct gw_port *p, const void *bytes, size_t len, struct gw_err *err);
int gw_port_pending(struct gw_port *p);
void gw_port_close(struct gw_port *p);

#endif
