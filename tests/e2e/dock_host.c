/*
 * A register reduced to the link: commits each scan to a text file and acknowledges it.  The
 * end-to-end tests of the dock run, kill and restart it; the bench measures with it.
 *
 *	dock_host JOURNAL --socket PATH          a dock that runs (Unix socket)
 *	dock_host JOURNAL --home DIR --scanner PORT [--till PORT]   starts one if need be
 *	dock_host JOURNAL --tty PATH             a dock behind a serial line
 *
 * JOURNAL has a line "session seq status hex" a scan, in the order of arrival.  Commands are read
 * from stdin: "inject CODE", "beep N", "display LINE1|LINE2", "capture 0|1", "pause 0|1".  What
 * happens is said on stdout, a line each.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "goeswith/link.h"
#include "port/dock_spawn.h"
#include "port/port.h"

#define SESSIONS_MAX 4096

struct session {
	uint32_t id, next;
};

struct host {
	struct gw_link_host link;
	struct gw_port port;
	struct gw_dock_options options;
	const char *home, *socket, *tty;
	FILE *journal;
	bool sync;
	struct session sessions[SESSIONS_MAX];
	unsigned session_count;
	uint32_t tag;
	char out[1 << 16]; /* bytes the dock has not taken yet */
	size_t out_len;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct session *session_of(struct host *h, uint32_t id)
{
	for (unsigned i = 0; i < h->session_count; i++)
		if (h->sessions[i].id == id)
			return &h->sessions[i];
	if (h->session_count == SESSIONS_MAX)
		exit(3);
	h->sessions[h->session_count].id = id;
	h->sessions[h->session_count].next = 0;
	return &h->sessions[h->session_count++];
}

static void load(struct host *h, const char *path)
{
	char line[10000];
	FILE *f = fopen(path, "re");
	unsigned session, seq;
	long good = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		/* A line without its end was being written when we were killed: not committed. */
		if (strchr(line, '\n') == NULL || sscanf(line, "%x %u", &session, &seq) != 2)
			break;
		session_of(h, session)->next = seq + 1;
		good = ftell(f);
	}
	if (f != NULL)
		fclose(f);
	if (f != NULL && truncate(path, good) != 0)
		exit(3);
}

static void flush_out(struct host *h)
{
	while (h->out_len > 0) {
		int n = gw_port_write(&h->port, h->out, h->out_len, NULL);

		if (n <= 0)
			return;
		memmove(h->out, h->out + n, h->out_len - (size_t)n);
		h->out_len -= (size_t)n;
	}
}

static void on_send(void *ctx, const uint8_t *bytes, size_t len)
{
	struct host *h = ctx;

	if (len <= sizeof(h->out) - h->out_len) {
		memcpy(h->out + h->out_len, bytes, len);
		h->out_len += len;
	}
	flush_out(h);
}

static void on_scan(void *ctx, const struct gw_link_scan *scan)
{
	struct host *h = ctx;

	fprintf(h->journal, "%08x %u %u ", scan->session, scan->seq, scan->status);
	for (size_t i = 0; i < scan->len; i++)
		fprintf(h->journal, "%02x", scan->bytes[i]);
	fprintf(h->journal, "\n");
	fflush(h->journal);
	if (h->sync)
		fdatasync(fileno(h->journal));
	session_of(h, scan->session)->next = scan->seq + 1;
	gw_link_host_ack(&h->link, scan->session, scan->seq);
}

static uint32_t on_next(void *ctx, uint32_t session)
{
	return session_of(ctx, session)->next;
}

static uint32_t on_nonce(void *ctx)
{
	uint32_t n = 0;

	(void)ctx;
	while (n == 0)
		if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
			exit(3);
	return n;
}

static void on_hello(void *ctx, const struct gw_link_hello *e)
{
	(void)ctx;
	printf("hello session=%08x base=%u next=%u lost=%u state=%u dropped=%u boots=%u caps=%u\n",
	       e->session, e->base, e->next, e->lost, e->state, e->till_dropped, e->boots, e->caps);
}

static void on_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	(void)ctx;
	printf("alarm %d %u\n", (int)alarm, count);
}

static void on_done(void *ctx, uint32_t tag, enum gw_link_result result)
{
	(void)ctx;
	printf("done %u %d\n", tag, (int)result);
}

static void on_raw(void *ctx, uint8_t port, uint32_t t_ms, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)port, (void)t_ms;
	printf("raw ");
	for (size_t i = 0; i < len; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static const struct gw_link_host_ops ops = {on_send,  on_scan,  on_next, on_nonce,
					    on_hello, on_alarm, on_done, on_raw};

/* FRAMING TERMINATORS ANSWER GAP BAUD/100 BITS PARITY */
static void set_up(struct host *h, const char *text, int64_t now)
{
	unsigned n[7];
	struct gw_link_setup s;

	if (sscanf(text, "%u %u %u %u %u %u %u", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6]) !=
	    7)
		return;
	s = (struct gw_link_setup){(uint8_t)n[0],  (uint8_t)n[1], (uint8_t)n[2], (uint16_t)n[3],
				   (uint16_t)n[4], (uint8_t)n[5], (uint8_t)n[6]};
	gw_link_host_setup(&h->link, &s, h->tag, now);
}

static void command(struct host *h, char *line)
{
	int64_t now = now_ms();
	char *word = strtok(line, " \n"), *rest = strtok(NULL, "\n"), *bar;

	if (word == NULL)
		return;
	rest = rest != NULL ? rest : word + strlen(word);
	h->tag++;
	if (strcmp(word, "inject") == 0)
		gw_link_host_inject(&h->link, rest, strlen(rest), h->tag, now);
	else if (strcmp(word, "beep") == 0)
		gw_link_host_beep(&h->link, (enum gw_link_beep)atoi(rest), h->tag, now);
	else if (strcmp(word, "capture") == 0)
		gw_link_host_order(&h->link, GW_LINK_CMD_CAPTURE, (uint8_t)atoi(rest), h->tag, now);
	else if (strcmp(word, "selftest") == 0)
		gw_link_host_order(&h->link, GW_LINK_CMD_SELFTEST, (uint8_t)atoi(rest), h->tag,
				   now);
	else if (strcmp(word, "setup") == 0)
		set_up(h, rest, now);
	else if (strcmp(word, "pause") == 0)
		gw_link_host_pause(&h->link, atoi(rest) != 0);
	else if (strcmp(word, "display") == 0) {
		bar = strchr(rest, '|');
		if (bar != NULL)
			*bar++ = '\0';
		gw_link_host_display(&h->link, rest, bar != NULL ? bar : "", h->tag, now);
	}
}

static int connect_dock(struct host *h)
{
	struct gw_err err = {0};
	struct gw_dock_peer peer;
	int rc;

	if (h->tty != NULL) {
		rc = gw_port_open(&h->port, h->tty, gw_port_brand("usb"), &err);
	} else {
		rc = h->socket != NULL ? gw_dock_attach(&peer, h->socket, &err)
				       : gw_dock_connect(&peer, h->home, &h->options, &err);
		if (rc == GW_OK)
			rc = gw_port_open_fd(&h->port, peer.fd, &err);
		if (rc == GW_OK)
			printf("connected pid=%d started=%d\n", (int)peer.pid, peer.started);
	}
	if (rc != GW_OK)
		fprintf(stderr, "dock_host: %s\n", err.text);
	h->out_len = 0;
	return rc;
}

/* Until the dock goes away or stdin ends: 0 = dock gone, 1 = stdin ended. */
static int serve(struct host *h)
{
	char line[1024];
	uint8_t room[8192];

	gw_link_host_start(&h->link, now_ms());
	for (;;) {
		int64_t at = gw_link_host_deadline(&h->link), now = now_ms();
		struct pollfd f[2] = {
			{h->port.fd, (short)(POLLIN | (h->out_len > 0 ? POLLOUT : 0)), 0},
			{0, POLLIN, 0}};

		poll(f, 2, at < 0 ? -1 : at > now ? (int)(at - now) : 0);
		if (f[0].revents != 0) {
			int n = gw_port_read(&h->port, room, sizeof(room), NULL);

			if (n < 0)
				return 0;
			flush_out(h);
			gw_link_host_input(&h->link, room, (size_t)n, now_ms());
		}
		if (f[1].revents != 0) {
			if (fgets(line, sizeof(line), stdin) == NULL)
				return 1;
			command(h, line);
		}
		gw_link_host_tick(&h->link, now_ms());
	}
}

int main(int argc, char **argv)
{
	static struct host h;
	int rc = 1;

	if (argc < 2)
		return 2;
	h.options = gw_dock_options_default(NULL);
	h.options.linger_s = 5;
	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--socket") == 0)
			h.socket = argv[i + 1];
		else if (strcmp(argv[i], "--home") == 0)
			h.home = argv[i + 1];
		else if (strcmp(argv[i], "--tty") == 0)
			h.tty = argv[i + 1];
		else if (strcmp(argv[i], "--scanner") == 0)
			h.options.scanner = argv[i + 1];
		else if (strcmp(argv[i], "--till") == 0)
			h.options.till = argv[i + 1];
		else if (strcmp(argv[i], "--sync") == 0)
			h.sync = atoi(argv[i + 1]) != 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	load(&h, argv[1]);
	h.journal = fopen(argv[1], "ae");
	if (h.journal == NULL)
		return 2;
	gw_link_host_init(&h.link, &ops, &h);
	for (int failures = 0; failures < 50;) {
		if (connect_dock(&h) == GW_OK) {
			failures = 0;
			rc = serve(&h);
			gw_link_host_stop(&h.link);
			gw_port_close(&h.port);
			if (rc == 1)
				return 0;
			printf("lost\n");
			if (h.socket == NULL && h.home == NULL)
				return 0;
		} else {
			failures++;
		}
		usleep(failures > 0 ? 100000 : 1000);
	}
	return 1;
}
