#include "tools/table/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/home.h"
#include "tools/table/bundle.h"

#define KEY_FILE_MAX 4096

static int add_text(struct gw_trust *trust, const char *text, const char *name, struct gw_err *err)
{
	struct gw_err why;

	if (trust->count == GW_TRUST_KEYS_MAX)
		return gw_err_set(err, GW_E_INPUT, "more than %d keys are trusted; remove old ones",
				  GW_TRUST_KEYS_MAX);
	if (gw_public_key_read(&trust->keys[trust->count], text, &why) < 0)
		return gw_err_set(err, GW_E_INPUT, "%s: %s", name, why.text);
	trust->recovery[trust->count] = false;
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

/* By its name, since whoever may write there may do as he likes anyway. */
static bool is_recovery_file(const char *name)
{
	return strncmp(name, "recovery", 8) == 0;
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
	while (rc == GW_OK && (entry = readdir(d)) != NULL) {
		if (!is_key_file(entry->d_name))
			continue;
		rc = gw_path_join(path, dir, entry->d_name, err);
		if (rc == GW_OK)
			rc = add_file(trust, path, err);
		if (rc == GW_OK)
			trust->recovery[trust->count - 1] = is_recovery_file(entry->d_name);
	}
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

bool gw_trust_is_recovery(const struct gw_trust *trust, const char *key_id)
{
	for (int i = 0; i < trust->count; i++) {
		char id[GW_KEY_ID_SIZE];

		gw_key_id_format(trust->keys[i].id, id);
		if (strcmp(id, key_id) == 0)
			return trust->recovery[i];
	}
	return false;
}
