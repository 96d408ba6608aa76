/*
 * What the two kinds of port share: opening by path picks one of these.  Private to port/.
 */
#ifndef PORT_PORT_IMPL_H
#define PORT_PORT_IMPL_H

#include "port/port.h"

/* GW_E_UNSUPPORTED: no serial device in libserialport's eyes (a pseudo-terminal, a FIFO ...). */
int gw_port_open_serial(struct gw_port *p, const char *path,
			const struct gw_port_settings *settings, struct gw_err *err);
int gw_port_open_plain(struct gw_port *p, const char *path, struct gw_err *err);
/* flock, without waiting.  GW_E_AGAIN when another process has it. */
int gw_port_lock(int fd, const char *path, struct gw_err *err);

#endif
