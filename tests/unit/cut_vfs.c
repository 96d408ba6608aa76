#include "tests/unit/cut_vfs.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define FILES  8
#define SECTOR 512
#define REGION 32768

struct content {
	uint8_t *at;
	size_t size;
};

struct node {
	char name[512];
	bool exists;
	struct content now, durable;
	uint8_t *shm[16];
};

struct handle {
	sqlite3_file base;
	struct node *node;
};

static struct {
	struct node node[FILES];
	uint64_t seed;
	enum cut_mode mode;
	int at, count, done;
	bool happened, dark;
	sqlite3_vfs *real;
} fs;

static uint32_t draw(uint32_t below)
{
	fs.seed = fs.seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((fs.seed >> 33) % below);
}

/* Counts an operation; tells whether it must fail, and whether it must take effect. */
static bool strike(bool *effect)
{
	bool hit;

	fs.done++;
	hit = fs.mode != CUT_NONE && fs.done >= fs.at && fs.done < fs.at + fs.count;
	if (fs.mode == CUT_POWER && hit)
		fs.dark = true;
	fs.happened |= hit;
	*effect = !fs.dark && (!hit || fs.mode == CUT_FAIL_AFTER);
	return hit || fs.dark;
}

static void resize(struct content *c, size_t size)
{
	c->at = realloc(c->at, size > 0 ? size : 1);
	assert(c->at != NULL);
	if (size > c->size)
		memset(c->at + c->size, 0, size - c->size);
	c->size = size;
}

static void copy(struct content *to, const struct content *from)
{
	resize(to, from->size);
	if (from->size > 0)
		memcpy(to->at, from->at, from->size);
}

static struct node *find(const char *name, bool make)
{
	struct node *unused = NULL;

	for (int i = 0; i < FILES; i++) {
		if (fs.node[i].exists && strcmp(fs.node[i].name, name) == 0)
			return &fs.node[i];
		if (!fs.node[i].exists && unused == NULL)
			unused = &fs.node[i];
	}
	if (!make)
		return NULL;
	assert(unused != NULL);
	strncpy(unused->name, name, sizeof(unused->name) - 1);
	unused->exists = true;
	return unused;
}

static void forget(struct node *n)
{
	free(n->now.at);
	free(n->durable.at);
	for (int i = 0; i < 16; i++)
		free(n->shm[i]);
	memset(n, 0, sizeof(*n));
}

/* --- the methods of an open file -------------------------------------------------------------- */

static int do_close(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static int do_read(sqlite3_file *f, void *out, int len, sqlite3_int64 at)
{
	const struct content *c = &((struct handle *)f)->node->now;
	size_t have = (size_t)at < c->size ? c->size - (size_t)at : 0;

	if (fs.dark)
		return SQLITE_IOERR_READ;
	if (have >= (size_t)len) {
		memcpy(out, c->at + at, (size_t)len);
		return SQLITE_OK;
	}
	memset(out, 0, (size_t)len);
	if (have > 0)
		memcpy(out, c->at + at, have);
	return SQLITE_IOERR_SHORT_READ;
}

static int do_write(sqlite3_file *f, const void *in, int len, sqlite3_int64 at)
{
	struct content *c = &((struct handle *)f)->node->now;
	bool effect, fails = strike(&effect);

	if (effect) {
		if ((size_t)at + (size_t)len > c->size)
			resize(c, (size_t)at + (size_t)len);
		memcpy(c->at + at, in, (size_t)len);
	}
	return fails ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	bool effect, fails = strike(&effect);

	if (effect)
		resize(&((struct handle *)f)->node->now, (size_t)size);
	return fails ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int do_sync(sqlite3_file *f, int flags)
{
	struct node *n = ((struct handle *)f)->node;
	bool effect, fails = strike(&effect);

	(void)flags;
	if (effect)
		copy(&n->durable, &n->now);
	return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int do_size(sqlite3_file *f, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)((struct handle *)f)->node->now.size;
	return fs.dark ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int do_lock(sqlite3_file *f, int level)
{
	(void)f;
	(void)level;
	return SQLITE_OK;
}

static int do_check_lock(sqlite3_file *f, int *held)
{
	(void)f;
	*held = 0;
	return SQLITE_OK;
}

static int do_control(sqlite3_file *f, int op, void *arg)
{
	(void)f;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int do_sector(sqlite3_file *f)
{
	(void)f;
	return SECTOR;
}

static int do_traits(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static int do_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
	struct node *n = ((struct handle *)f)->node;

	assert(region < 16 && size == REGION);
	if (n->shm[region] == NULL && extend)
		n->shm[region] = calloc(1, REGION);
	*out = n->shm[region];
	return SQLITE_OK;
}

static int do_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	(void)f;
	(void)at;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void do_shm_barrier(sqlite3_file *f)
{
	(void)f;
}

static int do_shm_unmap(sqlite3_file *f, int remove)
{
	struct node *n = ((struct handle *)f)->node;

	/* A register that comes back must not find the index of the one before. */
	for (int i = 0; i < 16 && remove; i++) {
		free(n->shm[i]);
		n->shm[i] = NULL;
	}
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = do_close,
	.xRead = do_read,
	.xWrite = do_write,
	.xTruncate = do_truncate,
	.xSync = do_sync,
	.xFileSize = do_size,
	.xLock = do_lock,
	.xUnlock = do_lock,
	.xCheckReservedLock = do_check_lock,
	.xFileControl = do_control,
	.xSectorSize = do_sector,
	.xDeviceCharacteristics = do_traits,
	.xShmMap = do_shm_map,
	.xShmLock = do_shm_lock,
	.xShmBarrier = do_shm_barrier,
	.xShmUnmap = do_shm_unmap,
};

/* --- the methods of the file system ----------------------------------------------------------- */

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	bool effect, fails = strike(&effect);

	(void)vfs;
	memset(f, 0, sizeof(struct handle));
	if (!effect || fails)
		return SQLITE_CANTOPEN;
	((struct handle *)f)->node = find(name != NULL ? name : "temporary", true);
	f->pMethods = &methods;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int do_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct node *n = find(name, false);
	bool effect, fails = strike(&effect);

	(void)vfs;
	(void)sync;
	if (effect && n != NULL)
		forget(n);
	return fails ? SQLITE_IOERR_DELETE : n != NULL ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int do_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	const struct node *n = find(name, false);

	(void)vfs;
	(void)flags;
	*out = n != NULL && n->now.size > 0;
	return fs.dark ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int do_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	sqlite3_snprintf(size, out, "%s", name);
	return SQLITE_OK;
}

static int do_random(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	return fs.real->xRandomness(fs.real, n, out);
}

static int do_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int do_time(sqlite3_vfs *vfs, double *day)
{
	(void)vfs;
	return fs.real->xCurrentTime(fs.real, day);
}

void cut_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.szOsFile = sizeof(struct handle),
		.mxPathname = 500,
		.zName = "cut",
		.xOpen = do_open,
		.xDelete = do_delete,
		.xAccess = do_access,
		.xFullPathname = do_full_path,
		.xRandomness = do_random,
		.xSleep = do_sleep,
		.xCurrentTime = do_time,
	};

	fs.real = sqlite3_vfs_find(NULL);
	sqlite3_vfs_register(&vfs, 1);
}

void cut_reset(uint64_t seed)
{
	for (int i = 0; i < FILES; i++)
		forget(&fs.node[i]);
	fs.seed = seed;
	cut_arm(CUT_NONE, 0, 0);
	fs.dark = false;
}

void cut_arm(enum cut_mode mode, int at, int count)
{
	fs.mode = mode;
	fs.at = at;
	fs.count = count;
	fs.done = 0;
	fs.happened = false;
}

int cut_operations(void)
{
	return fs.done;
}

bool cut_happened(void)
{
	return fs.happened;
}

/* Of a file written but not synced, any mixture of old and new sectors may be on the disk. */
static void tear(struct node *n)
{
	struct content torn = {NULL, 0};

	copy(&torn, &n->durable);
	if (draw(2) == 0)
		resize(&torn, n->now.size);
	for (size_t at = 0; at < torn.size && at < n->now.size; at += SECTOR) {
		size_t len = torn.size - at < SECTOR ? torn.size - at : SECTOR;

		if (len > n->now.size - at)
			len = n->now.size - at;
		if (draw(2) == 0)
			memcpy(torn.at + at, n->now.at + at, len);
	}
	free(n->now.at);
	n->now = torn;
	copy(&n->durable, &torn);
}

void cut_restart(void)
{
	for (int i = 0; i < FILES; i++) {
		struct node *n = &fs.node[i];

		for (int r = 0; r < 16; r++) {
			free(n->shm[r]);
			n->shm[r] = NULL;
		}
		if (n->exists)
			tear(n);
	}
	fs.dark = false;
	cut_arm(CUT_NONE, 0, 0);
}
