#include "tools/decode/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "scan/capture.h"

struct session {
	struct gw_raw *raw;
	struct gw_frame frame;
	struct gw_capture capture;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int gw_raw_capture_open(FILE **file, const char *path, struct gw_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	*file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (*file == NULL) {
		int problem = errno;

		if (fd >= 0)
			close(fd);
		return gw_err_errno(err, GW_E_STORAGE, problem, "%s", path);
	}
	return GW_OK;
}

static void save_line(void *ctx, const char *text, size_t len)
{
	FILE *f = ctx;

	(void)fwrite(text, 1, len, f);
	fflush(f);
}

static void save_burst(struct session *s)
{
	if (s->raw->capture != NULL)
		gw_capture_end(&s->capture);
}

static void decode_frame(struct session *s)
{
	struct gw_decode *d = s->raw->decode;

	if (s->frame.style == GW_FRAME_SSI)
		gw_decode_ssi(d, s->frame.code_type, s->frame.data, s->frame.len);
	else
		gw_decode_one(d, s->frame.data, s->frame.len);
}

static void take_event(struct session *s, enum gw_frame_event event)
{
	struct gw_decode *d = s->raw->decode;

	switch (event) {
	case GW_FRAME_NONE:
		return;
	case GW_FRAME_SCAN:
		decode_frame(s);
		break;
	case GW_FRAME_REPEAT:
		break;
	case GW_FRAME_TOO_LONG:
		gw_decode_fault(d, "longer than 4096 bytes", GW_SCAN_DATA_MAX);
		break;
	case GW_FRAME_DAMAGED:
		gw_decode_fault(d, "a damaged transmission", -1);
		break;
	}
	save_burst(s);
}

static void take_byte(struct session *s, uint8_t byte)
{
	if (s->raw->capture != NULL)
		gw_capture_bytes(&s->capture, &byte, 1, (uint32_t)now_ms());
	gw_profile_strip(s->raw->profile, &byte, 1);
	take_event(s, gw_frame_push(&s->frame, byte));
}

static void pause_came(struct session *s)
{
	take_event(s, gw_frame_idle(&s->frame));
	save_burst(s);
}

/* Waits for more input; ends a scan at a pause, and writes out what there is before it waits. */
static ssize_t read_live(struct session *s, int fd, uint8_t *room, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		ssize_t n;

		if (poll(&p, 1, 0) == 0) {
			gw_decode_flush(s->raw->decode);
			if (poll(&p, 1, s->raw->idle_ms) == 0) {
				pause_came(s);
				gw_decode_flush(s->raw->decode);
				poll(&p, 1, -1);
			}
		}
		n = read(fd, room, size);
		if (n >= 0 || errno != EINTR)
			return n;
	}
}

int gw_raw_run(struct gw_raw *raw, int fd)
{
	static struct session s;
	static uint8_t room[65536];
	ssize_t n = 0;

	s.raw = raw;
	if (raw->capture != NULL)
		gw_capture_begin(&s.capture, save_line, raw->capture);
	gw_frame_init(&s.frame, raw->profile->style);
	while (raw->decode->status == GW_OK && (n = read_live(&s, fd, room, sizeof(room))) > 0)
		for (ssize_t i = 0; i < n; i++)
			take_byte(&s, room[i]);
	if (n < 0 && errno != EIO) /* a terminal that hung up says EIO: an end like another */
		return gw_err_errno(raw->decode->err, GW_E_DEVICE, errno, "cannot read");
	pause_came(&s);
	gw_scan_wipe(room, sizeof(room));
	gw_scan_wipe(&s, sizeof(s));
	return raw->decode->status;
}

static size_t read_some(int fd, uint8_t *room, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, room + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

/* Takes the bytes out of a capture, in place; returns how many. */
static size_t open_capture(uint8_t *text, size_t len)
{
	size_t out = 0, at = 0;

	while (at < len) {
		uint8_t *end = memchr(text + at, '\n', len - at), *blank;
		size_t stop = end != NULL ? (size_t)(end - text) : len;
		long fault, n;

		blank = memchr(text + at, ' ', stop - at);
		if (text[at] != '#' && blank != NULL) {
			size_t from = (size_t)(blank - text) + 1;

			n = gw_decode_unescape(text + from, stop - from, &fault);
			if (n > 0) {
				memmove(text + out, text + from, (size_t)n);
				out += (size_t)n;
			}
		}
		at = stop + 1;
	}
	return out;
}

static void print_fit(struct gw_decode *d, const struct gw_profile_fit *fit)
{
	struct gw_json j = gw_json_over(d->out);

	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "profile", fit->profile->name);
	gw_json_member_string(&j, "title", fit->profile->title);
	gw_json_member_int(&j, "score", fit->score);
	gw_json_member_int(&j, "scans", fit->scans);
	gw_json_member_string(&j, "reason", fit->reason);
	gw_json_end(&j, '}');
	gw_text_add_char(d->out, '\n');
}

int gw_raw_guess(struct gw_decode *d, int fd)
{
	static uint8_t room[8 * GW_PROFILE_BYTES_MAX];
	struct gw_profile_fit fits[GW_PROFILE_FITS_MAX];
	size_t len = read_some(fd, room, sizeof(room));
	char advice[160];
	int count;

	if (len >= sizeof(GW_CAPTURE_HEAD) - 1 &&
	    memcmp(room, GW_CAPTURE_HEAD, sizeof(GW_CAPTURE_HEAD) - 1) == 0)
		len = open_capture(room, len);
	if (len == 0)
		return gw_err_set(d->err, GW_E_INPUT, "nothing was captured");
	count = gw_profile_guess(room, len, fits);
	for (int i = 0; i < count; i++)
		print_fit(d, &fits[i]);
	gw_profile_advice(room, len, advice, sizeof(advice));
	if (advice[0] != '\0') {
		struct gw_json j = gw_json_over(d->out);

		gw_json_begin(&j, '{');
		gw_json_member_string(&j, "advice", advice);
		gw_json_end(&j, '}');
		gw_text_add_char(d->out, '\n');
	}
	gw_scan_wipe(room, sizeof(room));
	return GW_OK;
}
