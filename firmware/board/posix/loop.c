/*
 * The software dock's loop: poll until a port, a client or a deadline has something, hand it to
 * dock.c, write what dock.c said.  Between scans, with nothing unacknowledged, it sleeps for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "firmware/board/posix/posix.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

int64_t gw_posix_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t now32(const struct posix *p)
{
	return (uint32_t)p->now_ms;
}

void gw_posix_complain(struct line *line, const struct gw_err *err)
{
	if (strcmp(line->last_error, err->text) == 0)
		return;
	fprintf(stderr, "goeswith-dock: %s\n", err->text);
	memcpy(line->last_error, err->text, sizeof(line->last_error));
}

/* --- what dock.c asks for ------------------------------------------------------------------------
 */

static size_t io_till(void *ctx, const uint8_t *bytes, size_t len)
{
	return gw_posix_till_write(ctx, bytes, len);
}

static size_t io_till_pending(void *ctx)
{
	return gw_posix_till_pending(ctx);
}

static void io_scanner(void *ctx, const uint8_t *bytes, size_t len)
{
	struct posix *p = ctx;

	/* A scanner that does not listen must not stop us; what it misses is a beep. */
	if (gw_port_is_open(&p->scanner.port))
		(void)gw_port_write(&p->scanner.port, bytes, len, NULL);
}

static size_t io_host_room(void *ctx)
{
	return gw_posix_clients_room(ctx);
}

static void io_host(void *ctx, const uint8_t *bytes, size_t len)
{
	gw_posix_clients_write(ctx, bytes, len);
}

static bool io_display(void *ctx, const uint8_t *line1, size_t len1, const uint8_t *line2,
		       size_t len2)
{
	return gw_posix_show(ctx, line1, len1, line2, len2);
}

/* A PC has no beeper; a scanner that speaks SSI has one and takes orders. */
static bool io_beep(void *ctx, enum gw_link_beep kind)
{
	static const uint8_t codes[] = {0x00, 0x05, 0x01}; /* one high, five low, two high */
	struct posix *p = ctx;
	uint8_t packet[] = {0x05, 0xE6, 0x04, 0x00, 0x00, 0xFF, 0x00};
	unsigned sum = 0;

	if (p->config.scanner.framing != GW_FRAMING_SSI)
		return false;
	packet[4] = codes[kind % 3u];
	for (unsigned i = 0; i < 5; i++)
		sum += packet[i];
	packet[5] = (uint8_t)((0x10000u - sum) >> 8);
	packet[6] = (uint8_t)(0x10000u - sum);
	io_scanner(p, packet, sizeof(packet));
	return true;
}

static uint8_t io_state(void *ctx)
{
	const struct posix *p = ctx;

	return (uint8_t)((gw_port_is_open(&p->scanner.port) ? GW_LINK_ST_SCANNER : 0) |
			 (p->till_reader ? GW_LINK_ST_TILL : 0) |
			 (p->till_dropping ? GW_LINK_ST_TILL_BLOCKED : 0) |
			 (gw_port_is_open(&p->display.port) ? GW_LINK_ST_DISPLAY : 0));
}

static const struct gw_dock_io io = {io_till, io_till_pending, io_scanner, io_host_room,
				     io_host, io_display,      io_beep,    io_state};

/* --- memory that outlives the process
 * -------------------------------------------------------------- */

struct state_file {
	char boot_id[40]; /* of the kernel that ran: a ring from before a power cut is not whole */
	char identity[GW_DOCK_IDENTITY];
	struct gw_ring_store store;
};

static void read_boot_id(char out[40])
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, 39) : 0;

	if (fd >= 0)
		close(fd);
	memset(out + (n > 0 ? n : 0), 0, 40u - (size_t)(n > 0 ? n : 0));
}

static int map_state(struct posix *p, struct gw_err *err)
{
	size_t len = sizeof(struct state_file) + POSIX_RING_SIZE;
	struct state_file *s;
	char boot_id[40], identity[GW_DOCK_IDENTITY];
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (p->state_path != NULL) {
		fd = open(p->state_path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
		if (fd < 0 || posix_fallocate(fd, 0, (off_t)len) != 0) {
			int rc = gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE,
					      errno, "%s: cannot keep scans there", p->state_path);

			if (fd >= 0)
				close(fd);
			return rc;
		}
		flags = MAP_SHARED;
	}
	s = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
	if (s == MAP_FAILED)
		return gw_err_errno(err, GW_E_MEMORY, errno, "no memory for scans");
	read_boot_id(boot_id);
	memset(identity, 0, sizeof(identity));
	gw_dock_identity(&p->options, identity);
	if (memcmp(s->boot_id, boot_id, sizeof(boot_id)) != 0 ||
	    strncmp(s->identity, identity, sizeof(identity)) != 0) {
		memset(&s->store, 0, sizeof(s->store));
		memcpy(s->boot_id, boot_id, sizeof(boot_id));
		memcpy(s->identity, identity, sizeof(identity));
	}
	p->map = s;
	p->map_len = len;
	p->store = &s->store;
	return GW_OK;
}

/* --- the scanner's port
 * --------------------------------------------------------------------------- */

static void lose_scanner(struct posix *p, const struct gw_err *err)
{
	gw_posix_complain(&p->scanner, err);
	gw_port_close(&p->scanner.port);
	p->scanner.backoff_ms = POSIX_BACKOFF_MIN;
	p->scanner.retry_at_ms = p->now_ms + POSIX_BACKOFF_MIN;
	gw_dock_scanner_restart(&p->dock, now32(p));
}

static void read_scanner(struct posix *p)
{
	uint8_t room[4096];
	struct gw_err err = {0};
	int n = gw_port_read(&p->scanner.port, room, sizeof(room), &err);

	if (n > 0)
		gw_dock_scanner_in(&p->dock, room, (size_t)n, now32(p));
	else if (n < 0)
		lose_scanner(p, &err);
}

void gw_posix_retry(struct line *line)
{
	line->retry_at_ms = gw_posix_now_ms() + line->backoff_ms;
	line->backoff_ms =
		line->backoff_ms * 2 < POSIX_BACKOFF_MAX ? line->backoff_ms * 2 : POSIX_BACKOFF_MAX;
}

static int open_scanner(struct posix *p, struct gw_err *err)
{
	int rc = gw_port_open(&p->scanner.port, p->scanner.path, &p->scanner.settings, err);

	if (rc != GW_OK) {
		gw_posix_retry(&p->scanner);
		return rc;
	}
	if (p->scanner.last_error[0] != '\0' || p->verbose)
		fprintf(stderr, "goeswith-dock: %s: reading the scanner\n", p->scanner.port.path);
	p->scanner.last_error[0] = '\0';
	p->now_ms = gw_posix_now_ms(); /* silence begins when we can hear */
	gw_dock_scanner_restart(&p->dock, now32(p));
	return GW_OK;
}

static void retry_lines(struct posix *p)
{
	struct gw_err err = {0};
	int64_t now = p->now_ms;

	if (!gw_port_is_open(&p->scanner.port) && now >= p->scanner.retry_at_ms &&
	    open_scanner(p, &err) != GW_OK)
		gw_posix_complain(&p->scanner, &err);
	if (p->till.path != NULL && !gw_port_is_open(&p->till.port) && now >= p->till.retry_at_ms) {
		if (gw_posix_till_open(p, &err) != GW_OK) {
			gw_posix_retry(&p->till);
			gw_posix_complain(&p->till, &err);
		} else {
			p->till.last_error[0] = '\0';
		}
	}
}

static void retry_display(struct posix *p)
{
	if (p->display.path != NULL && !gw_port_is_open(&p->display.port) &&
	    p->now_ms >= p->display.retry_at_ms)
		gw_posix_show_open(p);
}

static void read_till(struct posix *p, short revents)
{
	uint8_t room[1024];
	struct gw_err err = {0};
	int n = 0;

	if ((revents & POLLIN) != 0) {
		n = gw_port_read(&p->till.port, room, sizeof(room), &err);
		if (n > 0) {
			gw_dock_till_in(&p->dock, room, (size_t)n, now32(p));
			return;
		}
	}
	if (p->till_pty) {
		gw_posix_till_check_reader(p);
	} else if (n < 0 || (revents & (POLLHUP | POLLERR)) != 0) {
		if (err.text[0] == '\0')
			gw_err_set(&err, GW_E_DEVICE, "%s: the till has gone", p->till.path);
		gw_posix_complain(&p->till, &err);
		gw_port_close(&p->till.port);
		p->till_reader = false;
		p->till.backoff_ms = POSIX_BACKOFF_MIN;
		gw_posix_retry(&p->till);
	}
}

/* --- the loop
 * ---------------------------------------------------------------------------------------- */

enum slot {
	SLOT_SIGNAL,
	SLOT_LISTEN,
	SLOT_WATCH,
	SLOT_SCANNER,
	SLOT_TILL,
	SLOT_DISPLAY,
	SLOT_CLIENTS
};

static void fill_polls(struct posix *p, struct pollfd f[POSIX_POLLS])
{
	bool till = gw_port_is_open(&p->till.port) && p->till_reader;

	f[SLOT_SIGNAL] = (struct pollfd){p->signal_fd, POLLIN, 0};
	f[SLOT_LISTEN] = (struct pollfd){p->listen_fd, POLLIN, 0};
	f[SLOT_WATCH] = (struct pollfd){p->till_watch, POLLIN, 0};
	f[SLOT_SCANNER] = (struct pollfd){p->scanner.port.fd, POLLIN, 0};
	f[SLOT_TILL] = (struct pollfd){till ? p->till.port.fd : -1,
				       (short)(POLLIN | (p->till_queue.len > 0 ? POLLOUT : 0)), 0};
	f[SLOT_DISPLAY] =
		(struct pollfd){p->display.port.fd,
				(short)(POLLIN | (p->show_sent < p->show_len ? POLLOUT : 0)), 0};
	for (int i = 0; i < POSIX_CLIENTS; i++) {
		const struct client *c = &p->clients[i];
		bool more = c->primary && p->host_queue.len > 0;

		f[SLOT_CLIENTS + i] =
			(struct pollfd){c->fd, (short)(POLLIN | (more ? POLLOUT : 0)), 0};
	}
}

static int64_t sooner(int64_t wait, int64_t at, int64_t now)
{
	int64_t left = at > now ? at - now : 0;

	return wait < 0 || left < wait ? left : wait;
}

/* Whether the dock may end when nobody needs it. */
static bool lingers(const struct posix *p)
{
	return p->options.linger_s >= 0 && p->till.path == NULL && p->alone_since_ms >= 0;
}

static int wait_ms(const struct posix *p, int64_t now)
{
	uint32_t dock = gw_dock_wait_ms(&p->dock, (uint32_t)now);
	int64_t wait = dock == UINT32_MAX ? -1 : (int64_t)dock;

	if (!gw_port_is_open(&p->scanner.port))
		wait = sooner(wait, p->scanner.retry_at_ms, now);
	if (p->till.path != NULL && !gw_port_is_open(&p->till.port))
		wait = sooner(wait, p->till.retry_at_ms, now);
	if (p->display.path != NULL && !gw_port_is_open(&p->display.port))
		wait = sooner(wait, p->display.retry_at_ms, now);
	if (gw_posix_show_deadline(p) >= 0)
		wait = sooner(wait, gw_posix_show_deadline(p), now);
	if (lingers(p))
		wait = sooner(wait, p->alone_since_ms + p->options.linger_s * 1000LL, now);
	return wait > 3600000 ? 3600000 : (int)wait;
}

static void serve(struct posix *p, const struct pollfd f[POSIX_POLLS])
{
	/* The scanner first: the till is waiting for these bytes. */
	if (f[SLOT_SCANNER].revents != 0 && gw_port_is_open(&p->scanner.port))
		read_scanner(p);
	if (f[SLOT_WATCH].revents != 0)
		gw_posix_till_check_reader(p);
	if (f[SLOT_TILL].revents != 0 && gw_port_is_open(&p->till.port)) {
		if ((f[SLOT_TILL].revents & POLLOUT) != 0)
			gw_posix_till_flush(p);
		if ((f[SLOT_TILL].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			read_till(p, f[SLOT_TILL].revents);
	}
	if ((f[SLOT_DISPLAY].revents & POLLOUT) != 0)
		gw_posix_show_flush(p);
	if ((f[SLOT_DISPLAY].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
	    gw_port_is_open(&p->display.port))
		gw_posix_show_read(p);
	for (int i = 0; i < POSIX_CLIENTS; i++)
		if (f[SLOT_CLIENTS + i].revents != 0 && p->clients[i].fd == f[SLOT_CLIENTS + i].fd)
			gw_posix_clients_read(p, &p->clients[i]);
	if (f[SLOT_LISTEN].revents != 0)
		gw_posix_clients_accept(p);
	if (f[SLOT_SIGNAL].revents != 0)
		p->ending = true;
}

/*
 * Waits, and takes the time of this round.  Silence is told by looking, not by the clock: we may
 * have been kept from running, also between poll() and here, and bytes have come meanwhile.  So the
 * line is looked at once more after the clock, and tick() sees a pause only where this look found
 * nothing.
 */
static void next_round(struct posix *p, struct pollfd f[POSIX_POLLS])
{
	fill_polls(p, f);
	if (poll(f, SLOT_CLIENTS + POSIX_CLIENTS, wait_ms(p, gw_posix_now_ms())) <= 0)
		for (int i = 0; i < SLOT_CLIENTS + POSIX_CLIENTS; i++)
			f[i].revents = 0;
	p->now_ms = gw_posix_now_ms();
	if (f[SLOT_SCANNER].revents == 0 && poll(&f[SLOT_SCANNER], 1, 0) < 0)
		f[SLOT_SCANNER].revents = 0;
}

static void loop(struct posix *p)
{
	while (!p->ending) {
		struct pollfd f[POSIX_POLLS];

		next_round(p, f);
		serve(p, f);
		retry_lines(p);
		retry_display(p);
		gw_posix_show_tick(p, p->now_ms);
		gw_dock_tick(&p->dock, now32(p));
		gw_posix_clients_flush(p);
		if (lingers(p) && p->now_ms - p->alone_since_ms >= p->options.linger_s * 1000LL)
			p->ending = true;
	}
}

static int catch_signals(struct posix *p, struct gw_err *err)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return p->signal_fd >= 0 ? GW_OK : gw_err_errno(err, GW_E_DEVICE, errno, "signals");
}

static int start(struct posix *p, struct gw_err *err)
{
	struct gw_err fault = {0};
	int rc = catch_signals(p, err);

	p->now_ms = gw_posix_now_ms();
	if (rc == GW_OK)
		rc = gw_posix_queue_new(&p->till_queue, POSIX_TILL_QUEUE, err);
	if (rc == GW_OK)
		rc = gw_posix_queue_new(&p->host_queue, POSIX_HOST_QUEUE, err);
	if (rc == GW_OK)
		rc = gw_posix_clients_listen(p, err); /* its lock also guards the state file */
	if (rc == GW_OK)
		rc = map_state(p, err);
	if (rc == GW_OK)
		rc = gw_posix_flash_open(p, err);
	if (rc != GW_OK)
		return rc;
	gw_dock_init(&p->dock, &p->config, &io, p, p->store, POSIX_RING_SIZE, now32(p));
	gw_posix_show_open(p);
	rc = gw_posix_till_open(p, &fault);
	if (rc == GW_OK)
		rc = open_scanner(p, &fault);
	else
		gw_posix_retry(&p->till);
	if (rc == GW_E_INPUT || rc == GW_E_USAGE) {
		*err = fault;
		return rc;
	}
	if (rc != GW_OK)
		gw_posix_complain(&p->scanner, &fault);
	return GW_OK;
}

int gw_posix_run(struct posix *p, struct gw_err *err)
{
	int rc = start(p, err);

	if (rc == GW_OK)
		loop(p);
	gw_posix_till_close(p);
	gw_port_close(&p->scanner.port);
	gw_posix_show_close(p);
	gw_posix_clients_close(p);
	gw_posix_queue_free(&p->till_queue);
	gw_posix_queue_free(&p->host_queue);
	gw_posix_flash_close(p);
	if (p->map != NULL)
		munmap(p->map, p->map_len);
	return rc;
}
