#include "tools/table/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/home.h"
#include "base/text.h"
#include "tools/table/bundle.h"

#define KEY_FILE_MAX     4096
#define RATCHET_FILE_MAX 65536

static int add_text(struct gw_trust *trust, const char *text, const char *name, struct gw_err *err)
{
	struct gw_err why;

	if (trust->count == GW_TRUST_KEYS_MAX)
		return gw_err_set(err, GW_E_INPUT, "more than %d keys are trusted; remove old ones",
				  GW_TRUST_KEYS_MAX);
	if (gw_public_key_read(&trust->keys[trust->count], text, &why) < 0)
		return gw_err_set(err, GW_E_INPUT, "%s: %s", name, why.text);
	trust->count++;
	return GW_OK;
}

static int add_file(struct gw_trust *trust, const char *path, struct gw_err *err)
{
	char *text;
	size_t len;
	int rc = gw_file_read(path, KEY_FILE_MAX, &text, &len, err);

	if (rc < 0)
		return rc;
	rc = add_text(trust, text, path, err);
	free(text);
	return rc;
}

int gw_trust_add(struct gw_trust *trust, const char *file_or_key, struct gw_err *err)
{
	struct gw_public_key key;

	if (gw_public_key_read(&key, file_or_key, NULL) == GW_OK)
		return add_text(trust, file_or_key, "--key", err);
	return add_file(trust, file_or_key, err);
}

static bool is_key_file(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && name[0] != '.' && strcmp(name + len - 4, ".pub") == 0;
}

int gw_trust_load_folder(struct gw_trust *trust, const char *dir, struct gw_err *err)
{
	char path[GW_PATH_MAX];
	const struct dirent *entry;
	int rc = GW_OK;
	DIR *d = opendir(dir);

	*trust = (struct gw_trust){.count = 0};
	if (d == NULL && errno == ENOENT)
		return GW_OK;
	if (d == NULL)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno,
				    "cannot read %s", dir);
	while (rc == GW_OK && (entry = readdir(d)) != NULL)
		if (is_key_file(entry->d_name) &&
		    (rc = gw_path_join(path, dir, entry->d_name, err)) == GW_OK)
			rc = add_file(trust, path, err);
	closedir(d);
	return rc;
}

int gw_trust_load(struct gw_trust *trust, const char *home, struct gw_err *err)
{
	char dir[GW_PATH_MAX];
	int rc = gw_path_join(dir, home, "trust", err);

	*trust = (struct gw_trust){.count = 0};
	return rc == GW_OK ? gw_trust_load_folder(trust, dir, err) : rc;
}

int gw_trust_check(const struct gw_trust *trust, const char *signature, const void *data,
		   size_t len, char key_id[GW_KEY_ID_SIZE], char comment[GW_TRUSTED_COMMENT_MAX],
		   struct gw_err *err)
{
	unsigned char id[8];
	int rc = gw_signature_key_id(signature, id, err);

	key_id[0] = '\0';
	if (rc < 0)
		return rc;
	gw_key_id_format(id, key_id);
	for (int i = 0; i < trust->count; i++)
		if (memcmp(trust->keys[i].id, id, sizeof(id)) == 0)
			return gw_minisign_verify(&trust->keys[i], data, len, signature, comment,
						  err);
	return gw_err_set(err, GW_E_DENIED, "signed with key %s, which is not trusted here",
			  key_id);
}

int gw_trust_verify(const struct gw_trust *trust, const char *dir, const char *manifest, size_t len,
		    char key_id[GW_KEY_ID_SIZE], char comment[GW_TRUSTED_COMMENT_MAX],
		    struct gw_err *err)
{
	char path[GW_PATH_MAX], *signature;
	struct gw_err why = {0};
	size_t got;
	int rc = gw_path_join(path, dir, GW_SIGNATURE_NAME, err);

	key_id[0] = '\0';
	if (rc < 0)
		return rc;
	rc = gw_file_read(path, GW_SIGNATURE_TEXT_MAX, &signature, &got, &why);
	if (rc == GW_E_NOT_FOUND)
		return gw_err_set(err, GW_E_DENIED,
				  "%s is not signed, and this home trusts signed tables only", dir);
	if (rc < 0)
		return gw_err_set(err, rc, "%s", why.text);
	rc = gw_trust_check(trust, signature, manifest, len, key_id, comment, &why);
	free(signature);
	/* Whatever is wrong with a signature, the table is refused. */
	return rc < 0 ? gw_err_set(err, GW_E_DENIED, "%s: %s", path, why.text) : GW_OK;
}

/* --- the ratchet: lines of "key chain version"; "-" stands for an empty word --- */

static const char *word(const char *s)
{
	return s[0] != '\0' ? s : "-";
}

static int ratchet_text(const char *home, char path[GW_PATH_MAX], char **text, struct gw_err *err)
{
	size_t len;
	int rc = gw_path_join(path, home, "trust/ratchet", err);

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

	if (!take_word(&line, key, GW_KEY_ID_SIZE) || !take_word(&line, chain, GW_ID_MAX))
		return false;
	*version = strtoll(line, &end, 10);
	return end != line && *end == '\0' && *version > 0;
}

int gw_ratchet_get(const char *home, const char *key_id, const char *chain, long long *version,
		   struct gw_err *err)
{
	char path[GW_PATH_MAX], *text, *rest, *line;
	int rc = ratchet_text(home, path, &text, err);

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

int gw_ratchet_set(const char *home, const char *key_id, const char *chain, long long version,
		   struct gw_err *err)
{
	char path[GW_PATH_MAX], dir[GW_PATH_MAX], *text, *room;
	struct gw_text out;
	long long now;
	int rc = gw_ratchet_get(home, key_id, chain, &now, err);

	if (rc < 0 || version <= now)
		return rc;
	if ((rc = gw_path_join(dir, home, "trust", err)) < 0 || (rc = gw_home_make(dir, err)) < 0 ||
	    (rc = ratchet_text(home, path, &text, err)) < 0)
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
