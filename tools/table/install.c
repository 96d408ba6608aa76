#include "tools/table/install.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "model/table.h"
#include "store/table_db.h"

struct paths {
	char table[GW_PATH_MAX], previous[GW_PATH_MAX], fresh[GW_PATH_MAX], link[GW_PATH_MAX];
};

/* What is in force now; version "" when nothing is. */
struct in_force {
	char version[GW_ID_MAX], chain[GW_ID_MAX];
	struct gw_table_origin origin;
};

/* The home is locked, so the temporary names may be fixed: what a killed installation left there
 * is cleared away by the next one. */
static int find_paths(struct paths *p, const char *home, struct gw_err *err)
{
	int rc;

	if ((rc = gw_path_join(p->table, home, "table.db", err)) < 0 ||
	    (rc = gw_path_join(p->previous, home, "table.prev.db", err)) < 0 ||
	    (rc = gw_path_join(p->fresh, home, "table.new.tmp", err)) < 0)
		return rc;
	return gw_path_join(p->link, home, "table.old.tmp", err);
}

/* The home's lock is held until the descriptor is closed. */
static int lock_home(const char *home, int *fd, struct gw_err *err)
{
	*fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno,
				    "cannot open %s", home);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return GW_OK;
	close(*fd);
	*fd = -1;
	return gw_err_set(err, GW_E_AGAIN, "another installation is at work in %s; try again",
			  home);
}

/* A table that cannot be read any more does not stand in the way of a new one. */
static void look(struct in_force *now, const char *path)
{
	*now = (struct in_force){.version = ""};
	if (gw_table_origin(&now->origin, path, NULL) < 0)
		return;
	snprintf(now->version, sizeof(now->version), "%s", now->origin.version);
	snprintf(now->chain, sizeof(now->chain), "%s", now->origin.chain);
}

static int check_chain(const struct gw_install *how, const struct gw_manifest *m,
		       const struct in_force *now, struct gw_err *err)
{
	const char *want = how->chain != NULL ? how->chain : now->chain;

	if (how->chain == NULL && now->version[0] == '\0')
		return GW_OK;
	if (strcmp(want, m->chain) == 0)
		return GW_OK;
	return gw_err_set(err, GW_E_DENIED,
			  "the table is of chain '%s', this till takes '%s'; --chain %s moves it",
			  m->chain, want, m->chain);
}

static int check_version(const struct gw_install *how, const struct gw_manifest *m,
			 const struct in_force *now, const char *key, struct gw_err *err)
{
	long long seen = 0, version = strtoll(now->version, NULL, 10);
	bool same_key = strcmp(now->origin.key, key) == 0;
	int rc = GW_OK;

	if (same_key && strcmp(now->chain, m->chain) == 0)
		seen = version;
	if (key[0] != '\0') {
		long long ratchet;

		rc = gw_ratchet_get(how->home, key, m->chain, &ratchet, err);
		if (ratchet > seen)
			seen = ratchet;
	}
	if (rc < 0 || how->rollback || m->version > seen)
		return rc;
	if (m->version == seen && now->version[0] != '\0' && !same_key)
		return gw_err_set(err, GW_E_DENIED,
				  "version %" PRId64
				  " was here already, and key %s has taken over since; give it a "
				  "higher version",
				  m->version, now->origin.key);
	if (m->version == seen && (now->version[0] == '\0' || version != seen ||
				   strcmp(now->origin.payload, m->hash) == 0))
		return GW_OK;
	if (m->version == seen)
		return gw_err_set(err, GW_E_DENIED,
				  "version %" PRId64
				  " is in force with other content; give the new "
				  "table a higher version",
				  m->version);
	return gw_err_set(err, GW_E_DENIED,
			  "version %" PRId64
			  " is older than %lld, which was here already; give it a "
			  "higher version, or take it with --rollback",
			  m->version, seen);
}

/* A recovery key has put an end to what this key signed before.  --rollback does not help. */
static int check_floor(const char *home, const char *key, const char *chain, long long version,
		       struct gw_err *err)
{
	long long floor = 0;
	int rc = key[0] != '\0' ? gw_floor_get(home, key, chain, &floor, err) : GW_OK;

	if (rc < 0 || version >= floor)
		return rc;
	return gw_err_set(err, GW_E_DENIED,
			  "key %s is taken from version %lld on only: a recovery key said so", key,
			  floor);
}

static int check_floors_allowed(const struct gw_trust *trust, const struct gw_manifest *m,
				const char *key, struct gw_err *err)
{
	if (m->floor_count == 0 || trust->count == 0 || gw_trust_is_recovery(trust, key))
		return GW_OK;
	return gw_err_set(err, GW_E_DENIED,
			  "the table sets a floor under other keys, which only a key named "
			  "recovery*.pub may");
}

/* Raised once the table is in force, and again each time it is installed, so that a crash between
 * both is mended. */
static int raise_floors(const struct gw_install *how, const struct gw_install_result *result,
			struct gw_err *err)
{
	const struct gw_manifest *m = &result->manifest;
	int rc = GW_OK;

	for (int i = 0; i < m->floor_count && rc == GW_OK && result->key[0] != '\0'; i++)
		if (strcmp(m->floors[i].key, result->key) != 0)
			rc = gw_floor_set(how->home, m->floors[i].key, m->chain,
					  m->floors[i].version, err);
	return rc;
}

/* Hard link, so that there is no moment without a table.db. */
static int keep_previous(const struct paths *p, struct gw_err *err)
{
	int rc = GW_OK;

	if (link(p->table, p->link) != 0)
		return errno == ENOENT
			       ? GW_OK
			       : gw_err_errno(err, GW_E_STORAGE, errno,
					      "cannot keep the table in force as %s", p->previous);
	if (rename(p->link, p->previous) != 0)
		rc = gw_err_errno(err, GW_E_STORAGE, errno, "cannot replace %s", p->previous);
	/* When both names are one file already (an install was killed here), rename leaves both. */
	unlink(p->link);
	return rc;
}

static int replace(const struct gw_install *how, const struct gw_table *table,
		   const struct gw_install_result *result, const struct paths *p,
		   struct gw_err *err)
{
	struct gw_table_origin origin = {.installed_ms = how->now_ms};
	int rc;

	snprintf(origin.payload, sizeof(origin.payload), "%s", result->manifest.hash);
	snprintf(origin.key, sizeof(origin.key), "%s", result->key);
	if ((rc = gw_table_save(table, &origin, p->fresh, err)) < 0)
		return rc;
	rc = keep_previous(p, err);
	if (rc == GW_OK && rename(p->fresh, p->table) != 0)
		rc = gw_err_errno(err, GW_E_STORAGE, errno, "cannot replace %s", p->table);
	if (rc < 0) {
		unlink(p->fresh);
		return rc;
	}
	return gw_dir_sync(how->home, err);
}

/* The manifest, its signature checked before it is parsed. */
static int take_manifest(const struct gw_install *how, const char *bundle,
			 struct gw_install_result *result, struct gw_err *err)
{
	char path[GW_PATH_MAX], *text;
	struct gw_trust trust;
	size_t len;
	int rc;

	if ((rc = gw_trust_load(&trust, how->home, err)) < 0 ||
	    (rc = gw_path_join(path, bundle, GW_MANIFEST_NAME, err)) < 0 ||
	    (rc = gw_file_read(path, GW_MANIFEST_MAX, &text, &len, err)) < 0)
		return rc;
	if (trust.count > 0)
		rc = gw_trust_verify(&trust, bundle, text, len, result->key, NULL, err);
	if (rc == GW_OK)
		rc = gw_manifest_parse(&result->manifest, text, len, err);
	if (rc == GW_OK)
		rc = check_floors_allowed(&trust, &result->manifest, result->key, err);
	free(text);
	return rc;
}

static int install_locked(const struct gw_install *how, const char *bundle,
			  struct gw_install_result *result, struct gw_err *err)
{
	struct in_force now;
	struct gw_table *table;
	struct paths p;
	int rc;

	if ((rc = find_paths(&p, how->home, err)) < 0 ||
	    (rc = take_manifest(how, bundle, result, err)) < 0)
		return rc;
	unlink(p.fresh);
	unlink(p.link);
	look(&now, p.table);
	snprintf(result->before, sizeof(result->before), "%s", now.version);
	if ((rc = check_chain(how, &result->manifest, &now, err)) < 0 ||
	    (rc = check_floor(how->home, result->key, result->manifest.chain,
			      result->manifest.version, err)) < 0 ||
	    (rc = check_version(how, &result->manifest, &now, result->key, err)) < 0 ||
	    (rc = gw_bundle_payload(bundle, &result->manifest, &table, err)) < 0)
		return rc;
	result->unchanged = strtoll(now.version, NULL, 10) == result->manifest.version &&
			    strcmp(now.origin.payload, result->manifest.hash) == 0 &&
			    strcmp(now.origin.key, result->key) == 0;
	if (!result->unchanged)
		rc = replace(how, table, result, &p, err);
	gw_table_free(table);
	if (rc == GW_OK && result->key[0] != '\0')
		rc = gw_ratchet_set(how->home, result->key, result->manifest.chain,
				    result->manifest.version, err);
	return rc == GW_OK ? raise_floors(how, result, err) : rc;
}

int gw_table_install(const struct gw_install *how, const char *bundle,
		     struct gw_install_result *result, struct gw_err *err)
{
	int fd, rc;

	*result = (struct gw_install_result){.unchanged = false};
	if ((rc = gw_home_make(how->home, err)) < 0 || (rc = lock_home(how->home, &fd, err)) < 0)
		return rc;
	rc = install_locked(how, bundle, result, err);
	close(fd);
	return rc;
}

int gw_table_restore_previous(const char *home, struct gw_err *err)
{
	struct in_force before;
	struct paths p;
	int fd, rc;

	if ((rc = find_paths(&p, home, err)) < 0 || (rc = lock_home(home, &fd, err)) < 0)
		return rc;
	look(&before, p.previous);
	rc = check_floor(home, before.origin.key, before.chain, strtoll(before.version, NULL, 10),
			 err);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	if (renameat2(AT_FDCWD, p.previous, AT_FDCWD, p.table, RENAME_EXCHANGE) != 0)
		rc = gw_err_errno(err, errno == ENOENT ? GW_E_NOT_FOUND : GW_E_STORAGE, errno,
				  "cannot go back to %s", p.previous);
	else
		rc = gw_dir_sync(home, err);
	close(fd);
	return rc;
}
