/* The programs that talk to a register: turns, limits, comings and goings. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/clients.h"
#include "tmp.h"

#define LONGEST (GW_CLIENTS_IN_MAX - 1)

/* Writes a text into the midst of bytes: no NUL behind it. */
static void put(char *at, const char *text)
{
	while (*text != '\0')
		*at++ = *text++;
}

struct house {
	char dir[TMP_NAME_MAX], path[TMP_NAME_MAX + 16];
	struct gw_clients *c;
};

static int open_house(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	struct gw_err err = {0};

	signal(SIGPIPE, SIG_IGN);
	assert_non_null(mkdtemp(tmp_name(h->dir, "host")));
	snprintf(h->path, sizeof(h->path), "%s/host.sock", h->dir);
	assert_int_equal(gw_clients_new(&h->c, &err), GW_OK);
	*state = h;
	return 0;
}

static int close_house(void **state)
{
	struct house *h = *state;

	gw_clients_free(h->c);
	unlink(h->path);
	assert_int_equal(rmdir(h->dir), 0);
	free(h);
	return 0;
}

static int dial(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void turn(struct gw_clients *c)
{
	struct pollfd fds[GW_CLIENTS_POLL_MAX];
	size_t n = gw_clients_poll(c, fds, GW_CLIENTS_POLL_MAX);

	if (poll(fds, (nfds_t)n, 0) > 0)
		gw_clients_ready(c, fds, n);
}

/* A few turns of a host's loop; what is asked is answered by an echo. */
static void turn_and_echo(struct gw_clients *c)
{
	for (int i = 0; i < 8; i++) {
		const char *line;
		char text[200];
		size_t len;
		int who, n;

		turn(c);
		while ((who = gw_clients_next(c, &line, &len)) >= 0) {
			n = len == GW_CLIENTS_TOO_LONG
				    ? snprintf(text, sizeof(text), "too long\n")
				    : snprintf(text, sizeof(text), "<%.100s>\n", line);
			gw_clients_send(c, who, text, (size_t)n);
		}
	}
}

static void hears(int fd, const char *want)
{
	char got[500];
	ssize_t n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, want);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void asker_is_answered_and_all_hear_events(void **state)
{
	struct house *h = *state;
	struct stat st;
	int a, b;

	assert_int_equal(gw_clients_listen(h->c, h->path, NULL), GW_OK);
	assert_int_equal(stat(h->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	a = dial(h->path);
	b = dial(h->path);
	turn_and_echo(h->c);
	assert_int_equal(gw_clients_count(h->c), 2);
	say(a, "one\r\n\n\r\ntw");
	say(b, "three\n");
	turn_and_echo(h->c);
	hears(a, "<one>\n");
	hears(b, "<three>\n");
	say(a, "o\n");
	turn_and_echo(h->c);
	gw_clients_send_all(h->c, "news\n", 5);
	hears(a, "<two>\nnews\n");
	hears(b, "news\n");
	/* the last line needs no line feed; then the connection is let go */
	say(a, "last");
	shutdown(a, SHUT_WR);
	turn_and_echo(h->c);
	hears(a, "<last>\n");
	assert_int_equal(gw_clients_count(h->c), 1);
	/* said and gone: still heard */
	say(b, "parting\n");
	close(b);
	turn(h->c);
	const char *line;
	size_t len;

	assert_true(gw_clients_next(h->c, &line, &len) >= 0);
	assert_string_equal(line, "parting");
	turn_and_echo(h->c);
	assert_int_equal(gw_clients_count(h->c), 0);
	close(a);
}

static void long_lines_are_told_and_skipped(void **state)
{
	struct house *h = *state;
	static char flood[1 << 20];
	int pair[2], out[2];
	size_t sent = 0;
	char got[100];

	memset(flood, 'x', sizeof(flood));
	put(flood + sizeof(flood) - 7, "\nafter\n");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(gw_clients_attach(h->c, pair[0], out[1], NULL), GW_OK);
	while (sent < sizeof(flood)) {
		ssize_t n = send(pair[1], flood + sent, sizeof(flood) - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		turn_and_echo(h->c);
	}
	turn_and_echo(h->c);
	ssize_t n = read(out[0], got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, "too long\n<after>\n");
	/* the longest line that is allowed */
	flood[LONGEST] = '\n';
	for (sent = 0; sent <= LONGEST;) {
		ssize_t m = send(pair[1], flood + sent, LONGEST + 1 - sent, MSG_NOSIGNAL);

		if (m > 0)
			sent += (size_t)m;
		turn(h->c);
	}
	const char *line;
	size_t len;

	turn(h->c);
	assert_int_equal(gw_clients_next(h->c, &line, &len), 0);
	assert_int_equal(len, LONGEST);
	/* the end of its input ends the pair, not its output */
	assert_true(gw_clients_attached(h->c));
	close(pair[1]);
	turn_and_echo(h->c);
	assert_false(gw_clients_attached(h->c));
	gw_clients_send_all(h->c, "bye\n", 4);
	n = read(out[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, "bye\n");
	gw_clients_free(h->c);
	h->c = NULL;
	close(pair[0]);
	close(out[0]);
	close(out[1]);
}

static void who_does_not_read_is_dropped(void **state)
{
	struct house *h = *state;
	static char line[1000];
	char news[160], last[sizeof(line)] = "";
	int slow, quick, count = 0;
	ssize_t n;

	memset(line, 'y', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(gw_clients_listen(h->c, h->path, NULL), GW_OK);
	slow = dial(h->path);
	quick = dial(h->path);
	turn_and_echo(h->c);
	while (!gw_clients_news(h->c, news, sizeof(news)) && count < 5000) {
		gw_clients_send_all(h->c, line, sizeof(line));
		assert_int_equal(recv(quick, line, sizeof(line), MSG_DONTWAIT), sizeof(line));
		count++;
	}
	assert_non_null(strstr(news, "does not read"));
	assert_in_range(count, GW_CLIENTS_OUT_MAX / 1000, 4999);
	gw_clients_send(h->c, 1, "still here\n", 11);
	hears(quick, "still here\n");
	/* when it reads after all, it finds whole lines, why it was dropped, and the end */
	do {
		turn(h->c);
		n = recv(slow, last, sizeof(last), MSG_DONTWAIT);
	} while (n == (ssize_t)sizeof(last));
	assert_true(n > 0);
	assert_memory_equal(last, "{\"on\":\"error\",", 14);
	assert_int_equal(recv(slow, last, sizeof(last), MSG_DONTWAIT), 0);
	assert_int_equal(gw_clients_count(h->c), 1);
	close(slow);
	close(quick);
}

/* Who asks without reading waits for himself only. */
static void who_floods_gets_no_turn(void **state)
{
	struct house *h = *state;
	int flood, calm, ret = 0;
	size_t asked = 0;

	assert_int_equal(gw_clients_listen(h->c, h->path, NULL), GW_OK);
	flood = dial(h->path);
	calm = dial(h->path);
	fcntl(flood, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2000; i++) {
		while ((ret = (int)send(flood, "what is the answer\n", 19, MSG_NOSIGNAL)) == 19)
			asked++;
		turn_and_echo(h->c);
		if (ret < 0 && i > 200)
			break;
	}
	assert_int_equal(ret, -1);
	assert_true(asked > 1000);
	assert_int_equal(gw_clients_count(h->c), 2);
	say(calm, "me\n");
	turn_and_echo(h->c);
	hears(calm, "<me>\n");
	close(flood);
	close(calm);
}

static void only_a_dead_socket_is_replaced(void **state)
{
	struct house *h = *state;
	struct gw_clients *second;
	struct gw_err err = {0};
	int fd;

	assert_int_equal(gw_clients_listen(h->c, h->path, NULL), GW_OK);
	assert_int_equal(gw_clients_new(&second, NULL), GW_OK);
	assert_int_equal(gw_clients_listen(second, h->path, &err), GW_E_AGAIN);
	assert_non_null(strstr(err.text, "in use"));
	gw_clients_free(second);
	assert_int_equal(access(h->path, F_OK), 0);
	/* left behind by a process that was killed */
	gw_clients_free(h->c);
	assert_int_not_equal(access(h->path, F_OK), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", h->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	close(fd);
	assert_int_equal(gw_clients_new(&h->c, NULL), GW_OK);
	assert_int_equal(gw_clients_listen(h->c, h->path, &err), GW_OK);
	gw_clients_free(h->c);
	/* a file of somebody's */
	fd = open(h->path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(gw_clients_new(&h->c, NULL), GW_OK);
	assert_int_equal(gw_clients_listen(h->c, h->path, &err), GW_E_DENIED);
	assert_int_equal(access(h->path, F_OK), 0);
}

static void a_full_house_turns_away(void **state)
{
	struct house *h = *state;
	int fd[GW_CLIENTS_MAX], more;

	assert_int_equal(gw_clients_listen(h->c, h->path, NULL), GW_OK);
	for (int i = 0; i < GW_CLIENTS_MAX; i++) {
		fd[i] = dial(h->path);
		turn(h->c);
	}
	more = dial(h->path);
	turn(h->c);
	hears(more, "{\"on\":\"error\",\"text\":\"too many clients\"}\n");
	assert_int_equal(gw_clients_count(h->c), GW_CLIENTS_MAX);
	for (int i = 0; i < GW_CLIENTS_MAX; i++)
		close(fd[i]);
	close(more);
	turn_and_echo(h->c);
	assert_int_equal(gw_clients_count(h->c), 0);
}

#define WITH_HOUSE(f) cmocka_unit_test_setup_teardown(f, open_house, close_house)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOUSE(asker_is_answered_and_all_hear_events),
		WITH_HOUSE(long_lines_are_told_and_skipped),
		WITH_HOUSE(who_does_not_read_is_dropped),
		WITH_HOUSE(who_floods_gets_no_turn),
		WITH_HOUSE(only_a_dead_socket_is_replaced),
		WITH_HOUSE(a_full_house_turns_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
