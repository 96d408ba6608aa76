/*
 * Loading a rule table: gw_table_load against a plain SQLite walk over the same rows and columns
 * (what any loader must at least do) and against a bare read of the file, and the memory a loaded
 * table takes, for 1,000 to 100,000 rules over as many items.  Medians of RUNS in CPU time, which a
 * busy machine does not blur; each size in a process of its own, so that the memory of one does not
 * hide in that of another.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/table_build.h"
#include "store/table_db.h"

#define RUNS 9

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const struct gw_err *err)
{
	fprintf(stderr, "table_load: %s\n", err->text);
	exit(1);
}

static void add_item(struct gw_table_build *b, uint32_t i)
{
	char code[20], name[60];
	struct gw_item item = {.code = code,
			       .name = name,
			       .price_minor = 99 + i % 5000,
			       .cost_minor = 50 + i % 2500,
			       .category = i % 200,
			       .stock = -1};
	struct gw_err err;

	snprintf(code, sizeof(code), "%014u", i * 7 + 10000000);
	snprintf(name, sizeof(name), "Article number %u of the catalogue", i);
	if (gw_table_build_item(b, &item, &err) < 0)
		die(&err);
}

/* As mined tables are: one or two items, a weight, no words. */
static void add_rule(struct gw_table_build *b, uint32_t i, uint32_t items)
{
	struct gw_rule r = gw_rule_blank();
	char id[20];
	struct gw_err err;

	snprintf(id, sizeof(id), "m%06u", i);
	r.id = id;
	r.suggest = (i * 2654435761u) % items;
	r.conditions[0].index = (r.suggest + 1 + i % 50) % items;
	r.condition_count = 1;
	if (i % 3 == 0)
		r.conditions[r.condition_count++].index = (r.suggest + 60 + i % 50) % items;
	r.price_minor = 99 + r.suggest % 5000;
	r.weight = (double)(i % 997) / 1000 + 0.001;
	r.support = (double)(i % 89 + 1) / 100000;
	r.confidence = (double)(i % 83 + 1) / 100;
	r.lift = 1 + (double)(i % 71) / 3;
	if (gw_table_build_rule(b, &r, &err) < 0)
		die(&err);
}

static void make(const char *path, uint32_t rules)
{
	uint32_t items = rules < 2000 ? 2000 : rules;
	struct gw_table_build *b;
	struct gw_table *t;
	struct gw_err err;
	char name[20];

	if (gw_table_build_new(&b, &err) < 0)
		die(&err);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "category%d", i);
		gw_table_build_category(b, name, NULL);
	}
	for (uint32_t i = 0; i < items; i++)
		add_item(b, i);
	for (uint32_t i = 0; i < rules; i++)
		add_rule(b, i, items);
	t = gw_table_build_done(b);
	unlink(path);
	if (gw_table_save(t, NULL, path, &err) < 0)
		die(&err);
	gw_table_free(t);
}

static double load(const char *path)
{
	double begun = now_ms();
	struct gw_table *t;
	struct gw_err err;

	if (gw_table_load(&t, path, &err) < 0)
		die(&err);
	begun = now_ms() - begun;
	gw_table_free(t);
	return begun;
}

/* The peer: every column of every row is stepped over and fetched, and nothing is kept. */
static double walk(const char *path)
{
	static const char *const queries[] = {"SELECT * FROM category", "SELECT * FROM item",
					      "SELECT * FROM rule"};
	double begun = now_ms();
	uint64_t sum = 0;
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != 0)
		exit(1);
	for (int q = 0; q < 3; q++) {
		sqlite3_stmt *s;

		sqlite3_prepare_v2(db, queries[q], -1, &s, NULL);
		while (sqlite3_step(s) == SQLITE_ROW)
			for (int c = 0; c < sqlite3_column_count(s); c++)
				switch (sqlite3_column_type(s, c)) {
				case SQLITE_INTEGER:
					sum += (uint64_t)sqlite3_column_int64(s, c);
					break;
				case SQLITE_TEXT:
					sum += sqlite3_column_text(s, c)[0];
					break;
				default:
					sum += sqlite3_column_double(s, c) > 0;
					break;
				}
		sqlite3_finalize(s);
	}
	sqlite3_close(db);
	return sum > 0 ? now_ms() - begun : 0;
}

static double bare_read(const char *path)
{
	static char room[1 << 20];
	double begun = now_ms();
	int fd = open(path, O_RDONLY);
	uint64_t sum = 0;
	ssize_t n;

	while ((n = read(fd, room, sizeof(room))) > 0)
		sum += (unsigned char)room[n - 1];
	close(fd);
	return sum > 0 ? now_ms() - begun : 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double (*what)(const char *), const char *path)
{
	double ms[RUNS];

	for (int i = 0; i < RUNS; i++)
		ms[i] = what(path);
	qsort(ms, RUNS, sizeof(ms[0]), by_size);
	return ms[RUNS / 2];
}

static double rss_mb(void)
{
	char line[100] = "", *second;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f != NULL && fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	if (f != NULL)
		fclose(f);
	second = strchr(line, ' ');
	return second == NULL
		       ? 0
		       : (double)strtol(second, NULL, 10) * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* In a process that has done nothing else yet. */
static double memory_of(const char *path)
{
	double before = rss_mb();
	struct gw_table *t;
	struct gw_err err;

	if (gw_table_load(&t, path, &err) < 0)
		die(&err);
	return rss_mb() - before;
}

static void measure(const char *path, uint32_t rules)
{
	double memory = memory_of(path), loaded = median(load, path), walked = median(walk, path);
	double read_ms = median(bare_read, path);
	struct stat st;

	stat(path, &st);
	printf("%7u rules: load %7.2f ms = %.2f x a plain SQLite walk, %5.1f x a bare read;"
	       " file %.1f MB, memory %.1f MB\n",
	       rules, loaded, loaded / walked, loaded / read_ms, (double)st.st_size / 1048576,
	       memory);
}

int main(void)
{
	static const uint32_t sizes[] = {1000, 10000, 100000};
	char path[] = "/tmp/goeswith-bench-XXXXXX";
	int status = 0, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && status == 0; i++)
		for (int part = 0; part < 2 && status == 0; part++) {
			fflush(stdout);
			if (fork() == 0) {
				if (part == 0)
					make(path, sizes[i]);
				else
					measure(path, sizes[i]);
				exit(0);
			}
			wait(&status);
		}
	unlink(path);
	return status != 0;
}
