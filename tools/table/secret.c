#include "tools/table/secret.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/home.h"

#define PASSWORD_MAX 1024
#define KEY_FILE_MAX 4096

static int password_of_file(const char *path, char out[PASSWORD_MAX], struct gw_err *err)
{
	char *text;
	size_t len;
	int rc = gw_file_read(path, PASSWORD_MAX - 1, &text, &len, err);

	if (rc < 0)
		return rc;
	snprintf(out, PASSWORD_MAX, "%.*s", (int)strcspn(text, "\r\n"), text);
	gw_minisign_wipe(text, len);
	free(text);
	return GW_OK;
}

static void ends_the_read(int number)
{
	(void)number;
}

/*
 * Reads without an echo.  Ctrl-C ends it, but not before the terminal shows again what is typed.
 * Signals are let in only while it waits: one between the prompt and the wait would end nothing.
 */
static ssize_t read_hidden(int fd, char out[PASSWORD_MAX])
{
	static const char prompt[] = "Password of the key: ";
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction before[4], action = {.sa_handler = ends_the_read};
	struct pollfd line = {.fd = fd, .events = POLLIN};
	struct termios shown, hidden;
	sigset_t blocked, open;
	ssize_t n = -1;

	if (tcgetattr(fd, &shown) != 0)
		return -1;
	sigemptyset(&blocked);
	for (int i = 0; i < 4; i++)
		sigaddset(&blocked, numbers[i]);
	sigprocmask(SIG_BLOCK, &blocked, &open);
	for (int i = 0; i < 4; i++)
		sigaction(numbers[i], &action, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &hidden);
	if (write(fd, prompt, sizeof(prompt) - 1) > 0 && ppoll(&line, 1, NULL, &open) > 0)
		n = read(fd, out, PASSWORD_MAX - 1);
	tcsetattr(fd, TCSAFLUSH, &shown);
	for (int i = 0; i < 4; i++)
		sigaction(numbers[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, &open, NULL);
	return write(fd, "\n", 1) == 1 ? n : -1;
}

/* Asks on the terminal itself, so that a pipe on stdin does not get in the way. */
static int ask_password(char out[PASSWORD_MAX], struct gw_err *err)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd >= 0 ? read_hidden(fd, out) : -1;

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	if (n < 0 && fd >= 0)
		return gw_err_set(err, GW_E_DENIED, "the key is locked, and no password was given");
	if (n < 0)
		return gw_err_set(err, GW_E_DENIED,
				  "the key is locked and there is no terminal to ask for its "
				  "password; use --password-file");
	out[strcspn(out, "\r\n")] = '\0';
	return GW_OK;
}

static int unlock(struct gw_secret_key *key, const char *text, const char *password_file,
		  struct gw_err *err)
{
	char password[PASSWORD_MAX];
	int rc;

	if (!gw_secret_key_is_locked(text))
		return gw_secret_key_read(key, text, NULL, err);
	rc = password_file != NULL ? password_of_file(password_file, password, err)
				   : ask_password(password, err);
	if (rc == GW_OK)
		rc = gw_secret_key_read(key, text, password, err);
	gw_minisign_wipe(password, sizeof(password));
	return rc;
}

int gw_secret_key_load(struct gw_secret_key *key, const char *path, const char *password_file,
		       struct gw_err *err)
{
	struct gw_err why = {0};
	char *text;
	size_t len;
	int rc = gw_file_read(path, KEY_FILE_MAX, &text, &len, err);

	if (rc < 0)
		return rc;
	rc = unlock(key, text, password_file, &why);
	gw_minisign_wipe(text, len);
	free(text);
	return rc < 0 ? gw_err_set(err, rc, "%s: %s", path, why.text) : GW_OK;
}
