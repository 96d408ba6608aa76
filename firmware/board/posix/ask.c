/* Asks the register that runs in this home about its dock: a line of JSON there, lines back. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/home.h"
#include "firmware/board/posix/posix.h"
#include "firmware/board/posix/verbs.h"
#include "scan/capture.h"

#define ANSWER_MS 15000 /* a self-test may wait for a busy link */

/* A connection, and what of the next line has come. */
struct talk {
	int fd;
	size_t len;
	char room[GW_CAPTURE_LINE + 128];
};

static int call(struct talk *t, const char *home, struct gw_err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, home, GW_REGISTER_SOCKET, err);

	if (rc != GW_OK)
		return rc;
	if (strlen(path) >= sizeof(a.sun_path))
		return gw_err_set(err, GW_E_NOT_FOUND, "%s: too long for a socket", path);
	strcpy(a.sun_path, path);
	t->len = 0;
	t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return gw_err_errno(err, GW_E_DEVICE, errno, "no socket");
	if (connect(t->fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return GW_OK;
	rc = errno == EACCES ? gw_err_errno(err, GW_E_DENIED, errno, "%s", path)
			     : gw_err_set(err, GW_E_NOT_FOUND, "no register runs in %s", home);
	close(t->fd);
	t->fd = -1;
	return rc;
}

static int say(struct talk *t, const char *line, struct gw_err *err)
{
	return send(t->fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line)
		       ? GW_OK
		       : gw_err_set(err, GW_E_DEVICE, "the register hung up");
}

/* The next line as JSON, the caller's; NULL with *rc: GW_E_AGAIN when none came in time. */
static json_t *hear(struct talk *t, int64_t until_ms, int *rc, struct gw_err *err)
{
	for (;;) {
		char *end = memchr(t->room, '\n', t->len);
		struct pollfd p = {t->fd, POLLIN, 0};
		int64_t left = until_ms - gw_posix_now_ms();
		ssize_t n;

		if (end != NULL) {
			json_t *root = json_loadb(t->room, (size_t)(end - t->room), 0, NULL);

			t->len -= (size_t)(end + 1 - t->room);
			memmove(t->room, end + 1, t->len);
			*rc = root != NULL ? GW_OK
					   : gw_err_set(err, GW_E_INPUT, "the answer is not JSON");
			return root;
		}
		*rc = GW_E_AGAIN;
		if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
			gw_err_set(err, GW_E_AGAIN, "the register does not answer");
			return NULL;
		}
		n = recv(t->fd, t->room + t->len, sizeof(t->room) - t->len, 0);
		if (n <= 0) {
			*rc = gw_err_set(err, GW_E_DEVICE, "the register hung up");
			return NULL;
		}
		t->len += (size_t)n;
	}
}

/* What the register could not do, in its own words. */
static int is_error(const json_t *root, struct gw_err *err)
{
	const char *on = json_string_value(json_object_get(root, "on"));
	const char *text = json_string_value(json_object_get(root, "text"));

	if (on == NULL || strcmp(on, "error") != 0)
		return GW_OK;
	return gw_err_set(err, (int)json_integer_value(json_object_get(root, "code")), "%s",
			  text != NULL ? text : "the register refused");
}

static int ask_one(const char *home, const char *line, json_t **answer, struct gw_err *err)
{
	struct talk t = {.fd = -1};
	int rc = call(&t, home, err);

	*answer = NULL;
	if (rc != GW_OK)
		return rc;
	rc = say(&t, line, err);
	if (rc == GW_OK)
		*answer = hear(&t, gw_posix_now_ms() + ANSWER_MS, &rc, err);
	if (*answer != NULL)
		rc = is_error(*answer, err);
	close(t.fd);
	return rc;
}

int gw_ask_status(const char *home, struct gw_dock_report *report, struct gw_err *err)
{
	json_t *answer;
	char *text;
	int rc = ask_one(home, "{\"do\":\"status\"}\n", &answer, err);

	if (rc == GW_OK) {
		text = json_dumps(json_object_get(answer, "dock"), JSON_COMPACT);
		rc = text != NULL ? gw_dock_report_read(report, text, strlen(text), err)
				  : gw_err_set(err, GW_E_INPUT, "the register told nothing");
		free(text);
	}
	json_decref(answer);
	return rc;
}

int gw_ask_test(const char *home, bool loop, struct test_result *result, struct gw_err *err)
{
	json_t *answer;
	int rc = ask_one(home,
			 loop ? "{\"do\":\"selftest\",\"loop\":true}\n" : "{\"do\":\"selftest\"}\n",
			 &answer, err);

	if (rc == GW_OK) {
		result->tested = (uint8_t)json_integer_value(json_object_get(answer, "tested"));
		result->failed = (uint8_t)json_integer_value(json_object_get(answer, "failed"));
		result->round_trip_us =
			json_integer_value(json_object_get(answer, "round_trip_us"));
	}
	json_decref(answer);
	return rc;
}

int gw_ask_capture(const char *home, int seconds, struct tape *tape, struct gw_err *err)
{
	int64_t until = gw_posix_now_ms() + seconds * 1000LL;
	struct talk t = {.fd = -1};
	int rc = call(&t, home, err);
	bool more = true;

	if (rc == GW_OK)
		rc = say(&t, "{\"do\":\"capture\"}\n", err);
	while (rc == GW_OK && more) {
		json_t *answer = hear(&t, until, &rc, err);
		json_t *text = json_object_get(answer, "text");

		if (answer != NULL)
			rc = is_error(answer, err);
		if (answer != NULL && rc == GW_OK)
			more = gw_tape_line(tape, json_string_value(text),
					    json_string_length(text));
		json_decref(answer);
		if (rc == GW_E_AGAIN && gw_posix_now_ms() >= until)
			more = false, rc = GW_OK; /* the time that was asked for is over */
	}
	if (t.fd >= 0)
		close(t.fd);
	return rc;
}
