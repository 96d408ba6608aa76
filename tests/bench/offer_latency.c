/*
 * From the last byte of a scan to the offer on the pseudo-terminal, beside a bare ncurses program
 * that only echoes what was scanned, round by round in turns.  The register decodes, keeps the
 * sale, matches, chooses and draws the card in that time; it writes the journal after the drawing,
 * so no fsync is in it.
 * usage: offer_latency [ROUNDS]        env BIN: folder of the programs
 */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 15

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

struct side {
	pid_t pid;
	int fd;
};

static struct side start(const char *program, const char *home)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct side s = {0};

	s.pid = forkpty(&s.fd, NULL, NULL, &size);
	if (s.pid < 0)
		fail("no pseudo-terminal");
	if (s.pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		if (program != NULL)
			execl(program, program, "--home", home, (char *)NULL);
		else
			echo_program();
		_exit(127);
	}
	return s;
}

/* Reads until nothing came for a while. */
static void settle(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char bytes[8192];

	while (poll(&p, 1, QUIET_MS) > 0)
		if (read(fd, bytes, sizeof(bytes)) <= 0)
			fail("a program ended");
}

static void type(int fd, const char *keys)
{
	if (write(fd, keys, strlen(keys)) != (ssize_t)strlen(keys))
		fail("cannot type");
}

/* Types code, then its end; ns from there until `want` has come back. */
static int64_t measure(int fd, const char *code, const char *want)
{
	char seen[16384];
	size_t len = 0;
	int64_t began;

	type(fd, code);
	settle(fd);
	began = now_ns();
	type(fd, "\r");
	while (len + 1 < sizeof(seen)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, 10000) <= 0)
			fail("nothing came back");
		n = read(fd, seen + len, sizeof(seen) - 1 - len);
		if (n <= 0)
			fail("a program ended");
		len += (size_t)n;
		seen[len] = '\0';
		if (strstr(seen, want) != NULL)
			return now_ns() - began;
	}
	fail("too much came back");
	return 0;
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		fail(path);
}

static void make_home(const char *bin, const char *folder)
{
	char command[2048];

	write_file(folder, "items.csv", items);
	write_file(folder, "rules.csv", rules);
	write_file(folder, "settings.csv", settings);
	snprintf(command, sizeof(command),
		 "{ %s/goeswith-table make %s -o %s/b && %s/goeswith-table install %s/b --home "
		 "%s/home; } >/dev/null 2>&1",
		 bin, folder, folder, bin, folder, folder);
	if (system(command) != 0)
		fail("no table");
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void end(struct side *s)
{
	kill(s->pid, SIGTERM);
	close(s->fd);
	waitpid(s->pid, NULL, 0);
}

static double percentile_us(const int64_t *sorted, int n, int percent)
{
	int at = n * percent / 100;

	return (double)sorted[at] / 1e3;
}

static void report(int64_t *ours, int64_t *peer, int n)
{
	static const int percents[] = {50, 90, 99};

	qsort(ours, (size_t)n, sizeof(ours[0]), ascending);
	qsort(peer, (size_t)n, sizeof(peer[0]), ascending);
	printf("last byte -> offer on the pseudo-terminal, %d rounds (target: ratio <= 1.25, p99 "
	       "<= "
	       "5 ms)\n"
	       "        bare ncurses echo us   register us   ratio\n",
	       n);
	for (int i = 0; i < 3; i++) {
		double a = percentile_us(peer, n, percents[i]);
		double b = percentile_us(ours, n, percents[i]);

		printf("  p%d  %20.1f %13.1f %7.2f\n", percents[i], a, b, b / a);
	}
}

int main(int argc, char **argv)
{
	const char *bin = getenv("BIN") != NULL ? getenv("BIN") : "build";
	int n = argc > 1 ? atoi(argv[1]) : 200; /* NOLINT(cert-err34-c): a round count */
	char folder[] = "/tmp/goeswith-latency-XXXXXX", path[512], command[600];
	int64_t *ours = calloc((size_t)n + 1, sizeof(*ours)),
		*peer = calloc((size_t)n + 1, sizeof(*peer));
	struct side echo, reg;

	if (n < 1 || ours == NULL || peer == NULL || mkdtemp(folder) == NULL)
		fail("cannot start");
	make_home(bin, folder);
	snprintf(path, sizeof(path), "%s/home", folder);
	snprintf(command, sizeof(command), "%s/goeswith", bin);
	echo = start(NULL, NULL);
	reg = start(command, path);
	settle(echo.fd);
	for (int i = 0; i < 20; i++)
		settle(reg.fd);
	for (int i = 0; i < n; i++) {
		const char *code = i % 2 == 0 ? "4006381333931" : "5112345678900";

		peer[i] = measure(echo.fd, code, i % 2 == 0 ? "40063813339" : "51123456789");
		settle(echo.fd);
		ours[i] = measure(reg.fd, "4006381333931", "Batteries AA");
		settle(reg.fd);
		type(reg.fd, "\x1b[15~"); /* total, and once more to end the sale */
		settle(reg.fd);
		type(reg.fd, "\x1b[15~");
		settle(reg.fd);
	}
	end(&reg);
	end(&echo);
	report(ours, peer, n);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	n = system(command);
	free(ours);
	free(peer);
	return n;
}
