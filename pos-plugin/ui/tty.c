#include "ui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LAST_WORDS_MS 500

struct gw_tty {
	int in, out, epoll, signals;
	struct gw_out queue;
	size_t sent; /* bytes of the queue that the device has */
	bool named;  /* a device of its own, not stdin and stdout */
	bool blocks; /* its input could not be opened without waiting */
	bool raw, masked, waiting, spoilt, gone;
	struct termios saved;
	sigset_t saved_mask;
};

/*
 * A description of our own for an inherited terminal: O_NONBLOCK on the inherited one would reach
 * into the shell that shares it.  Where it cannot be opened again (su), the inherited one is used,
 * blocking.
 */
static int reopen(int fd, int flags)
{
	char name[128];
	struct stat old, new;
	int again;

	if (ttyname_r(fd, name, sizeof(name)) == 0 && fstat(fd, &old) == 0) {
		again = open(name, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		if (again >= 0 && fstat(again, &new) == 0 && new.st_rdev == old.st_rdev)
			return again;
		if (again >= 0)
			close(again);
	}
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int open_device(struct gw_tty *tty, const char *device, struct gw_err *err)
{
	int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

	if (device == NULL) {
		if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
			return gw_err_set(err, GW_E_DEVICE,
					  "%s is not a terminal; name one with --tty, or use "
					  "--headless",
					  isatty(STDIN_FILENO) ? "stdout" : "stdin");
		tty->in = reopen(STDIN_FILENO, O_RDONLY);
		tty->out = reopen(STDOUT_FILENO, O_WRONLY);
		tty->blocks = (fcntl(tty->in, F_GETFL) & O_NONBLOCK) == 0;
		return GW_OK;
	}
	tty->named = true;
	tty->in = open(device, flags);
	if (tty->in < 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_DEVICE, errno,
				    "terminal %s", device);
	if (!isatty(tty->in))
		return gw_err_set(err, GW_E_DEVICE, "%s is not a terminal", device);
	tty->out = fcntl(tty->in, F_DUPFD_CLOEXEC, 3);
	return GW_OK;
}

static void enter(struct gw_tty *tty)
{
	struct termios raw;

	if (tcgetattr(tty->in, &tty->saved) != 0)
		return;
	raw = tty->saved;
	/* Ctrl-S on a till's keyboard must not freeze its picture; a serial terminal may need it.
	 */
	raw.c_iflag &= (tcflag_t) ~(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP |
				    (tty->named ? 0 : IXON));
	raw.c_oflag &= (tcflag_t)~OPOST;
	raw.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tty->raw = tcsetattr(tty->in, TCSANOW, &raw) == 0;
}

static void leave(struct gw_tty *tty)
{
	if (tty->raw)
		tcsetattr(tty->in, TCSANOW, &tty->saved);
	tty->raw = false;
}

static int watch(struct gw_tty *tty, int op, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return epoll_ctl(tty->epoll, op, fd, &event);
}

static int set_up(struct gw_tty *tty)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGWINCH);
	sigaddset(&mask, SIGCONT);
	sigprocmask(SIG_BLOCK, &mask, &tty->saved_mask);
	tty->masked = true;
	tty->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	tty->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (tty->signals < 0 || tty->epoll < 0)
		return -1;
	return watch(tty, EPOLL_CTL_ADD, tty->in, EPOLLIN) |
	       watch(tty, EPOLL_CTL_ADD, tty->out, 0) |
	       watch(tty, EPOLL_CTL_ADD, tty->signals, EPOLLIN);
}

int gw_tty_new(struct gw_tty **out, const char *device, struct gw_err *err)
{
	struct gw_tty *tty = calloc(1, sizeof(*tty));
	int status;

	*out = NULL;
	if (tty == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for the terminal");
	tty->in = tty->out = tty->epoll = tty->signals = -1;
	status = open_device(tty, device, err);
	if (status == GW_OK && (tty->in < 0 || tty->out < 0 || set_up(tty) != 0))
		status = gw_err_errno(err, GW_E_DEVICE, errno, "terminal");
	if (status != GW_OK) {
		gw_tty_free(tty);
		return status;
	}
	enter(tty);
	*out = tty;
	return GW_OK;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void last_words(struct gw_tty *tty)
{
	int64_t until = now_ms() + LAST_WORDS_MS, left;

	while (!gw_tty_push(tty) && (left = until - now_ms()) > 0) {
		struct pollfd p = {.fd = tty->out, .events = POLLOUT};

		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return;
	}
}

void gw_tty_free(struct gw_tty *tty)
{
	if (tty == NULL)
		return;
	if (tty->epoll >= 0)
		last_words(tty);
	leave(tty);
	if (tty->masked)
		sigprocmask(SIG_SETMASK, &tty->saved_mask, NULL);
	gw_out_release(&tty->queue);
	for (int i = 0; i < 4; i++) {
		int fd = (int[]){tty->epoll, tty->signals, tty->in, tty->out}[i];

		if (fd >= 0)
			close(fd);
	}
	free(tty);
}

int gw_tty_fd(const struct gw_tty *tty)
{
	return tty->epoll;
}

static void take_signals(struct gw_tty *tty)
{
	struct signalfd_siginfo info;

	while (read(tty->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		/* Even if the size is the same by now: the picture was cut on the way. */
		tty->spoilt = true;
		if (info.ssi_signo == SIGCONT)
			enter(tty); /* the shell had it in between */
	}
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* Keys first: they are what there is nearly always, and one call then does. */
int gw_tty_read(struct gw_tty *tty, uint8_t *bytes, size_t size)
{
	ssize_t n;

	if (tty->waiting)
		gw_tty_push(tty);
	if (tty->gone)
		return GW_E_DEVICE;
	n = !tty->blocks || readable(tty->in) ? read(tty->in, bytes, size) : -1;
	if (n > 0)
		return (int)n;
	if (n < 0 && (tty->blocks || errno == EAGAIN || errno == EINTR)) {
		take_signals(tty);
		return 0;
	}
	/* End of file on a raw terminal, or EIO: nobody is at its other end. */
	tty->gone = true;
	return GW_E_DEVICE;
}

bool gw_tty_spoilt(struct gw_tty *tty)
{
	bool spoilt = tty->spoilt;

	tty->spoilt = false;
	return spoilt;
}

void gw_tty_size(const struct gw_tty *tty, int *rows, int *cols, int or_rows, int or_cols)
{
	struct winsize size = {0};

	*rows = or_rows;
	*cols = or_cols;
	if (ioctl(tty->out, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		*rows = size.ws_row;
		*cols = size.ws_col;
	}
}

struct gw_out *gw_tty_out(struct gw_tty *tty)
{
	return &tty->queue;
}

bool gw_tty_behind(struct gw_tty *tty)
{
	return tty->waiting && !gw_tty_push(tty);
}

/* False when the device takes no more for now. */
static bool send_queue(struct gw_tty *tty)
{
	while (!tty->gone && tty->sent < tty->queue.len) {
		ssize_t n =
			write(tty->out, tty->queue.bytes + tty->sent, tty->queue.len - tty->sent);

		if (n >= 0)
			tty->sent += (size_t)n;
		else if (errno == EAGAIN)
			return false;
		else if (errno != EINTR)
			tty->gone = true;
	}
	return true;
}

bool gw_tty_push(struct gw_tty *tty)
{
	bool waiting = !send_queue(tty);

	if (waiting != tty->waiting)
		watch(tty, EPOLL_CTL_MOD, tty->out, waiting ? EPOLLOUT : 0);
	tty->waiting = waiting;
	if (waiting)
		return false;
	tty->spoilt = tty->spoilt || tty->queue.lost;
	gw_out_clear(&tty->queue);
	tty->sent = 0;
	return true;
}

bool gw_tty_may_stop(const struct gw_tty *tty)
{
	return !tty->named && getsid(0) != getpid();
}

void gw_tty_stop(struct gw_tty *tty)
{
	last_words(tty);
	leave(tty);
	raise(SIGTSTP); /* which an orphan, whom nobody could continue, ignores */
	take_signals(tty);
	if (!tty->raw)
		enter(tty);
	tty->spoilt = true;
}
