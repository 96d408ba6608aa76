/* Inputs by name: which reader a file wants, and directories. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/home.h"
#include "tools/mine/read.h"
#include "tools/mine/source.h"

/* True when the path, less a compression ending, ends so. */
static bool is_a(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);

	if (n > 3 && strcmp(path + n - 3, ".gz") == 0)
		n -= 3;
	else if (n > 4 && strcmp(path + n - 4, ".zst") == 0)
		n -= 4;
	return n > m && strncmp(path + n - m, ending, m) == 0;
}

static enum gw_format format_of(const char *path, const struct gw_read_options *options)
{
	if (options->format != GW_FORMAT_GUESS)
		return options->format;
	if (is_a(path, ".csv"))
		return GW_FORMAT_CSV;
	if (is_a(path, ".db"))
		return GW_FORMAT_JOURNAL;
	if (is_a(path, ".ndjson") || is_a(path, ".jsonl"))
		return GW_FORMAT_BATCH;
	return GW_FORMAT_BASKET;
}

static int read_stream(struct gw_sales *sales, const char *path,
		       const struct gw_read_options *options, struct gw_err *err)
{
	struct gw_source *source;
	int closed, rc = gw_source_open(&source, path, options->progress, err);

	if (rc < 0)
		return rc;
	struct gw_stream in = {gw_source_read, source, gw_source_name(source)};

	switch (format_of(path, options)) {
	case GW_FORMAT_CSV:
		rc = gw_read_csv(sales, &in, options, err);
		break;
	case GW_FORMAT_BATCH:
		rc = gw_read_batch(sales, &in, err);
		break;
	default:
		rc = gw_read_baskets(sales, &in, options, err);
		break;
	}
	closed = gw_source_close(source, rc == GW_OK ? err : NULL);
	return rc < 0 ? rc : closed;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_directory(struct gw_sales *sales, const char *path,
			  const struct gw_read_options *options, struct gw_err *err)
{
	struct dirent **entries;
	int n = scandir(path, &entries, visible, by_bytes), rc = GW_OK;

	if (n < 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "%s: cannot list it", path);
	for (int i = 0; i < n; i++) {
		char inner[GW_PATH_MAX];

		if (rc == GW_OK)
			rc = gw_path_join(inner, path, entries[i]->d_name, err);
		if (rc == GW_OK)
			rc = gw_read_path(sales, inner, options, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int gw_read_path(struct gw_sales *sales, const char *path, const struct gw_read_options *options,
		 struct gw_err *err)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_directory(sales, path, options, err);
	if (format_of(path, options) == GW_FORMAT_JOURNAL)
		return gw_read_journal(sales, path, err);
	return read_stream(sales, path, options, err);
}
