#include "tools/mine/source.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <zstd.h>

extern char **environ;

struct gw_source {
	char name[1024];
	int fd;
	pid_t helper; /* gzip, 0 for none */
	bool ended;
	ZSTD_DStream *zstd;
	ZSTD_inBuffer packed; /* what is read and not yet unpacked; src is room */
	size_t zstd_hint;     /* 0: stands at the end of a frame */
	char *room;
	bool progress, shown;
	uint64_t bytes;
	int64_t shown_ms;
};

static bool ends_with(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);

	return n > m && strcmp(path + n - m, ending) == 0;
}

static int open_failed(const char *path, struct gw_err *err)
{
	int code = errno == ENOENT ? GW_E_NOT_FOUND : errno == EACCES ? GW_E_DENIED : GW_E_STORAGE;

	return gw_err_errno(err, code, errno, "%s", path);
}

/* Starts gzip between the file and us; the source then reads what gzip writes. */
static int start_gzip(struct gw_source *s, struct gw_err *err)
{
	char *argv[] = {"gzip", "-dcq", NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "%s", s->name);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, s->fd, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	rc = posix_spawnp(&s->helper, "gzip", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	close(s->fd);
	s->fd = ends[0];
	if (rc == 0)
		return GW_OK;
	s->helper = 0;
	return gw_err_errno(err, GW_E_UNSUPPORTED, rc, "%s: cannot start gzip", s->name);
}

static int start_zstd(struct gw_source *s, struct gw_err *err)
{
	s->zstd = ZSTD_createDStream();
	s->room = malloc(ZSTD_DStreamInSize());
	s->packed.src = s->room;
	if (s->zstd == NULL || s->room == NULL)
		return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", s->name);
	return GW_OK;
}

static void release(struct gw_source *s)
{
	if (s->fd > 0)
		close(s->fd);
	ZSTD_freeDStream(s->zstd);
	free(s->room);
	free(s);
}

int gw_source_open(struct gw_source **out, const char *path, bool progress, struct gw_err *err)
{
	struct gw_source *s = calloc(1, sizeof(*s));
	struct stat st;
	int rc = GW_OK;

	*out = NULL;
	if (s == NULL)
		return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", path);
	snprintf(s->name, sizeof(s->name), "%s", strcmp(path, "-") == 0 ? "standard input" : path);
	s->progress = progress && isatty(2);
	s->fd = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		rc = open_failed(path, err);
	else if (fstat(s->fd, &st) == 0 && S_ISDIR(st.st_mode))
		rc = gw_err_set(err, GW_E_INPUT, "%s: is a directory", path);
	else if (ends_with(path, ".gz"))
		rc = start_gzip(s, err);
	else if (ends_with(path, ".zst"))
		rc = start_zstd(s, err);
	if (rc < 0)
		release(s);
	else
		*out = s;
	return rc;
}

const char *gw_source_name(const struct gw_source *s)
{
	return s->name;
}

static void show_progress(struct gw_source *s, size_t more)
{
	struct timespec now;
	int64_t ms;

	s->bytes += more;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000;
	if (ms - s->shown_ms < 250)
		return;
	if (s->shown_ms != 0) {
		fprintf(stderr, "\r%s: %.1f MB read\033[K", s->name, (double)s->bytes / 1e6);
		s->shown = true;
	}
	s->shown_ms = ms;
}

static ssize_t read_fd(int fd, char *room, size_t size)
{
	ssize_t n;

	do
		n = read(fd, room, size);
	while (n < 0 && errno == EINTR);
	return n;
}

static int64_t read_zstd(struct gw_source *s, char *room, size_t size)
{
	ZSTD_outBuffer out = {room, size, 0};

	while (out.pos == 0) {
		if (s->packed.pos == s->packed.size) {
			ssize_t n = read_fd(s->fd, s->room, ZSTD_DStreamInSize());

			if (n <= 0)
				return n;
			s->packed.size = (size_t)n;
			s->packed.pos = 0;
		}
		s->zstd_hint = ZSTD_decompressStream(s->zstd, &out, &s->packed);
		if (ZSTD_isError(s->zstd_hint)) {
			errno = EBADMSG;
			return -1;
		}
	}
	return (int64_t)out.pos;
}

int64_t gw_source_read(void *ctx, char *room, size_t size)
{
	struct gw_source *s = ctx;
	int64_t n = s->zstd != NULL ? read_zstd(s, room, size) : read_fd(s->fd, room, size);

	if (n == 0)
		s->ended = true;
	if (n > 0 && s->progress)
		show_progress(s, (size_t)n);
	return n;
}

int gw_source_close(struct gw_source *s, struct gw_err *err)
{
	int rc = GW_OK, status = 0;

	if (s == NULL)
		return GW_OK;
	if (s->shown)
		fprintf(stderr, "\r\033[K");
	/* A reader that gave up early closes the pipe first, so that gzip ends. */
	if (s->helper > 0) {
		close(s->fd);
		s->fd = -1;
		while (waitpid(s->helper, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (s->ended && (status != 0 || (s->zstd != NULL && s->zstd_hint != 0)))
		rc = gw_err_set(err, GW_E_INPUT,
				"%s: the compressed file is damaged or cut off; what came before "
				"the damage was read",
				s->name);
	release(s);
	return rc;
}
