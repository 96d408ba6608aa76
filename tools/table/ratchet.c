/*
 * Both files are lines of "key chain version", "-" for an empty word, sought by key and chain and
 * only ever raised.
 */
#include "tools/table/ratchet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/home.h"
#include "base/text.h"
#include "tools/table/bundle.h"
#include "tools/table/minisign.h"

#define RATCHET          "trust/ratchet"
#define FLOORS           "trust/floors"
#define RATCHET_FILE_MAX 65536

static const char *word(const char *s)
{
	return s[0] != '\0' ? s : "-";
}

static int read_text(const char *home, const char *file, char path[GW_PATH_MAX], char **text,
		     struct gw_err *err)
{
	size_t len;
	int rc = gw_path_join(path, home, file, err);

	*text = NULL;
	if (rc < 0)
		return rc;
	rc = gw_file_read(path, RATCHET_FILE_MAX, text, &len, err);
	return rc == GW_E_NOT_FOUND ? GW_OK : rc;
}

/* Takes a word of less than size bytes off the front of *line. */
static bool take_word(const char **line, char *out, size_t size)
{
	size_t len = strcspn(*line, " ");

	if (len == 0 || len >= size || (*line)[len] != ' ')
		return false;
	memcpy(out, *line, len);
	out[len] = '\0';
	*line += len + 1;
	return true;
}

/* Reads one line; false when it is not of our form. */
static bool parse_line(const char *line, char key[GW_KEY_ID_SIZE], char chain[GW_ID_MAX],
		       long long *version)
{
	char *end;

	if (!take_word(&line, key, GW_KEY_ID_SIZE) || !take_word(&line, chain, GW_ID_MAX) ||
	    (strcmp(key, "-") != 0 && !gw_key_id_parse(key, strlen(key), key)))
		return false;
	*version = strtoll(line, &end, 10);
	return end != line && *end == '\0' && *version > 0;
}

static int get(const char *home, const char *file, const char *key_id, const char *chain,
	       long long *version, struct gw_err *err)
{
	char path[GW_PATH_MAX], *text, *rest, *line;
	int rc = read_text(home, file, path, &text, err);

	*version = 0;
	rest = text;
	while (rc == GW_OK && rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		char key[GW_KEY_ID_SIZE], seen[GW_ID_MAX];
		long long n;

		if (line[0] == '\0')
			continue;
		if (!parse_line(line, key, seen, &n))
			rc = gw_err_set(err, GW_E_INPUT,
					"%s is damaged; restore it, or delete it to trust anew",
					path);
		else if (strcmp(key, word(key_id)) == 0 && strcmp(seen, word(chain)) == 0)
			*version = n;
	}
	free(text);
	return rc;
}

/* Copies every line but that of key and chain. */
static void copy_others(struct gw_text *out, char *text, const char *key_id, const char *chain)
{
	char *line;

	while (text != NULL && (line = strsep(&text, "\n")) != NULL) {
		char key[GW_KEY_ID_SIZE], seen[GW_ID_MAX];
		long long n;

		if (parse_line(line, key, seen, &n) &&
		    (strcmp(key, word(key_id)) != 0 || strcmp(seen, word(chain)) != 0))
			gw_text_addf(out, "%s\n", line);
	}
}

static int set(const char *home, const char *file, const char *key_id, const char *chain,
	       long long version, struct gw_err *err)
{
	char path[GW_PATH_MAX], dir[GW_PATH_MAX], *text, *room;
	struct gw_text out;
	long long now;
	int rc = get(home, file, key_id, chain, &now, err);

	if (rc < 0 || version <= now)
		return rc;
	if ((rc = gw_path_join(dir, home, "trust", err)) < 0 || (rc = gw_home_make(dir, err)) < 0 ||
	    (rc = read_text(home, file, path, &text, err)) < 0)
		return rc;
	room = malloc(RATCHET_FILE_MAX);
	if (room != NULL) {
		out = gw_text_over(room, RATCHET_FILE_MAX);
		copy_others(&out, text, key_id, chain);
		gw_text_addf(&out, "%s %s %lld\n", word(key_id), word(chain), version);
		rc = out.cut ? gw_err_set(err, GW_E_INPUT, "%s is full", path)
			     : gw_file_replace(path, out.at, out.len, err);
	} else {
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	free(room);
	free(text);
	return rc;
}

int gw_ratchet_get(const char *home, const char *key_id, const char *chain, long long *version,
		   struct gw_err *err)
{
	return get(home, RATCHET, key_id, chain, version, err);
}

int gw_ratchet_set(const char *home, const char *key_id, const char *chain, long long version,
		   struct gw_err *err)
{
	return set(home, RATCHET, key_id, chain, version, err);
}

int gw_floor_get(const char *home, const char *key_id, const char *chain, long long *version,
		 struct gw_err *err)
{
	return get(home, FLOORS, key_id, chain, version, err);
}

int gw_floor_set(const char *home, const char *key_id, const char *chain, long long version,
		 struct gw_err *err)
{
	return set(home, FLOORS, key_id, chain, version, err);
}
