/*
 * From the last byte of a scan to the offer on the pseudo-terminal, round by round in turns:
 *
 *	echo		a bare ncurses program that only echoes what was typed
 *	register	the scan comes by its keyboard: decoded, kept, matched, chosen, drawn
 *	echo, dock	the bare program behind goeswith-dock and the link
 *	register, dock	the scan comes by goeswith-dock: one process more on the way
 *
 * The register writes the journal after the drawing, so no fsync is in it.
 * usage: offer_latency [ROUNDS]        env BIN: folder of the programs
 */
#include <curses.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "goeswith/link.h"
#include "port/dock_spawn.h"

#define QUIET_MS 15
#define PATH_LEN 512

static const char items[] = "code,name,price,cost,category,kind,stock,tags\n"
			    "4006381333931,Torch LED 200 lm,12.99,6.00,light,product,20,\n"
			    "5012345678900,Batteries AA,3.99,1.50,light,product,50,\n";
static const char rules[] = "rule,if,suggest,kind,discount,script,weight\n"
			    "r1,4006381333931,5012345678900,addon,0.50,Do you need them?,5\n";
static const char settings[] = "key,value\ncurrency,EUR\n";

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "offer_latency: %s\n", what);
	exit(1);
}

/* The peer: echoes a line's characters once it is whole. */
static void echo_program(void)
{
	char line[64];
	int n = 0, c;

	setlocale(LC_CTYPE, "C.UTF-8");
	initscr();
	raw();
	noecho();
	nonl();
	while ((c = getch()) != ERR) {
		if (c != '\r') {
			if (n < 60)
				line[n++] = (char)c;
			continue;
		}
		line[n] = '\0';
		n = 0;
		mvaddstr(5, 10, line);
		refresh();
	}
	endwin();
	_exit(0);
}

/* --- the peer behind a dock ---------------------------------------------------------------------
 */

struct behind {
	struct gw_dock_peer peer;
	struct gw_link_host link;
	uint32_t session, next;
};

static void to_dock(void *ctx, const uint8_t *bytes, size_t len)
{
	struct behind *b = ctx;

	(void)!write(b->peer.fd, bytes, len);
}

static void show_scan(void *ctx, const struct gw_link_scan *scan)
{
	struct behind *b = ctx;

	mvaddnstr(5, 10, (const char *)scan->bytes, (int)scan->len);
	refresh();
	b->session = scan->session;
	b->next = scan->seq + 1;
	gw_link_host_ack(&b->link, scan->session, scan->seq);
}

static uint32_t next_scan(void *ctx, uint32_t session)
{
	const struct behind *b = ctx;

	return session == b->session ? b->next : 0;
}

static uint32_t any_number(void *ctx)
{
	uint32_t n = 1;

	(void)ctx;
	(void)!getrandom(&n, sizeof(n), 0);
	return n | 1;
}

static void no_hello(void *ctx, const struct gw_link_hello *hello)
{
	(void)ctx;
	(void)hello;
}

static void no_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	(void)ctx;
	(void)alarm;
	(void)count;
}

static void echo_scans(struct behind *b)
{
	struct pollfd p = {.fd = b->peer.fd, .events = POLLIN};
	uint8_t bytes[4096];

	for (;;) {
		int64_t now = now_ns() / 1000000, due = gw_link_host_deadline(&b->link);
		ssize_t n;

		if (poll(&p, 1, due < 0 ? -1 : due > now ? (int)(due - now) : 0) < 0)
			return;
		now = now_ns() / 1000000;
		n = read(b->peer.fd, bytes, sizeof(bytes));
		if (n > 0)
			gw_link_host_input(&b->link, bytes, (size_t)n, now);
		else if (n == 0)
			return;
		gw_link_host_tick(&b->link, now);
	}
}

static void echo_behind_dock(const char *home, const char *scanner)
{
	static const struct gw_link_host_ops ops = {.send = to_dock,
						    .scan = show_scan,
						    .next_expected = next_scan,
						    .nonce = any_number,
						    .hello = no_hello,
						    .alarm = no_alarm};
	static struct behind b;
	struct gw_dock_options options = gw_dock_options_default(scanner);
	struct gw_err err = {0};

	options.linger_s = 1;
	setlocale(LC_CTYPE, "C.UTF-8");
	initscr();
	refresh();
	if (gw_home_make(home, &err) != GW_OK ||
	    gw_dock_connect(&b.peer, home, &options, &err) != GW_OK)
		fail(err.text);
	gw_link_host_init(&b.link, &ops, &b);
	gw_link_host_start(&b.link, now_ns() / 1000000);
	echo_scans(&b);
	endwin();
	_exit(0);
}

/* --- the four programs --------------------------------------------------------------------------
 */

enum { SIDE_ECHO, SIDE_REGISTER, SIDE_ECHO_DOCK, SIDE_REGISTER_DOCK, SIDE_COUNT };

static const char *const side_names[] = {"echo", "register", "echo, dock", "register, dock"};

struct side {
	pid_t pid;
	int screen, keys; /* the terminal; where codes are sent: the same, or a scanner's line */
	unsigned turn;
	int64_t *took_ns;
	int64_t bytes; /* written for offers, the end of sales left out */
};

static int open_scanner(char path[PATH_LEN])
{
	struct termios raw;
	int line = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (line < 0 || grantpt(line) != 0 || unlockpt(line) != 0 ||
	    ptsname_r(line, path, PATH_LEN) != 0)
		fail("no pseudo-terminal");
	tcgetattr(line, &raw);
	cfmakeraw(&raw);
	tcsetattr(line, TCSANOW, &raw);
	return line;
}

static void become(int which, const char *bin, const char *home, const char *scanner)
{
	char program[PATH_LEN], path[PATH_LEN * 2];

	snprintf(program, sizeof(program), "%s/goeswith", bin);
	snprintf(path, sizeof(path), "%s:%s", bin, getenv("PATH"));
	setenv("PATH", path, 1);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	if (which == SIDE_ECHO)
		echo_program();
	else if (which == SIDE_ECHO_DOCK)
		echo_behind_dock(home, scanner);
	else if (which == SIDE_REGISTER)
		execl(program, program, "--home", home, (char *)NULL);
	else
		execl(program, program, "--home", home, "--scanner", scanner, (char *)NULL);
	_exit(127);
}

static void start(struct side *s, int which, const char *bin, const char *folder, int rounds)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	char home[PATH_LEN], scanner[PATH_LEN] = "";
	int line = which >= SIDE_ECHO_DOCK ? open_scanner(scanner) : -1;

	snprintf(home, sizeof(home), "%s/home%d", folder, which);
	s->took_ns = calloc((size_t)rounds, sizeof(*s->took_ns));
	s->pid = forkpty(&s->screen, NULL, NULL, &size);
	if (s->pid < 0 || s->took_ns == NULL)
		fail("no pseudo-terminal");
	if (s->pid == 0)
		become(which, bin, home, scanner);
	s->keys = line >= 0 ? line : s->screen;
}

/* Reads until nothing came for a while; returns the bytes. */
static int64_t settle(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char bytes[8192];
	int64_t all = 0;

	while (poll(&p, 1, QUIET_MS) > 0) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n <= 0)
			fail("a program ended");
		all += n;
	}
	return all;
}

static void type(int fd, const char *keys)
{
	if (write(fd, keys, strlen(keys)) != (ssize_t)strlen(keys))
		fail("cannot type");
}

struct seen {
	char text[16384];
	size_t len;
};

static void look(const struct side *s, struct seen *seen)
{
	ssize_t n = read(s->screen, seen->text + seen->len, sizeof(seen->text) - 1 - seen->len);

	if (n <= 0 || seen->len + (size_t)n + 1 >= sizeof(seen->text))
		fail(n <= 0 ? "a program ended" : "too much came back");
	seen->len += (size_t)n;
	seen->text[seen->len] = '\0';
}

/*
 * Sends code, then its end; notes the time from there until `want` has come back.  False: a busy
 * machine let a pause end the scan before its last byte was sent; nothing is noted.
 */
static bool measure(struct side *s, int round, const char *code, const char *want)
{
	struct pollfd p = {.fd = s->screen, .events = POLLIN};
	struct seen seen = {.len = 0};
	int64_t began;

	type(s->keys, code);
	while (poll(&p, 1, QUIET_MS) > 0)
		look(s, &seen);
	if (strstr(seen.text, want) != NULL)
		return false;
	seen.len = 0;
	began = now_ns();
	type(s->keys, "\r");
	do {
		if (poll(&p, 1, 10000) <= 0)
			fail("nothing came back");
		look(s, &seen);
	} while (strstr(seen.text, want) == NULL);
	s->took_ns[round] = now_ns() - began;
	s->bytes += (int64_t)seen.len + settle(s->screen);
	return true;
}

static void one_round(struct side *s, int which, int round)
{
	bool done = false;

	while (!done) {
		bool even = s->turn++ % 2 == 0; /* the same text twice would not be drawn */

		if (which == SIDE_ECHO || which == SIDE_ECHO_DOCK) {
			done = measure(s, round, even ? "4006381333931" : "5112345678900",
				       even ? "40063813339" : "51123456789");
			continue;
		}
		done = measure(s, round, "4006381333931", "Batteries AA");
		for (int i = 0; i < 2; i++) { /* total, and once more to end the sale */
			type(s->screen, "\x1b[15~");
			settle(s->screen);
		}
	}
}

static void end(struct side *s)
{
	kill(s->pid, SIGTERM);
	if (s->keys != s->screen)
		close(s->keys);
	close(s->screen);
	waitpid(s->pid, NULL, 0);
	free(s->took_ns);
}

/* --- shop and figures ---------------------------------------------------------------------------
 */

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[PATH_LEN];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		fail(path);
}

static void make_homes(const char *bin, const char *folder)
{
	char command[2048];

	write_file(folder, "items.csv", items);
	write_file(folder, "rules.csv", rules);
	write_file(folder, "settings.csv", settings);
	snprintf(command, sizeof(command),
		 "{ %s/goeswith-table make %s -o %s/b; for i in %d %d; do "
		 "%s/goeswith-table install %s/b --home %s/home$i; done; } >/dev/null 2>&1",
		 bin, folder, folder, SIDE_REGISTER, SIDE_REGISTER_DOCK, bin, folder, folder);
	if (system(command) != 0)
		fail("no table");
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile_us(const struct side *s, int rounds, int percent)
{
	return (double)s->took_ns[rounds * percent / 100] / 1e3;
}

static void report(const struct side *sides, int rounds)
{
	static const int percents[] = {50, 90, 99};

	printf("last byte -> offer on the pseudo-terminal, %d rounds (target: register / echo <= "
	       "1.25, p99 <= 5 ms)\n"
	       "%-16s %10s %10s %10s   %-20s %s\n",
	       rounds, "us", "p50", "p90", "p99", "p50 by echo / dock", "bytes a scan");
	for (int i = 0; i < SIDE_COUNT; i++) {
		const struct side *s = &sides[i];
		double p50 = percentile_us(s, rounds, 50);

		printf("%-16s", side_names[i]);
		for (int p = 0; p < 3; p++)
			printf(" %10.1f", percentile_us(s, rounds, percents[p]));
		printf("   %5.2f / %-12.2f %lld\n",
		       p50 / percentile_us(&sides[SIDE_ECHO], rounds, 50),
		       p50 / percentile_us(&sides[SIDE_ECHO_DOCK], rounds, 50),
		       (long long)(s->bytes / rounds));
	}
}

int main(int argc, char **argv)
{
	const char *name = getenv("BIN") != NULL ? getenv("BIN") : "build";
	int n = argc > 1 ? atoi(argv[1]) : 200; /* NOLINT(cert-err34-c): a round count */
	char folder[] = "/tmp/goeswith-latency-XXXXXX", command[600];
	char *bin = realpath(name, NULL);
	struct side sides[SIDE_COUNT] = {0};

	if (n < 1 || bin == NULL || mkdtemp(folder) == NULL)
		fail("cannot start");
	make_homes(bin, folder);
	for (int i = 0; i < SIDE_COUNT; i++)
		start(&sides[i], i, bin, folder, n);
	for (int i = 0; i < 40 * SIDE_COUNT; i++)
		settle(sides[i % SIDE_COUNT].screen);
	for (int i = 0; i < n * SIDE_COUNT; i++)
		one_round(&sides[i % SIDE_COUNT], i % SIDE_COUNT, i / SIDE_COUNT);
	for (int i = 0; i < SIDE_COUNT; i++)
		qsort(sides[i].took_ns, (size_t)n, sizeof(int64_t), ascending);
	report(sides, n);
	for (int i = 0; i < SIDE_COUNT; i++)
		end(&sides[i]);
	free(bin);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) != 0;
}
