/*
 * A Unix socket to be called on: made with mode 0660, in the place of one that a killed process
 * left behind, never in the place of anything else; gone again at the end.
 *
 * Owns the socket and its file.  Never waits.  The umask and the folder's rights hold.
 *
 *	struct gw_listener l = GW_LISTENER_NONE;
 *	gw_listener_open(&l, path, &err);
 *	... when l.fd is readable: while ((fd = gw_listener_accept(&l)) >= 0) ...
 *	gw_listener_close(&l);
 */
#ifndef HOST_LISTENER_H
#define HOST_LISTENER_H

#include <sys/types.h>
#include <sys/un.h>

#include "base/err.h"

struct gw_listener {
	int fd;       /* -1: not open */
	int spare_fd; /* private: given up to turn a caller away when no descriptor is left */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev; /* of our socket file, so that a successor's is never removed */
	ino_t ino;
};

#define GW_LISTENER_NONE                                                                           \
	{                                                                                          \
		.fd = -1, .spare_fd = -1                                                           \
	}

/*
 * GW_E_INPUT (path too long), GW_E_AGAIN (another process answers there), GW_E_DENIED (something
 * else is in the way, or no permission), GW_E_DEVICE.
 */
int gw_listener_open(struct gw_listener *l, const char *path, struct gw_err *err);
/* Closes, and removes the socket file if it is still ours.  Nothing happens when not open. */
void gw_listener_close(struct gw_listener *l);

/* Next caller's descriptor, non-blocking and closed on exec; -1 when nobody calls. */
int gw_listener_accept(struct gw_listener *l);

#endif
