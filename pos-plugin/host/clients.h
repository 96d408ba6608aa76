/*
 * The tills that talk to us: programs on a Unix socket, and the one on our own stdin and stdout.
 * Lines come in, lines go out, through bounded buffers; nobody can make the register wait.
 *
 * Owns the socket (and removes it at the end), the connections and their buffers.  Never closes
 * stdin or stdout, has no loop and no thread of its own, and knows nothing of the protocol beyond
 * the line feed.  Allocates when a client comes.  The program must ignore SIGPIPE.
 *
 *	gw_clients_new(&c, &err);
 *	gw_clients_listen(c, path, &err);       and/or  gw_clients_attach(c, 0, 1, &err);
 *	for (;;) {
 *		n = gw_clients_poll(c, fds, room);
 *		poll(fds, n, timeout);
 *		gw_clients_ready(c, fds, n);
 *		while ((who = gw_clients_next(c, &line, &len)) >= 0)   a few at a time
 *			... gw_clients_send(c, who, text, text_len) / gw_clients_send_all(c, ...)
 *	}
 */
#ifndef HOST_CLIENTS_H
#define HOST_CLIENTS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define GW_CLIENTS_MAX      16
#define GW_CLIENTS_POLL_MAX (2 * GW_CLIENTS_MAX + 1)
#define GW_CLIENTS_IN_MAX   65537  /* a line of 65,536 bytes and its line feed */
#define GW_CLIENTS_OUT_MAX  262144 /* what may wait for a client that reads slowly */
#define GW_CLIENTS_TOO_LONG ((size_t)-1)

struct gw_clients;

/* GW_E_MEMORY.  *c is NULL on failure. */
int gw_clients_new(struct gw_clients **c, struct gw_err *err);

/* Sends what can be sent at once, closes all and removes the socket.  NULL is allowed. */
void gw_clients_free(struct gw_clients *c);

/*
 * Listens on a Unix socket with mode 0660.  A socket file that nobody answers on is replaced.
 * GW_E_INPUT (path too long), GW_E_AGAIN (another process answers there), GW_E_DENIED (something
 * else is in the way, or no permission), GW_E_DEVICE.
 */
int gw_clients_listen(struct gw_clients *c, const char *path, struct gw_err *err);

/*
 * Adds a client on a pair of descriptors (stdin and stdout).  They are made non-blocking and put
 * back at the end.  GW_E_FULL, GW_E_MEMORY, GW_E_DEVICE.
 */
int gw_clients_attach(struct gw_clients *c, int in_fd, int out_fd, struct gw_err *err);

/* True while the attached pair is open: its input has not ended, its output is still taken. */
bool gw_clients_attached(const struct gw_clients *c);

/* True while this sender is connected and its answers can be sent. */
bool gw_clients_here(const struct gw_clients *c, int who);

/* Number of clients that are connected, the attached one included. */
size_t gw_clients_count(const struct gw_clients *c);

/* Fills fds[0..n), n <= room; room >= GW_CLIENTS_POLL_MAX serves all.  Returns n. */
size_t gw_clients_poll(const struct gw_clients *c, struct pollfd *fds, size_t room);

/* Accepts, reads and writes what poll() found ready; never waits. */
void gw_clients_ready(struct gw_clients *c, const struct pollfd *fds, size_t n);

/*
 * Next whole line, taking turns among clients: its sender, 0..GW_CLIENTS_MAX-1, or -1 when there
 * is none now.  The line is without its end (LF or CRLF), NUL-terminated beyond len, and valid
 * until the next call here.  *len is GW_CLIENTS_TOO_LONG and *line "" once for every line beyond
 * the limit, whose bytes are thrown away.  Empty lines are left out.  A sender whose answers are
 * not being read gets no turn until they are.
 */
int gw_clients_next(struct gw_clients *c, const char **line, size_t *len);

/* True when gw_clients_next would give a line: for a loop that takes a few lines a turn. */
bool gw_clients_pending(const struct gw_clients *c);

/*
 * Queues text[0..len), whole lines, and sends what the other side takes at once.  A client whose
 * queue is full is dropped: its connection ends behind what it was sent before, with one line
 * {"on":"error",...} where that still fits.  A `who` that is gone is ignored.
 */
void gw_clients_send(struct gw_clients *c, int who, const char *text, size_t len);
void gw_clients_send_all(struct gw_clients *c, const char *text, size_t len);

/* Sentences for the log: who came, went or was dropped.  False when there is none. */
bool gw_clients_news(struct gw_clients *c, char *text, size_t size);

#endif
