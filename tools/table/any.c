#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/home.h"
#include "tools/table/read_set.h"
#include "tools/table/table_tool.h"

int64_t gw_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void count_rows(const char *file, int64_t rows)
{
	fprintf(stderr, "\r%s: %lld rows\033[K", file, (long long)rows);
}

gw_progress_fn *gw_progress(void)
{
	return isatty(STDERR_FILENO) ? count_rows : NULL;
}

void gw_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static bool holds(const char *dir, const char *name)
{
	char path[GW_PATH_MAX];

	return gw_path_join(path, dir, name, NULL) == GW_OK && access(path, F_OK) == 0;
}

static int load_db(struct gw_loaded *loaded, const char *path, struct gw_err *err)
{
	int rc = gw_table_origin(&loaded->origin, path, err);

	return rc < 0 ? rc : gw_table_load(&loaded->table, path, err);
}

static int load_csv(struct gw_loaded *loaded, const char *dir, struct gw_err *err)
{
	struct gw_issues issues = {.progress = gw_progress()};
	int rc = gw_set_read_dir(dir, &loaded->table, &issues, err);

	gw_progress_end();
	gw_issues_print(&issues, stderr);
	gw_issues_release(&issues);
	return rc;
}

int gw_any_load(struct gw_loaded *loaded, const char *path, struct gw_err *err)
{
	char db[GW_PATH_MAX];
	struct stat st;
	int rc;

	*loaded = (struct gw_loaded){.table = NULL};
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return load_db(loaded, path, err);
	if (holds(path, GW_MANIFEST_NAME)) {
		loaded->is_bundle = true;
		return gw_bundle_load(path, &loaded->manifest, &loaded->table, err);
	}
	if (holds(path, "items.csv") || holds(path, "rules.csv"))
		return load_csv(loaded, path, err);
	rc = gw_path_join(db, path, "table.db", err);
	if (rc == GW_OK && access(db, F_OK) != 0)
		return gw_err_set(
			err, GW_E_NOT_FOUND,
			"%s holds no table: neither a bundle, nor CSV files, nor a table.db", path);
	return rc < 0 ? rc : load_db(loaded, db, err);
}
