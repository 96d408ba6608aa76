#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/home.h"

int gw_db_code(int sqlite_rc)
{
	switch (sqlite_rc & 0xFF) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return GW_OK;
	case SQLITE_NOMEM:
		return GW_E_MEMORY;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return GW_E_INPUT;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return GW_E_DENIED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return GW_E_AGAIN;
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_ERROR:
		return GW_E_BUG;
	default:
		return GW_E_STORAGE;
	}
}

int gw_db_fail(sqlite3 *db, struct gw_err *err, const char *what)
{
	int code = gw_db_code(sqlite3_extended_errcode(db));
	int errnum = sqlite3_system_errno(db);

	if (code == GW_OK)
		code = GW_E_STORAGE;
	if (errnum != 0 &&
	    (sqlite3_errcode(db) == SQLITE_IOERR || sqlite3_errcode(db) == SQLITE_CANTOPEN))
		return gw_err_errno(err, code, errnum, "%s: %s", what, sqlite3_errmsg(db));
	return gw_err_set(err, code, "%s: %s", what, sqlite3_errmsg(db));
}

int gw_db_exec(sqlite3 *db, const char *sql, struct gw_err *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return gw_db_fail(db, err, sqlite3_db_filename(db, "main"));
	return GW_OK;
}

int gw_db_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql, struct gw_err *err)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK)
		return gw_db_fail(db, err, sqlite3_db_filename(db, "main"));
	return GW_OK;
}

const char *gw_db_network_fs(unsigned long statfs_type)
{
	static const struct {
		unsigned long type;
		const char *name;
	} rows[] = {
		{0x6969, "NFS"},        {0xFF534D42, "CIFS"},  {0xFE534D42, "SMB"},
		{0x517B, "SMB"},        {0x564C, "NCP"},       {0x5346414F, "AFS"},
		{0x6B414653, "AFS"},    {0x73757245, "Coda"},  {0x00C36400, "Ceph"},
		{0x0BD00BD0, "Lustre"}, {0x7461636F, "OCFS2"}, {0x01161970, "GFS2"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == (statfs_type & 0xFFFFFFFFu))
			return rows[i].name;
	return NULL;
}

void gw_db_folder(char *out, size_t size, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(out, size, ".");
	else
		snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

int gw_db_check_place(const char *path, struct gw_err *err)
{
	char folder[GW_PATH_MAX];
	struct statfs fs;
	const char *name;

	gw_db_folder(folder, sizeof(folder), path);
	if (statfs(folder, &fs) != 0)
		return gw_err_errno(err,
				    errno == ENOENT   ? GW_E_NOT_FOUND
				    : errno == EACCES ? GW_E_DENIED
						      : GW_E_STORAGE,
				    errno, "cannot use the folder %s", folder);
	name = gw_db_network_fs((unsigned long)fs.f_type);
	if (name != NULL)
		return gw_err_set(err, GW_E_UNSUPPORTED,
				  "%s lies on a network file system (%s), where a journal is not "
				  "safe: choose a local disk with --home",
				  folder, name);
	return GW_OK;
}

/* SQLite would create with the umask's mode; the other programs of the group must read it too. */
static int make_file(const char *path, struct gw_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

	if (fd >= 0) {
		close(fd);
		return GW_OK;
	}
	if (errno == EEXIST)
		return GW_OK;
	return gw_err_errno(err,
			    errno == EACCES || errno == EROFS || errno == EPERM ? GW_E_DENIED
										: GW_E_STORAGE,
			    errno, "cannot create %s", path);
}

/* SQLite says "unable to open database file" for everything; the system's words say more. */
static int explain(const char *path, enum gw_db_mode mode, struct gw_err *err)
{
	struct stat st;
	int code = GW_E_STORAGE;

	if (stat(path, &st) != 0) {
		code = errno == ENOENT ? GW_E_NOT_FOUND : errno == EACCES ? GW_E_DENIED : code;
		return gw_err_errno(err, code, errno, "cannot open %s", path);
	}
	if (S_ISDIR(st.st_mode))
		return gw_err_set(err, GW_E_INPUT, "%s is a folder, not a file", path);
	if (access(path, mode == GW_DB_READ ? R_OK : R_OK | W_OK) != 0)
		return gw_err_errno(err, GW_E_DENIED, errno, "cannot open %s", path);
	return GW_OK;
}

#define URI_MAX (3 * GW_PATH_MAX + 64)

static void make_uri(char uri[URI_MAX], const char *path, const char *query)
{
	size_t n = 5;

	memcpy(uri, "file:", 6);
	for (const char *p = path; *p != '\0' && n + 64 < URI_MAX; p++)
		if (strchr("%?# ", *p) != NULL)
			n += (size_t)snprintf(uri + n, 4, "%%%02X", (unsigned char)*p);
		else
			uri[n++] = *p;
	snprintf(uri + n, URI_MAX - n, "%s", query);
}

static int open_uri(sqlite3 **db, const char *path, const char *query, int flags, const char *vfs)
{
	char uri[URI_MAX];
	int rc;

	make_uri(uri, path, query);
	rc = sqlite3_open_v2(uri, db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, vfs);
	if (*db != NULL) {
		sqlite3_extended_result_codes(*db, 1);
		sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_busy_timeout(*db, 100);
	}
	return rc;
}

/* Opening is lazy: only a first read shows whether the file can be used. */
static int first_read(sqlite3 *db)
{
	return sqlite3_exec(db, "PRAGMA schema_version", NULL, NULL, NULL);
}

/*
 * A database at rest on read-only media has a WAL header but no -wal and -shm, and SQLite cannot
 * make them there.  Nobody else can write it either, so an immutable view is safe.
 */
static bool at_rest(const char *path)
{
	char wal[GW_PATH_MAX + 8];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	return stat(wal, &st) != 0 || st.st_size == 0;
}

int gw_db_open(sqlite3 **db, const char *path, enum gw_db_mode mode, const char *vfs,
	       struct gw_err *err)
{
	int flags = mode == GW_DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int rc = mode == GW_DB_CREATE ? make_file(path, err) : GW_OK;

	*db = NULL;
	if (rc == GW_OK)
		rc = explain(path, mode, err);
	if (rc < 0)
		return rc;
	rc = open_uri(db, path, "", flags, vfs);
	if (*db == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	if (rc == SQLITE_OK)
		rc = first_read(*db);
	if (rc != SQLITE_OK && mode == GW_DB_READ && at_rest(path) &&
	    ((rc & 0xFF) == SQLITE_CANTOPEN || (rc & 0xFF) == SQLITE_READONLY)) {
		gw_db_close(db);
		rc = open_uri(db, path, "?immutable=1", flags, vfs);
		if (rc == SQLITE_OK)
			rc = first_read(*db);
	}
	if (rc == SQLITE_OK)
		return GW_OK;
	rc = gw_db_fail(*db, err, path);
	if (rc == GW_E_INPUT)
		gw_err_set(err, rc, "%s is damaged or not a database: %s", path,
			   sqlite3_errmsg(*db));
	gw_db_close(db);
	return rc;
}

void gw_db_close(sqlite3 **db)
{
	sqlite3_close(*db);
	*db = NULL;
}

void gw_db_uri(char *out, size_t size, sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");
	char uri[URI_MAX];
	bool still = sqlite3_uri_boolean(path, "immutable", 0) != 0;

	make_uri(uri, path, still ? "?immutable=1" : "?mode=ro");
	snprintf(out, size, "%s", uri);
}

bool gw_db_is(const char *path, int32_t application_id)
{
	/* Byte 68 of the file's header, big-endian (SQLite file format, section 1.3). */
	uint8_t head[72];
	FILE *f = fopen(path, "rb");
	size_t n = f != NULL ? fread(head, 1, sizeof(head), f) : 0;
	uint32_t id;

	if (f != NULL)
		fclose(f);
	if (n != sizeof(head))
		return false;
	id = (uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 | (uint32_t)head[70] << 8 |
	     head[71];
	return id == (uint32_t)application_id;
}

static int read_int(sqlite3 *db, const char *sql, int64_t *out, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(db, &stmt, sql, err);

	if (rc < 0)
		return rc;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	else
		rc = gw_db_fail(db, err, sqlite3_db_filename(db, "main"));
	sqlite3_finalize(stmt);
	return rc;
}

int gw_db_identify(sqlite3 *db, const char *path, int32_t application_id, int newest,
		   const char *what, struct gw_err *err)
{
	int64_t id = 0, version = 0, objects = 0;
	int rc = read_int(db, "PRAGMA application_id", &id, err);

	if (rc == GW_OK)
		rc = read_int(db, "PRAGMA user_version", &version, err);
	if (rc == GW_OK)
		rc = read_int(db, "SELECT count(*) FROM sqlite_schema", &objects, err);
	if (rc < 0)
		return rc;
	if (id == 0 && version == 0 && objects == 0)
		return 0;
	if (id != application_id)
		return gw_err_set(err, GW_E_INPUT,
				  "%s is a database, but not a %s of goeswith: choose another file",
				  path, what);
	if (version < 1 || version > newest)
		return gw_err_set(err, GW_E_INPUT,
				  "%s has schema version %lld, this program knows up to %d: update "
				  "goeswith",
				  path, (long long)version, newest);
	return 1;
}
