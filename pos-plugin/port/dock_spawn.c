#include "port/dock_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 28
#define POLL_MS  10

struct gw_dock_options gw_dock_options_default(const char *scanner)
{
	struct gw_dock_options o = {.scanner = scanner, .linger_s = 600};

	return o;
}

static const char *or_none(const char *s)
{
	return s != NULL ? s : "-";
}

char *gw_dock_identity(const struct gw_dock_options *o, char out[GW_DOCK_IDENTITY])
{
	snprintf(out, GW_DOCK_IDENTITY,
		 "scanner=%s till=%s display=%s,%s,%s brand=%s line=%s gap=%d", o->scanner,
		 or_none(o->till), or_none(o->display), or_none(o->display_type),
		 or_none(o->display_line), or_none(o->brand), or_none(o->line), o->idle_gap_ms);
	return out;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
	struct timespec t = {0, ms * 1000000L};

	nanosleep(&t, NULL);
}

int gw_dock_attach(struct gw_dock_peer *peer, const char *socket_path, struct gw_err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd;

	peer->fd = -1;
	peer->pid = 0;
	peer->started = 0;
	if (strlen(socket_path) >= sizeof(a.sun_path))
		return gw_err_set(err, GW_E_INPUT,
				  "%s: longer than the %zu bytes a socket's path may have",
				  socket_path, sizeof(a.sun_path) - 1);
	strcpy(a.sun_path, socket_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "no socket");
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
		int e = errno;

		close(fd);
		return gw_err_errno(err, e == EACCES ? GW_E_DENIED : GW_E_DEVICE, e,
				    "%s: no dock listens there", socket_path);
	}
	peer->fd = fd;
	peer->pid = cred.pid;
	return GW_OK;
}

/* A dead process that nobody has waited for counts as dead. */
static bool alive(pid_t pid)
{
	char path[40], line[128] = "", *state;
	FILE *f;

	if (kill(pid, 0) != 0)
		return errno == EPERM;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	state = strrchr(line, ')');
	return state == NULL || state[1] == '\0' || state[2] != 'Z';
}

int gw_dock_end(const struct gw_dock_peer *peer, struct gw_err *err)
{
	int64_t until = now_ms() + 2000;

	if (peer->pid <= 1)
		return gw_err_set(err, GW_E_BUG, "no dock to end");
	if (kill(peer->pid, SIGTERM) != 0)
		return errno == ESRCH
			       ? GW_OK
			       : gw_err_errno(err, GW_E_DENIED, errno,
					      "cannot end the dock, process %d", (int)peer->pid);
	while (alive(peer->pid)) {
		if (now_ms() > until)
			return gw_err_set(err, GW_E_AGAIN, "the dock, process %d, does not end",
					  (int)peer->pid);
		sleep_ms(POLL_MS);
	}
	return GW_OK;
}

/* The second line of SOCKET.lock is the identity of the dock that holds it. */
static bool same_dock(const char *socket_path, const struct gw_dock_options *o)
{
	char path[GW_PATH_MAX], want[GW_DOCK_IDENTITY], *text;
	size_t len;
	bool same;

	if (snprintf(path, sizeof(path), "%s.lock", socket_path) >= (int)sizeof(path) ||
	    gw_file_read(path, 2 * GW_DOCK_IDENTITY, &text, &len, NULL) != GW_OK)
		return false;
	gw_dock_identity(o, want);
	same = strchr(text, '\n') != NULL && strcmp(strchr(text, '\n') + 1, want) == 0;
	free(text);
	return same;
}

/* The dock beside the running program, else by PATH. */
static void dock_program(char out[GW_PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, GW_PATH_MAX - 20);
	char *slash;

	out[n > 0 ? n : 0] = '\0';
	slash = strrchr(out, '/');
	if (slash != NULL) {
		strcpy(slash + 1, "goeswith-dock");
		if (access(out, X_OK) == 0)
			return;
	}
	strcpy(out, "goeswith-dock");
}

struct command {
	char program[GW_PATH_MAX], socket[GW_PATH_MAX], state[GW_PATH_MAX], log[GW_PATH_MAX];
	char gap[16], linger[16];
	char *argv[ARGS_MAX];
	int argc;
};

static void add(struct command *c, const char *name, const char *value)
{
	if (value == NULL || c->argc + 3 > ARGS_MAX)
		return;
	c->argv[c->argc++] = (char *)(uintptr_t)name;
	c->argv[c->argc++] = (char *)(uintptr_t)value;
	c->argv[c->argc] = NULL;
}

static int compose(struct command *c, const char *home, const struct gw_dock_options *o,
		   struct gw_err *err)
{
	int rc = gw_path_join(c->socket, home, GW_DOCK_SOCKET, err);

	if (rc == GW_OK)
		rc = gw_path_join(c->state, home, GW_DOCK_STATE, err);
	if (rc == GW_OK)
		rc = gw_path_join(c->log, home, GW_DOCK_LOG, err);
	if (rc != GW_OK)
		return rc;
	dock_program(c->program);
	snprintf(c->gap, sizeof(c->gap), "%d", o->idle_gap_ms);
	snprintf(c->linger, sizeof(c->linger), "%d", o->linger_s);
	c->argc = 0;
	c->argv[c->argc++] = c->program;
	add(c, "--scanner", o->scanner);
	add(c, "--till", o->till);
	add(c, "--display", o->display);
	add(c, "--display-type", o->display_type);
	add(c, "--display-line", o->display_line);
	add(c, "--brand", o->brand);
	add(c, "--line", o->line);
	add(c, "--idle-gap", o->idle_gap_ms > 0 ? c->gap : NULL);
	add(c, "--linger", o->linger_s >= 0 ? c->linger : NULL);
	add(c, "--listen", c->socket);
	add(c, "--state", c->state);
	return GW_OK;
}

/* In the grandchild: no terminal, no descriptors of ours, its words into the log.  The working
 * directory stays, since the paths of the options may be relative to it. */
static void become_dock(const struct command *c, int report)
{
	int null = open("/dev/null", O_RDWR), log;
	sigset_t none;

	log = open(c->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0660);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, 0);
	dup2(log >= 0 ? log : null, 1);
	dup2(log >= 0 ? log : null, 2);
	for (int fd = 3; fd < 256; fd++)
		if (fd != report)
			close(fd);
	execvp(c->program, c->argv);
	if (write(report, &errno, sizeof(errno)) < 0)
		_exit(1);
	_exit(127);
}

/* Starts it as a child of nobody; *pid as it will be.  The pipe tells whether exec worked. */
static int start_dock(const struct command *c, pid_t *pid, struct gw_err *err)
{
	int pipe_fd[2], e = 0;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "cannot start the dock");
	child = fork();
	if (child < 0) {
		e = errno;
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		return gw_err_errno(err, GW_E_DEVICE, e, "cannot start the dock");
	}
	if (child == 0) {
		pid_t inner;

		setsid();
		inner = fork();
		if (inner == 0)
			become_dock(c, pipe_fd[1]);
		_exit(write(pipe_fd[1], &inner, sizeof(inner)) == (ssize_t)sizeof(inner) ? 0 : 1);
	}
	close(pipe_fd[1]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	/* The pid comes from the middle process, an error number (if any) from the inner one;
	 * they may come in either order, but a pid is there in any case. */
	{
		int words[2] = {0, 0};
		ssize_t n = 0, k;

		while (n < (ssize_t)sizeof(words) &&
		       (k = read(pipe_fd[0], (char *)words + n, sizeof(words) - (size_t)n)) > 0)
			n += k;
		close(pipe_fd[0]);
		if (n == (ssize_t)sizeof(words))
			return gw_err_set(err, GW_E_NOT_FOUND, "cannot run %s: is it installed?",
					  c->program);
		*pid = n > 0 ? words[0] : 0;
	}
	return *pid > 0 ? GW_OK : gw_err_set(err, GW_E_DEVICE, "cannot start the dock");
}

/* What the dock wrote before it gave up. */
static int explain(const struct command *c, struct gw_err *err)
{
	char *text;
	size_t len;

	if (gw_file_read(c->log, 4000, &text, &len, NULL) == GW_OK && len > 0) {
		text[strcspn(text, "\n")] = '\0';
		gw_err_set(err, GW_E_INPUT, "the dock did not start: %.400s", text);
		free(text);
		return GW_E_INPUT;
	}
	return gw_err_set(err, GW_E_AGAIN, "the dock did not start; see %s", c->log);
}

int gw_dock_connect(struct gw_dock_peer *peer, const char *home, const struct gw_dock_options *o,
		    struct gw_err *err)
{
	struct command c;
	int64_t until = now_ms() + GW_DOCK_START_MS;
	pid_t pid = 0;
	int rc = compose(&c, home, o, err);

	if (rc != GW_OK)
		return rc;
	if (gw_dock_attach(peer, c.socket, NULL) == GW_OK) {
		if (same_dock(c.socket, o))
			return GW_OK;
		close(peer->fd);
		rc = gw_dock_end(peer, err);
		if (rc != GW_OK)
			return rc;
	}
	rc = start_dock(&c, &pid, err);
	if (rc != GW_OK)
		return rc;
	while (gw_dock_attach(peer, c.socket, err) != GW_OK) {
		if (!alive(pid))
			return explain(&c, err);
		if (now_ms() > until)
			return gw_err_set(err, GW_E_AGAIN, "the dock does not answer; see %s",
					  c.log);
		sleep_ms(POLL_MS);
	}
	peer->started = 1;
	return GW_OK;
}
