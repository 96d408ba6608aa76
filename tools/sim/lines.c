#include "tools/sim/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/source.h"

#define ROOM_START 65536
#define ROOM_MAX   (16 << 20)

struct gw_lines {
	struct gw_source *source;
	char *room; /* owned, one byte longer than size */
	size_t size, from, len;
	uint64_t number;
	bool ended;
};

int gw_lines_open(struct gw_lines **lines, const char *path, struct gw_err *err)
{
	struct gw_lines *l = calloc(1, sizeof(*l));
	int rc;

	*lines = NULL;
	if (l == NULL || (l->room = malloc(ROOM_START + 1)) == NULL) {
		free(l);
		return gw_err_set(err, GW_E_MEMORY, "no memory to read %s", path);
	}
	l->size = ROOM_START;
	rc = gw_source_open(&l->source, path, true, err);
	if (rc < 0) {
		free(l->room);
		free(l);
		return rc;
	}
	*lines = l;
	return GW_OK;
}

static int make_room(struct gw_lines *l, struct gw_err *err)
{
	char *room;

	memmove(l->room, l->room + l->from, l->len - l->from);
	l->len -= l->from;
	l->from = 0;
	if (l->len < l->size)
		return GW_OK;
	if (l->size == ROOM_MAX)
		return gw_err_set(err, GW_E_INPUT, "%s, line %llu: longer than %d bytes",
				  gw_source_name(l->source), (unsigned long long)l->number + 1,
				  ROOM_MAX);
	room = realloc(l->room, l->size * 2 + 1);
	if (room == NULL)
		return gw_err_set(err, GW_E_MEMORY, "no memory for a line of %s",
				  gw_source_name(l->source));
	l->room = room;
	l->size *= 2;
	return GW_OK;
}

static int read_more(struct gw_lines *l, struct gw_err *err)
{
	int64_t n;
	int rc = make_room(l, err);

	if (rc < 0)
		return rc;
	n = gw_source_read(l->source, l->room + l->len, l->size - l->len);
	if (n < 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "%s", gw_source_name(l->source));
	l->len += (size_t)n;
	l->ended = n == 0;
	return GW_OK;
}

int gw_lines_next(struct gw_lines *l, char **line, size_t *len, struct gw_err *err)
{
	size_t looked = 0, end;
	char *feed;

	while ((feed = memchr(l->room + l->from + looked, '\n', l->len - l->from - looked)) ==
		       NULL &&
	       !l->ended) {
		int rc;

		looked = l->len - l->from;
		rc = read_more(l, err);
		if (rc < 0)
			return rc;
	}
	if (feed == NULL && l->from == l->len)
		return 0;
	*line = l->room + l->from;
	end = feed != NULL ? (size_t)(feed - l->room) : l->len;
	l->number++;
	*len = end - l->from;
	l->from = end + (feed != NULL);
	if (*len > 0 && (*line)[*len - 1] == '\r')
		(*len)--;
	(*line)[*len] = '\0';
	return 1;
}

int gw_lines_close(struct gw_lines *l, struct gw_err *err)
{
	int rc;

	if (l == NULL)
		return GW_OK;
	rc = gw_source_close(l->source, err);
	free(l->room);
	free(l);
	return rc;
}
