/*
 * The software dock's board: ports, sockets and time for dock.c on Linux.  Private to
 * firmware/board/posix.
 *
 *	options.c  command line          till.c     the till's port and its bounded queue
 *	loop.c     poll, ports, signals  clients.c  the socket registers connect to
 *	show.c     the customer display  verbs.c    status, capture, self-test over that socket
 *
 * One thread; one struct posix.
 */
#ifndef FIRMWARE_POSIX_H
#define FIRMWARE_POSIX_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cli.h"
#include "base/err.h"
#include "base/home.h"
#include "firmware/display.h"
#include "firmware/dock.h"
#include "port/dock_spawn.h"
#include "port/port.h"

#define POSIX_RING_SIZE   (256u * 1024u)
#define POSIX_TILL_QUEUE  (64u * 1024u)
#define POSIX_HOST_QUEUE  (64u * 1024u)
#define POSIX_CLIENTS     8
#define POSIX_POLLS       (POSIX_CLIENTS + 8)
#define POSIX_BACKOFF_MIN 100
#define POSIX_BACKOFF_MAX 1000

/* Bytes that wait for a slow reader. */
struct queue {
	uint8_t *room; /* owned */
	size_t size, head, len;
};

int gw_posix_queue_new(struct queue *q, size_t size, struct gw_err *err);
void gw_posix_queue_free(struct queue *q);
size_t gw_posix_queue_put(struct queue *q, const uint8_t *bytes, size_t len);
/* The first contiguous run; drop it (or part of it) when it is written. */
const uint8_t *gw_posix_queue_peek(const struct queue *q, size_t *len);
void gw_posix_queue_drop(struct queue *q, size_t len);

/* A port that comes and goes. */
struct line {
	struct gw_port port;
	const char *path; /* NULL: none configured */
	struct gw_port_settings settings;
	int64_t retry_at_ms;
	int backoff_ms;
	char last_error[500]; /* so that a standing fault is told once */
};

struct client {
	int fd; /* -1: free */
	bool primary;
};

struct posix {
	struct gw_dock_options options;
	struct gw_dock_config config;
	const char *listen_path, *state_path, *flash_path;
	char listen_room[GW_PATH_MAX]; /* where listen_path is our own choice */
	bool verbose;

	struct gw_dock dock;
	struct gw_ring_store *store;
	size_t map_len;
	void *map;
	int flash_fd;
	const uint8_t *flash_map;

	struct line scanner, till, display;
	bool till_pty, till_reader; /* till is a pty of ours; somebody has it open */
	bool till_dropping;
	int till_watch; /* inotify on its other side, -1 */
	struct queue till_queue;

	struct gw_display show;
	uint8_t show_lines[2][GW_DISPLAY_COLUMNS]; /* the newest text */
	uint8_t show_bytes[GW_DISPLAY_MAX];        /* the command that is going out */
	size_t show_len, show_sent;
	bool show_waits;
	int64_t show_free_ms;  /* the line has carried what it was given by then */
	int64_t show_stale_ms; /* nobody stands behind the text from then on; -1: somebody does */

	int listen_fd, lock_fd, signal_fd;
	struct client clients[POSIX_CLIENTS];
	struct queue host_queue; /* for the primary client */
	int64_t alone_since_ms;  /* without a client; -1 with one */
	int64_t now_ms;          /* of this round of the loop: dock.c is told no other time */
	bool ending;
};

int64_t gw_posix_now_ms(void);

/* --- till.c */
int gw_posix_till_open(struct posix *p, struct gw_err *err);
size_t gw_posix_till_write(struct posix *p, const uint8_t *bytes, size_t len);
size_t gw_posix_till_pending(struct posix *p);
void gw_posix_till_flush(struct posix *p);
/* Asks the kernel whether anybody has the other side of our pty open. */
void gw_posix_till_check_reader(struct posix *p);
void gw_posix_till_close(struct posix *p);

/* --- clients.c */
int gw_posix_clients_listen(struct posix *p, struct gw_err *err);
void gw_posix_clients_accept(struct posix *p);
void gw_posix_clients_read(struct posix *p, struct client *c);
void gw_posix_clients_flush(struct posix *p);
size_t gw_posix_clients_room(const struct posix *p);
void gw_posix_clients_write(struct posix *p, const uint8_t *bytes, size_t len);
struct client *gw_posix_clients_primary(struct posix *p);
int gw_posix_clients_count(const struct posix *p);
void gw_posix_clients_close(struct posix *p);

/* --- flash.c: a file as flash journal, if options name one */
int gw_posix_flash_open(struct posix *p, struct gw_err *err);
void gw_posix_flash_close(struct posix *p);

/* --- loop.c */
int gw_posix_run(struct posix *p, struct gw_err *err);
/* Says something about a line once, as long as it stays the same. */
void gw_posix_complain(struct line *line, const struct gw_err *err);

void gw_posix_retry(struct line *line);

/* --- show.c */
void gw_posix_show_open(struct posix *p);
bool gw_posix_show(struct posix *p, const uint8_t *line1, size_t len1, const uint8_t *line2,
		   size_t len2);
void gw_posix_show_flush(struct posix *p);
void gw_posix_show_read(struct posix *p);
/* Milliseconds at which flush has something to do without the display's asking; -1: none. */
int64_t gw_posix_show_deadline(const struct posix *p);
/* Time: writes what the line can carry again, takes off what a register that died has left. */
void gw_posix_show_tick(struct posix *p, int64_t now_ms);
/* The register has left without a word: its text is taken off in a while. */
void gw_posix_show_left(struct posix *p);
/* The last text goes out as far as it can, for the dock ends. */
void gw_posix_show_close(struct posix *p);

/* --- verbs.c: runs `status`, `capture` ... and returns the exit status; -1: no such verb. */
int gw_posix_verbs_run(const char *verb, int argc, char **argv);

#endif
