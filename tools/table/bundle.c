#include "tools/table/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cli.h"
#include "tools/table/payload.h"

static int code_of(int errnum)
{
	return errnum == EACCES || errnum == EPERM ? GW_E_DENIED : GW_E_STORAGE;
}

/* --- reading --- */

int gw_bundle_manifest(const char *dir, struct gw_manifest *manifest, struct gw_err *err)
{
	char path[GW_PATH_MAX], *text;
	size_t len;
	int rc = gw_path_join(path, dir, GW_MANIFEST_NAME, err);

	if (rc < 0 || (rc = gw_file_read(path, GW_MANIFEST_MAX, &text, &len, err)) < 0)
		return rc;
	rc = gw_manifest_parse(manifest, text, len, err);
	free(text);
	return rc;
}

/* 0.10.2 is newer than 0.9: by numbers, not by letters. */
static bool program_older_than(const char *wanted)
{
	const char *have = GW_VERSION;

	while (*wanted != '\0') {
		char *have_end, *want_end;
		long have_number = strtol(have, &have_end, 10);
		long want_number = strtol(wanted, &want_end, 10);

		if (have_number != want_number || want_end == wanted)
			return have_number < want_number;
		have = have_end + (*have_end == '.');
		wanted = want_end + (*want_end == '.');
	}
	return false;
}

static int parse_payload(const struct gw_manifest *m, const char *raw, struct gw_table **table,
			 struct gw_err *err)
{
	struct gw_table_head head = {
		.issued_ms = m->issued_ms, .expires_ms = m->expires_ms, .chain = m->chain};
	struct gw_table_build *build;
	char version[24];
	int rc = gw_table_build_new(&build, err);

	if (rc < 0)
		return rc;
	snprintf(version, sizeof(version), "%lld", (long long)m->version);
	head.version = version;
	rc = gw_payload_read(raw, (size_t)m->raw_size, build, head, err);
	if (rc < 0)
		gw_table_build_free(build);
	else if ((*table = gw_table_build_done(build)) == NULL)
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory for the table");
	return rc;
}

int gw_bundle_open_payload(const struct gw_manifest *m, const char *packed, size_t len,
			   struct gw_table **table, struct gw_err *err)
{
	char hash[GW_HASH_HEX_SIZE], *raw;
	int rc;

	*table = NULL;
	if (program_older_than(m->min_program))
		return gw_err_set(
			err, GW_E_UNSUPPORTED,
			"the table needs goeswith %s or newer, this is %s; update goeswith",
			m->min_program, GW_VERSION);
	if (len != (size_t)m->size)
		return gw_err_set(
			err, GW_E_INPUT,
			"the payload has %zu bytes, its manifest says %lld; fetch it again", len,
			(long long)m->size);
	gw_hash_hex(packed, len, hash);
	if (strcmp(hash, m->hash) != 0)
		return gw_err_set(err, GW_E_INPUT,
				  "the payload is not the one of its manifest (hash %s); fetch it "
				  "again",
				  hash);
	rc = gw_payload_expand(packed, len, (size_t)m->raw_size, &raw, err);
	if (rc < 0)
		return rc;
	rc = parse_payload(m, raw, table, err);
	free(raw);
	return rc;
}

int gw_bundle_payload(const char *dir, const struct gw_manifest *m, struct gw_table **table,
		      struct gw_err *err)
{
	char path[GW_PATH_MAX], *packed;
	size_t len;
	int rc;

	*table = NULL;
	if ((rc = gw_path_join(path, dir, m->payload, err)) < 0 ||
	    (rc = gw_file_read(path, GW_PAYLOAD_SIZE_MAX, &packed, &len, err)) < 0)
		return rc;
	rc = gw_bundle_open_payload(m, packed, len, table, err);
	free(packed);
	return rc;
}

int gw_bundle_load(const char *dir, struct gw_manifest *manifest, struct gw_table **table,
		   struct gw_err *err)
{
	int rc = gw_bundle_manifest(dir, manifest, err);

	*table = NULL;
	return rc < 0 ? rc : gw_bundle_payload(dir, manifest, table, err);
}

/* --- writing --- */

/* Removes a folder of plain files: an old bundle, or one that could not be finished. */
static void remove_dir(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

/* True if there is nothing at the path, an empty folder, or a bundle. */
static bool may_replace(const char *dir, bool *exists)
{
	struct gw_manifest manifest;
	struct stat st;

	*exists = lstat(dir, &st) == 0;
	if (!*exists)
		return true;
	if (!S_ISDIR(st.st_mode))
		return false;
	return rmdir(dir) == 0 ? (*exists = false, true)
			       : gw_bundle_manifest(dir, &manifest, NULL) == GW_OK;
}

static int write_one(const char *dir, const char *name, const void *data, size_t len,
		     struct gw_err *err)
{
	char path[GW_PATH_MAX];
	int rc = gw_path_join(path, dir, name, err);

	return rc < 0 ? rc : gw_file_replace(path, data, len, err);
}

static int write_files(const char *dir, const char *packed, struct gw_manifest *m,
		       struct gw_err *err)
{
	char text[2000];
	size_t len = gw_manifest_format(m, text, sizeof(text));
	int rc = write_one(dir, m->payload, packed, (size_t)m->size, err);

	return rc < 0 ? rc : write_one(dir, GW_MANIFEST_NAME, text, len, err);
}

static int sync_parent(const char *path, struct gw_err *err)
{
	char parent[GW_PATH_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash == NULL)
		snprintf(parent, sizeof(parent), ".");
	else
		slash[slash == parent] = '\0';
	return gw_dir_sync(parent, err);
}

/* Puts the finished folder in its place; a bundle that stood there goes in the same step. */
static int put_in_place(const char *made, const char *dir, bool exists, struct gw_err *err)
{
	if (exists && renameat2(AT_FDCWD, made, AT_FDCWD, dir, RENAME_EXCHANGE) == 0) {
		remove_dir(made);
		return sync_parent(dir, err);
	}
	/* A file system that cannot exchange (FAT on a USB stick): the old one goes first. */
	if (exists)
		remove_dir(dir);
	if (rename(made, dir) != 0)
		return gw_err_errno(err, code_of(errno), errno, "cannot rename %s to %s", made,
				    dir);
	return sync_parent(dir, err);
}

static int write_dir(const char *dir, const char *packed, struct gw_manifest *m, bool exists,
		     struct gw_err *err)
{
	char made[GW_PATH_MAX];
	int rc;

	if (snprintf(made, sizeof(made), "%s.%ld.tmp", dir, (long)getpid()) >= (int)sizeof(made))
		return gw_err_set(err, GW_E_INPUT, "path too long: %.100s...", dir);
	if (mkdir(made, 0777) != 0)
		return gw_err_errno(err, code_of(errno), errno, "cannot create %s", made);
	rc = write_files(made, packed, m, err);
	if (rc == GW_OK)
		rc = put_in_place(made, dir, exists, err);
	if (rc < 0)
		remove_dir(made);
	return rc;
}

int gw_bundle_write(const char *dir, const struct gw_table *table, struct gw_manifest *m,
		    struct gw_err *err)
{
	char path[GW_PATH_MAX], *raw, *packed;
	size_t raw_len, len, end = strlen(dir);
	bool exists;
	int rc;

	while (end > 1 && dir[end - 1] == '/')
		end--;
	if (snprintf(path, sizeof(path), "%.*s", (int)end, dir) >= (int)sizeof(path))
		return gw_err_set(err, GW_E_INPUT, "path too long: %.100s...", dir);
	if (!may_replace(path, &exists))
		return gw_err_set(err, GW_E_INPUT,
				  "%s is there already and is no bundle; name another folder",
				  path);
	if ((rc = gw_payload_write(table, &raw, &raw_len, err)) < 0)
		return rc;
	rc = gw_payload_compress(raw, raw_len, &packed, &len, err);
	free(raw);
	if (rc < 0)
		return rc;
	m->size = (int64_t)len;
	m->raw_size = (int64_t)raw_len;
	m->items = table->item_count;
	m->rules = table->rule_count;
	gw_hash_hex(packed, len, m->hash);
	snprintf(m->payload, sizeof(m->payload), "%s.ndjson.zst", m->hash);
	rc = write_dir(path, packed, m, exists, err);
	free(packed);
	return rc;
}
