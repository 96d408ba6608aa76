/* Inputs by name: which reader a file wants, and directories. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/home.h"
#include "store/batch.h"
#include "tools/mine/read.h"
#include "tools/mine/source.h"
#include "tools/net/office.h"

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

/* By the first bytes; GW_FORMAT_GUESS: they do not tell. */
static enum gw_format format_of_bytes(const char *path)
{
	char head[512];
	FILE *f = fopen(path, "re");
	size_t len;

	if (f == NULL)
		return GW_FORMAT_GUESS;
	len = fread(head, 1, sizeof(head), f);
	fclose(f);
	if (len >= 16 && memcmp(head, "SQLite format 3", 16) == 0)
		return GW_FORMAT_JOURNAL;
	/* A packed CSV or basket list starts like a packed batch. */
	if (is_a(path, ".csv") || is_a(path, ".txt") || is_a(path, ".dat") || is_a(path, ".tsv"))
		return GW_FORMAT_GUESS;
	return gw_batch_is_one(head, len) ? GW_FORMAT_BATCH : GW_FORMAT_GUESS;
}

/* known: whether anything but the lack of another idea says so. */
static enum gw_format format_of(const char *path, const struct gw_read_options *options,
				bool *known)
{
	enum gw_format format = options->format;

	*known = true;
	if (format == GW_FORMAT_GUESS && strcmp(path, "-") != 0)
		format = format_of_bytes(path);
	if (format != GW_FORMAT_GUESS)
		return format;
	if (is_a(path, ".csv"))
		return GW_FORMAT_CSV;
	*known = is_a(path, ".txt") || is_a(path, ".dat") || is_a(path, ".tsv") ||
		 is_a(path, ".basket");
	return GW_FORMAT_BASKET;
}

static int read_stream(struct gw_sales *sales, const char *path, enum gw_format format,
		       const struct gw_read_options *options, struct gw_err *err)
{
	struct gw_source *source;
	int closed, rc = gw_source_open(&source, path, options->progress, err);

	if (rc < 0)
		return rc;
	struct gw_stream in = {gw_source_read, source, gw_source_name(source)};

	rc = format == GW_FORMAT_CSV ? gw_read_csv(sales, &in, options, err)
				     : gw_read_baskets(sales, &in, options, err);
	closed = gw_source_close(source, rc == GW_OK ? err : NULL);
	return rc < 0 ? rc : closed;
}

static int read_file(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		     enum gw_format format, const struct gw_read_options *options,
		     struct gw_err *err)
{
	switch (format) {
	case GW_FORMAT_JOURNAL:
		if (gw_collection_is(path))
			return gw_read_collection(sales, fold, path, err);
		return gw_read_journal(sales, fold, path, err);
	case GW_FORMAT_BATCH:
		return gw_read_batch(sales, fold, path, err);
	default:
		return read_stream(sales, path, format, options, err);
	}
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_directory(struct gw_sales *sales, struct gw_fold *fold, const char *path,
			  const struct gw_read_options *options, struct gw_err *err);

static int read_entry(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		      const struct gw_read_options *options, struct gw_err *err)
{
	enum gw_format format;
	struct stat st;
	bool known;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_directory(sales, fold, path, options, err);
	format = format_of(path, options, &known);
	return known ? read_file(sales, fold, path, format, options, err) : GW_OK;
}

static int read_directory(struct gw_sales *sales, struct gw_fold *fold, const char *path,
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
			rc = read_entry(sales, fold, inner, options, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int read_server(struct gw_sales *sales, struct gw_fold *fold, const char *url,
		       const struct gw_read_options *options, struct gw_err *err)
{
	struct gw_office *office;
	int rc = gw_office_open(&office, url, "goeswith-mine", options->conf, err);

	if (rc == GW_OK)
		rc = gw_read_office(sales, fold, office, err);
	gw_office_close(office);
	return rc;
}

int gw_read_path(struct gw_sales *sales, struct gw_fold *fold, const char *path,
		 const struct gw_read_options *options, struct gw_err *err)
{
	struct stat st;
	bool known;

	if (gw_clickhouse_is(path))
		return read_server(sales, fold, path, options, err);
	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_directory(sales, fold, path, options, err);
	return read_file(sales, fold, path, format_of(path, options, &known), options, err);
}
