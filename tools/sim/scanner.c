#include "tools/sim/scanner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cli.h"
#include "port/port.h"

#define SCAN_MAX  (64 * 1024)
#define DRAIN_MS  2000
#define READER_MS 100

enum { OPT_LOOP = 256, OPT_RAW, OPT_LINE };

static const struct gw_cli_option options[] = {
	{'p', "port", "PORT", "port to play into; made as a pseudo-terminal if it is not there"},
	{'r', "rate", "N", "scans a second (10); 0 = as fast as they are read"},
	{'t', "terminator", "NAME", "cr (default), lf, crlf, tab, etx, stx-etx or none"},
	{OPT_LOOP, "loop", NULL, "begin again at the end, until ended"},
	{OPT_RAW, "raw", NULL, "send the file's bytes as they are, 16 at a time"},
	{OPT_LINE, "line", "SETTINGS", "settings of a real serial port, like 9600,8N1"},
	{0},
};

static const struct gw_cli_program program = {
	"goeswith-sim scanner", "FILE --port PORT [--rate N] [--terminator NAME] [--loop]",
	"Plays a file of scans into a port.  One scan a line, C-escaped (\\xHH, \\\\); '#' begins "
	"a\n"
	"comment line, '@sleep MS' a pause.  '-' reads standard input.  A capture is played as it "
	"was\ntaken.",
	options, false};

static const struct {
	const char *name, *before, *after;
} dresses[] = {
	{"cr", "", "\r"},    {"lf", "", "\n"}, {"crlf", "", "\r\n"},        {"tab", "", "\t"},
	{"etx", "", "\x03"}, {"none", "", ""}, {"stx-etx", "\x02", "\x03"},
};

struct player {
	struct gw_port port;
	const char *path;
	bool made; /* the pseudo-terminal is ours */
	long long interval_us;
	size_t dress;
	int64_t next_us;
	bool capture;     /* the file is one: each line begins with its time */
	int64_t began_us; /* when its time was 0 */
	unsigned long sent;
	struct gw_err err;
};

/* The only thing a signal handler touches. */
static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Sleeps until a moment, throwing away what the other side answers meanwhile. */
static void wait_until(struct player *p, int64_t at_us)
{
	char room[512];
	int64_t left;

	while (!ended && (left = at_us - now_us()) > 0) {
		struct timespec t = {left / 1000000, left % 1000000 * 1000};
		struct pollfd f = {p->port.fd, POLLIN, 0};

		if (ppoll(&f, 1, &t, NULL) <= 0)
			return;
		if ((f.revents & POLLIN) == 0 ||
		    gw_port_read(&p->port, room, sizeof(room), NULL) < 0) {
			nanosleep(&t, NULL);
			return;
		}
	}
}

static bool has_reader(const struct player *p)
{
	struct pollfd f = {p->port.fd, POLLOUT, 0};

	return poll(&f, 1, 0) < 0 || (f.revents & POLLHUP) == 0;
}

static void wait_for_reader(struct player *p)
{
	while (p->made && !ended && !has_reader(p)) {
		struct timespec t = {0, 20000000};

		nanosleep(&t, NULL);
		/* Let it set its line before the first byte comes. */
		if (has_reader(p))
			wait_until(p, now_us() + READER_MS * 1000);
	}
}

/* Writes all of it, waiting for room as long as the reader is there. */
static int send_all(struct player *p, const char *bytes, size_t len)
{
	while (len > 0 && !ended) {
		int n = gw_port_write(&p->port, bytes, len, &p->err);

		if (n < 0)
			return n;
		if (n == 0) {
			struct pollfd f = {p->port.fd, POLLOUT, 0};
			char room[512];

			poll(&f, 1, 100);
			if ((f.revents & POLLHUP) != 0)
				wait_for_reader(p);
			(void)gw_port_read(&p->port, room, sizeof(room), NULL);
		}
		bytes += n;
		len -= (size_t)n;
	}
	return GW_OK;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Undoes \xHH, \\, \r, \n, \t in place; the length, or -1 at an escape that is none of these. */
static ssize_t unescape(char *s, size_t len)
{
	static const char names[] = "\\rnt", values[] = "\\\r\n\t";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at;

		if (s[i] != '\\') {
			s[n++] = s[i];
			continue;
		}
		if (i + 3 < len && s[i + 1] == 'x' && hex(s[i + 2]) >= 0 && hex(s[i + 3]) >= 0) {
			s[n++] = (char)(hex(s[i + 2]) << 4 | hex(s[i + 3]));
			i += 3;
			continue;
		}
		at = i + 1 < len && s[i + 1] != '\0' ? strchr(names, s[i + 1]) : NULL;
		if (at == NULL)
			return -1;
		s[n++] = values[at - names];
		i++;
	}
	return (ssize_t)n;
}

static int play_scan(struct player *p, char *line, size_t len, const char *file, unsigned number)
{
	ssize_t n = unescape(line, len);
	const char *before = dresses[p->dress].before, *after = dresses[p->dress].after;
	int rc;

	if (n < 0)
		return gw_err_set(&p->err, GW_E_INPUT,
				  "%s, line %u: an escape is \\xHH, \\\\, \\r, \\n or \\t", file,
				  number);
	wait_for_reader(p);
	if (p->interval_us > 0) {
		wait_until(p, p->next_us);
		/* After a stall the rhythm begins anew; scans are not made up for in a burst. */
		p->next_us =
			(p->next_us > now_us() - 1000000 ? p->next_us : now_us()) + p->interval_us;
	}
	rc = send_all(p, before, strlen(before));
	if (rc == GW_OK)
		rc = send_all(p, line, (size_t)n);
	if (rc == GW_OK)
		rc = send_all(p, after, strlen(after));
	p->sent += rc == GW_OK && !ended;
	return rc;
}

/* A line of a capture: its bytes at its time, as they came. */
static int play_captured(struct player *p, char *line, size_t len, const char *file,
			 unsigned number)
{
	char *bytes;
	long long at_ms = strtoll(line, &bytes, 10);
	ssize_t n = bytes != line && *bytes == ' '
			    ? unescape(bytes + 1, len - (size_t)(bytes + 1 - line))
			    : -1;
	int rc;

	if (n < 0)
		return gw_err_set(&p->err, GW_E_INPUT,
				  "%s, line %u: a capture's line is milliseconds and bytes", file,
				  number);
	wait_for_reader(p);
	if (p->began_us == 0)
		p->began_us = now_us() - at_ms * 1000;
	wait_until(p, p->began_us + at_ms * 1000);
	rc = send_all(p, bytes + 1, (size_t)n);
	p->sent += rc == GW_OK && !ended;
	return rc;
}

static int play_line(struct player *p, char *line, size_t len, const char *file, unsigned number)
{
	if (len > 0 && line[len - 1] == '\n')
		len--;
	line[len] = '\0';
	if (number == 1)
		p->capture = strcmp(line, "# goeswith capture 1") == 0;
	if (len == 0 || line[0] == '#')
		return GW_OK;
	if (p->capture)
		return play_captured(p, line, len, file, number);
	if (strncmp(line, "@sleep ", 7) == 0) {
		p->next_us = now_us() + strtol(line + 7, NULL, 10) * 1000;
		wait_until(p, p->next_us);
		return GW_OK;
	}
	if (line[0] == '@')
		return gw_err_set(&p->err, GW_E_INPUT, "%s, line %u: no such order: %s", file,
				  number, line);
	return play_scan(p, line, len, file, number);
}

static int play_scans(struct player *p, FILE *f, const char *file)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	unsigned number = 0;
	int rc = GW_OK;

	while (rc == GW_OK && !ended && (len = getline(&line, &room, f)) >= 0)
		rc = play_line(p, line, (size_t)len, file, ++number);
	free(line);
	return rc;
}

static int play_raw(struct player *p, FILE *f)
{
	char room[16];
	size_t n;
	int rc = GW_OK;

	wait_for_reader(p);
	while (rc == GW_OK && !ended && (n = fread(room, 1, sizeof(room), f)) > 0) {
		if (p->interval_us > 0)
			wait_until(p, p->next_us);
		p->next_us = now_us() + p->interval_us;
		rc = send_all(p, room, n);
		p->sent++;
	}
	return rc;
}

static int play(struct player *p, const char *file, bool raw, bool loop)
{
	FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	int rc;

	if (f == NULL)
		return gw_err_errno(&p->err, GW_E_INPUT, errno, "%s", file);
	do {
		rewind(f);
		p->began_us = 0;
		rc = raw ? play_raw(p, f) : play_scans(p, f, file);
	} while (rc == GW_OK && loop && !ended && f != stdin);
	if (f != stdin)
		fclose(f);
	return rc;
}

/* What the reader has not read when we leave would be lost with the pseudo-terminal. */
static void drain(struct player *p)
{
	int64_t until = now_us() + DRAIN_MS * 1000;
	char name[64];
	int fd, left = 0;

	if (!p->made || ptsname_r(p->port.fd, name, sizeof(name)) != 0)
		return;
	fd = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	while (ioctl(fd, FIONREAD, &left) == 0 && left > 0 && now_us() < until && !ended)
		wait_until(p, now_us() + 5000);
	close(fd);
	wait_until(p, now_us() + 50000);
}

static int open_player(struct player *p, const char *line)
{
	struct gw_port_settings s = *gw_port_brand("generic");
	struct stat st;
	int rc = line != NULL ? gw_port_parse(&s, line, &p->err) : GW_OK;

	if (rc != GW_OK)
		return rc;
	if (stat(p->path, &st) == 0)
		return gw_port_open(&p->port, p->path, &s, &p->err);
	p->made = true;
	return gw_port_open_pty(&p->port, p->path, &p->err);
}

static void catch_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal};

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int find_dress(const char *name, size_t *dress)
{
	for (size_t i = 0; i < sizeof(dresses) / sizeof(dresses[0]); i++)
		if (strcmp(dresses[i].name, name) == 0) {
			*dress = i;
			return GW_OK;
		}
	return GW_E_USAGE;
}

static int run(struct player *p, const char *file, const char *line, bool raw, bool loop)
{
	int rc;

	catch_signals();
	rc = open_player(p, line);
	if (rc != GW_OK)
		return gw_cli_fail(&program, &p->err);
	rc = play(p, file, raw, loop);
	if (rc == GW_OK)
		drain(p);
	gw_port_close(&p->port);
	fprintf(stderr, "%s: %lu %s sent\n", program.name, p->sent, raw ? "pieces" : "scans");
	return rc == GW_OK ? 0 : gw_cli_fail(&program, &p->err);
}

int gw_sim_scanner_main(int argc, char **argv)
{
	struct gw_cli cli = gw_cli_start(&program, argc, argv);
	struct player p = {.interval_us = 100000};
	const char *value, *line = NULL;
	bool raw = false, loop = false;
	long long rate;
	int id;

	while ((id = gw_cli_next(&cli, &value)) > 0) {
		if (id == 'p') {
			p.path = value;
		} else if (id == 't') {
			if (find_dress(value, &p.dress) != GW_OK)
				return gw_cli_usage(&program, "no such terminator: %s", value);
		} else if (id == 'r') {
			if (gw_cli_number("--rate", value, 0, 1000000, &rate, &p.err) != GW_OK)
				return gw_cli_fail(&program, &p.err);
			p.interval_us = rate > 0 ? 1000000 / rate : 0;
		} else if (id == OPT_LINE) {
			line = value;
		} else {
			raw = raw || id == OPT_RAW;
			loop = loop || id == OPT_LOOP;
		}
	}
	if (id < 0)
		return cli.exit_status;
	if (p.path == NULL || cli.first + 1 != argc)
		return gw_cli_usage(&program, "a FILE and --port are needed");
	return run(&p, argv[cli.first], line, raw, loop);
}
