/* What a person asks a running dock: each verb is a visitor at its socket. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "firmware/board/posix/posix.h"

#define ANSWER_MS 2000

static const struct gw_cli_option options[] = {
	{'l', "listen", "SOCKET", "the dock's socket (HOME/dock.sock)"},
	{0},
};

struct verb {
	const char *name;
	struct gw_cli_program program;
	int (*run)(const struct gw_cli *cli, struct gw_dock_peer *peer, struct gw_err *err);
};

/* Reads until a HELLO comes. */
static int read_hello(const struct gw_dock_peer *peer, struct gw_link_hello *hello,
		      struct gw_err *err)
{
	struct gw_link_decoder decoder;
	struct gw_link_frame f;
	int64_t until = gw_posix_now_ms() + ANSWER_MS;
	uint8_t room[512];

	gw_link_decoder_init(&decoder);
	for (;;) {
		struct pollfd p = {peer->fd, POLLIN, 0};
		int64_t left = until - gw_posix_now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return gw_err_set(err, GW_E_AGAIN, "the dock does not answer");
		n = recv(peer->fd, room, sizeof(room), 0);
		if (n <= 0)
			return gw_err_set(err, GW_E_DEVICE, "the dock closed the connection");
		for (ssize_t i = 0; i < n; i++)
			if (gw_link_decode(&decoder, room[i], &f) && gw_link_hello_get(hello, &f))
				return GW_OK;
	}
}

static void print_status_json(const struct gw_link_hello *h, pid_t pid)
{
	char room[1024], version[24];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&t);

	snprintf(version, sizeof(version), "%d.%d.%d", h->version[0], h->version[1], h->version[2]);
	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "pid", pid);
	gw_json_member_string(&j, "version", version);
	gw_json_member_string(&j, "unit", (const char *)h->unit);
	gw_json_member_bool(&j, "scanner", (h->state & GW_LINK_ST_SCANNER) != 0);
	gw_json_member_bool(&j, "till", (h->state & GW_LINK_ST_TILL) != 0);
	gw_json_member_bool(&j, "till_blocked", (h->state & GW_LINK_ST_TILL_BLOCKED) != 0);
	gw_json_member_bool(&j, "display", (h->state & GW_LINK_ST_DISPLAY) != 0);
	gw_json_member_int(&j, "session", h->session);
	gw_json_member_int(&j, "base", h->base);
	gw_json_member_int(&j, "next", h->next);
	gw_json_member_int(&j, "waiting", h->next - h->base);
	gw_json_member_int(&j, "lost", h->lost);
	gw_json_member_int(&j, "too_long", h->too_long);
	gw_json_member_int(&j, "resyncs", h->resyncs);
	gw_json_member_int(&j, "rx_errors", h->rx_errors);
	gw_json_member_int(&j, "bad_frames", h->bad_frames);
	gw_json_member_int(&j, "till_dropped", h->till_dropped);
	gw_json_member_int(&j, "injected", h->injected);
	gw_json_member_int(&j, "boots", h->boots);
	gw_json_member_int(&j, "ring_bytes", h->ring_kib_x16 * 64);
	gw_json_member_int(&j, "ring_used_permille", h->ring_used_permille);
	gw_json_end(&j, '}');
	puts(room);
}

static int status(const struct gw_cli *cli, struct gw_dock_peer *peer, struct gw_err *err)
{
	struct gw_link_hello h = {0};
	int rc = read_hello(peer, &h, err);

	if (rc != GW_OK)
		return rc;
	if (cli->json) {
		print_status_json(&h, peer->pid);
		return GW_OK;
	}
	printf("dock      %.7s, version %d.%d.%d, process %d\n", (const char *)h.unit, h.version[0],
	       h.version[1], h.version[2], (int)peer->pid);
	printf("scanner   %s\n", (h.state & GW_LINK_ST_SCANNER) != 0 ? "present" : "not there");
	printf("till      %s\n", (h.caps & GW_LINK_CAP_TILL) == 0           ? "none"
				 : (h.state & GW_LINK_ST_TILL) == 0         ? "not there"
				 : (h.state & GW_LINK_ST_TILL_BLOCKED) != 0 ? "does not read"
									    : "present");
	printf("session   %08x, scans %u to %u\n", h.session, h.base, h.next);
	printf("waiting   %u for the register (%u.%u %% of memory)\n", h.next - h.base,
	       h.ring_used_permille / 10u, h.ring_used_permille % 10u);
	return GW_OK;
}

static int counters(const struct gw_cli *cli, struct gw_dock_peer *peer, struct gw_err *err)
{
	struct gw_link_hello h = {0};
	int rc = read_hello(peer, &h, err);

	if (rc != GW_OK)
		return rc;
	if (cli->json) {
		print_status_json(&h, peer->pid);
		return GW_OK;
	}
	printf("%10u scans lost: memory full\n%10u scans too long\n%10u times out of step\n",
	       h.lost, h.too_long, h.resyncs);
	printf("%10u errors on the scanner's line\n%10u bad frames from the register\n",
	       h.rx_errors, h.bad_frames);
	printf("%10u bytes the till did not take\n%10u codes put into the till's line\n",
	       h.till_dropped, h.injected);
	printf("%10u warm starts\n", h.boots);
	return GW_OK;
}

static int version(const struct gw_cli *cli, struct gw_dock_peer *peer, struct gw_err *err)
{
	struct gw_link_hello h = {0};
	int rc = read_hello(peer, &h, err);

	(void)cli;
	if (rc == GW_OK)
		printf("firmware %d.%d.%d, link %u.%u\n", h.version[0], h.version[1], h.version[2],
		       GW_LINK_MAJOR, h.minor);
	return rc;
}

/* --- verbs that speak: they are the dock's host for as long as they run, and acknowledge nothing
 * -- */

struct guest {
	struct gw_link_host link;
	int fd;
	bool busy, asked, over;
	enum gw_link_result result;
};

static void guest_send(void *ctx, const uint8_t *bytes, size_t len)
{
	struct guest *g = ctx;

	(void)!send(g->fd, bytes, len, MSG_NOSIGNAL);
}

static void guest_scan(void *ctx, const struct gw_link_scan *scan)
{
	(void)ctx, (void)scan; /* stays with the dock, for the register */
}

/* A guest has no journal.  The hole this shows is no news; the link then stands where the dock
 * does. */
static uint32_t guest_next(void *ctx, uint32_t session)
{
	(void)ctx, (void)session;
	return 0;
}

static uint32_t guest_nonce(void *ctx)
{
	uint32_t n = 0;

	(void)ctx;
	while (n == 0)
		if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
			n = (uint32_t)gw_posix_now_ms();
	return n;
}

static void guest_hello(void *ctx, const struct gw_link_hello *hello)
{
	(void)ctx, (void)hello;
}

static void guest_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	struct guest *g = ctx;

	(void)count;
	g->busy = g->busy || alarm == GW_LINK_ALARM_BUSY;
}

static void guest_done(void *ctx, uint32_t tag, enum gw_link_result result)
{
	struct guest *g = ctx;

	(void)tag;
	g->over = true;
	g->result = result;
}

static void guest_raw(void *ctx, uint8_t port, uint32_t t_ms, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)port, (void)t_ms;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\\')
			fputs("\\\\", stdout);
		else if (bytes[i] < 0x20 || bytes[i] > 0x7E)
			printf("\\x%02X", bytes[i]);
		else
			putchar(bytes[i]);
	}
	putchar('\n');
	fflush(stdout);
}

static const struct gw_link_host_ops guest_ops = {guest_send,  guest_scan,  guest_next, guest_nonce,
						  guest_hello, guest_alarm, guest_done, guest_raw};

/* Gives one order and serves the link until it is answered, or for ever. */
static int order(struct gw_dock_peer *peer, enum gw_link_command command, bool for_ever,
		 struct guest *g, struct gw_err *err)
{
	uint8_t room[4096];

	g->fd = peer->fd;
	gw_link_host_init(&g->link, &guest_ops, g);
	gw_link_host_pause(&g->link, true);
	gw_link_host_start(&g->link, gw_posix_now_ms());
	gw_link_host_order(&g->link, command, 1, 1, gw_posix_now_ms());
	while (for_ever ? !g->over || g->result == GW_LINK_DONE : !g->over) {
		struct pollfd f = {peer->fd, POLLIN, 0};
		int64_t at = gw_link_host_deadline(&g->link), now = gw_posix_now_ms();
		ssize_t n;

		if (poll(&f, 1, at < 0 ? -1 : at > now ? (int)(at - now) : 0) > 0) {
			n = recv(peer->fd, room, sizeof(room), 0);
			if (n > 0)
				gw_link_host_input(&g->link, room, (size_t)n, gw_posix_now_ms());
			if (g->busy)
				return gw_err_set(err, GW_E_AGAIN,
						  "the dock serves a register; close that first");
			if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
				return gw_err_set(err, GW_E_DEVICE,
						  "the dock closed the connection");
		}
		gw_link_host_tick(&g->link, gw_posix_now_ms());
	}
	if (g->result == GW_LINK_UNSUPPORTED)
		return gw_err_set(err, GW_E_UNSUPPORTED,
				  "this dock has nothing to beep or show with");
	return g->result == GW_LINK_DONE
		       ? GW_OK
		       : gw_err_set(err, GW_E_DEVICE, "the dock did not carry it out");
}

static int self_test(const struct gw_cli *cli, struct gw_dock_peer *peer, struct gw_err *err)
{
	struct guest g = {0};
	int rc = order(peer, GW_LINK_CMD_SELFTEST, false, &g, err);

	(void)cli;
	if (rc == GW_OK)
		puts("the dock has beeped and written on its display, as far as it has them");
	return rc;
}

static int capture(const struct gw_cli *cli, struct gw_dock_peer *peer, struct gw_err *err)
{
	struct guest g = {0};

	(void)cli;
	return order(peer, GW_LINK_CMD_CAPTURE, true, &g, err);
}

static const struct verb verbs[] = {
	{"self-test",
	 {"goeswith-dock self-test", "[--listen SOCKET]",
	  "Makes a dock beep and write on its display.", options, false},
	 self_test},
	{"capture",
	 {"goeswith-dock capture", "[--listen SOCKET]",
	  "Prints scanner bytes as they come, until interrupted.", options, false},
	 capture},
	{"status",
	 {"goeswith-dock status", "[--listen SOCKET] [--json]", "Says how a running dock is.",
	  options, true},
	 status},
	{"counters",
	 {"goeswith-dock counters", "[--listen SOCKET] [--json]", "Prints a dock's error counters.",
	  options, true},
	 counters},
	{"version",
	 {"goeswith-dock version", "[--listen SOCKET]", "Prints a running dock's firmware version.",
	  options, false},
	 version},
};

static int connect_dock(const struct gw_cli *cli, const char *path, struct gw_dock_peer *peer,
			struct gw_err *err)
{
	char home[GW_PATH_MAX], joined[GW_PATH_MAX];
	int rc = GW_OK;

	if (path == NULL) {
		rc = gw_home_path(home, cli->home, err);
		if (rc == GW_OK)
			rc = gw_path_join(joined, home, GW_DOCK_SOCKET, err);
		path = joined;
	}
	return rc == GW_OK ? gw_dock_attach(peer, path, err) : rc;
}

static int run_verb(const struct verb *v, int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&v->program, argc, argv);
	struct gw_dock_peer peer;
	struct gw_err err = {0};
	const char *value, *path = NULL;
	int id, rc;

	while ((id = gw_cli_next(&cli, &value)) > 0)
		path = value;
	if (id < 0)
		return cli.exit_status;
	if (cli.first < argc)
		return gw_cli_usage(&v->program, "\"%s\" is not an option", argv[cli.first]);
	rc = connect_dock(&cli, path, &peer, &err);
	if (rc == GW_OK) {
		rc = v->run(&cli, &peer, &err);
		close(peer.fd);
	}
	return rc == GW_OK ? 0 : gw_cli_fail(&v->program, &err);
}

int gw_posix_verbs_run(const char *verb, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, verb) == 0)
			return run_verb(&verbs[i], argc, argv);
	return -1;
}
