/*
 * Mining against a naive peer in the same run: a straightforward pair counter (a list of
 * transactions for each item, one counter array) that any C programmer would write first.  Prints
 * seconds and peak memory of both on the real sales of $SHARED and on generated sparse baskets of
 * growing size; MINE_BENCH_MAX=N (baskets, default 1000000) stops earlier or goes on to 10000000.
 * Information, not a pass mark.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct cost {
	double seconds;
	long peak_kb;
};

/* --- the peer
 * ------------------------------------------------------------------------------------- */

struct naive {
	uint32_t *items, len, room; /* all transactions one behind the other */
	uint32_t *start, baskets, start_room;
	uint32_t n; /* items */
};

static void *grow(void *p, uint32_t len, uint32_t *room, size_t size)
{
	if (len < *room)
		return p;
	*room = *room > 0 ? *room * 2 : 1024;
	p = realloc(p, *room * size);
	if (p == NULL)
		exit(1);
	return p;
}

/* Reads lines of numbers; items are their own indices. */
static void naive_read(struct naive *n, FILE *in)
{
	uint32_t item = 0;
	int c, digits = 0;

	n->start = grow(n->start, 0, &n->start_room, sizeof(*n->start));
	n->start[0] = 0;
	while ((c = getc_unlocked(in)) != EOF) {
		if (c >= '0' && c <= '9') {
			item = item * 10 + (uint32_t)(c - '0');
			digits++;
			continue;
		}
		if (digits > 0) {
			n->items = grow(n->items, n->len, &n->room, sizeof(*n->items));
			n->items[n->len++] = item;
			n->n = item >= n->n ? item + 1 : n->n;
		}
		item = 0;
		digits = 0;
		if (c != '\n')
			continue;
		n->start = grow(n->start, n->baskets + 1, &n->start_room, sizeof(*n->start));
		n->start[++n->baskets] = n->len;
	}
}

static void naive_count(const struct naive *n, uint32_t least, FILE *out)
{
	uint32_t *count = calloc(n->n + 1, 4), *first = calloc(n->n + 2, 4);
	uint32_t *list = calloc((size_t)n->len + 1, 4), *both = calloc(n->n + 1, 4);

	if (count == NULL || first == NULL || list == NULL || both == NULL)
		exit(1);
	for (uint32_t i = 0; i < n->len; i++)
		count[n->items[i]]++;
	for (uint32_t i = 0; i < n->n; i++)
		first[i + 1] = first[i] + count[i];
	for (uint32_t b = 0; b < n->baskets; b++)
		for (uint32_t i = n->start[b]; i < n->start[b + 1]; i++)
			list[first[n->items[i]]++] = b;
	for (uint32_t x = 0, h = 0; x < n->n; h = first[x++]) {
		if (count[x] < least)
			continue;
		for (; h < first[x]; h++)
			for (uint32_t i = n->start[list[h]]; i < n->start[list[h] + 1]; i++)
				both[n->items[i]]++;
		for (uint32_t y = 0; y < n->n; y++) {
			if (y != x && both[y] >= least && both[y] * 10ULL >= count[x])
				fprintf(out, "%u\t%u\t%u\t%u\t%u\t%u\n", x, y, both[y], count[x],
					count[y], n->baskets);
			both[y] = 0;
		}
	}
	fflush(out);
}

static void naive_run(const char *path, uint32_t least, const char *to)
{
	struct naive n = {0};
	FILE *in = fopen(path, "r"), *out = fopen(to, "w");

	if (in == NULL || out == NULL)
		exit(1);
	naive_read(&n, in);
	naive_count(&n, least, out);
	exit(0);
}

/* --- measuring
 * ------------------------------------------------------------------------------------ */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ours_run(const char *path, uint32_t least, int size, const char *to)
{
	char program[1024], count[16], antecedent[4];
	const char *bin = getenv("BIN");

	snprintf(program, sizeof(program), "%s/goeswith-mine", bin != NULL ? bin : "build");
	snprintf(count, sizeof(count), "%u", least);
	snprintf(antecedent, sizeof(antecedent), "%d", size - 1);
	dup2(open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
	execl(program, program, "--tsv", "--min-count", count, "--min-confidence", "0.1",
	      "--max-antecedent", antecedent, path, (char *)NULL);
	perror(program);
	exit(127);
}

/* Best of three runs of a child; size 0: the peer. */
static struct cost measure(const char *path, uint32_t least, int size, const char *to)
{
	struct cost best = {1e9, 0};

	for (int i = 0; i < 3; i++) {
		struct rusage usage;
		double begun = now(), took;
		int status;
		pid_t pid = fork();

		if (pid == 0 && size == 0)
			naive_run(path, least, to);
		if (pid == 0)
			ours_run(path, least, size, to);
		if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0) {
			fprintf(stderr, "a run failed\n");
			exit(1);
		}
		took = now() - begun;
		if (took < best.seconds)
			best = (struct cost){took, usage.ru_maxrss};
		if (took > 5)
			break;
	}
	return best;
}

static uint64_t lines(const char *path)
{
	FILE *f = fopen(path, "r");
	uint64_t n = 0;
	int c;

	while (f != NULL && (c = getc_unlocked(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		fclose(f);
	return n;
}

static void compare(const char *what, const char *path, uint32_t least, const char *dir)
{
	char a[300], b[300];
	struct cost naive, ours, triples;

	snprintf(a, sizeof(a), "%s/naive", dir);
	snprintf(b, sizeof(b), "%s/ours", dir);
	naive = measure(path, least, 0, a);
	ours = measure(path, least, 2, b);
	printf("%-34s pairs: %llu rules%s  naive %.3f s %.1f MB  ours %.3f s %.1f MB  %.2fx "
	       "faster, "
	       "%.2f of its memory\n",
	       what, (unsigned long long)lines(b),
	       lines(a) == lines(b) ? "" : " (THE PEER DIFFERS)", naive.seconds,
	       (double)naive.peak_kb / 1024, ours.seconds, (double)ours.peak_kb / 1024,
	       naive.seconds / ours.seconds, (double)ours.peak_kb / (double)naive.peak_kb);
	triples = measure(path, least, 3, b);
	printf("%-34s with triples: %llu rules  %.3f s %.1f MB\n", "", (unsigned long long)lines(b),
	       triples.seconds, (double)triples.peak_kb / 1024);
	fflush(stdout);
	unlink(a);
	unlink(b);
}

/* --- inputs
 * --------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/*
 * Sparse retail-like baskets: items by a power law (rank^-0.8), sizes geometric with a mean of 10,
 * and half of each basket drawn near its first item, so that pairs recur.
 */
static void generate(const char *path, uint32_t baskets, uint32_t items)
{
	FILE *out = fopen(path, "w");
	uint32_t *seen = calloc(items, sizeof(*seen));
	uint64_t state = 88172645463325252u;

	if (out == NULL || seen == NULL)
		exit(1);
	for (uint32_t b = 1; b <= baskets; b++) {
		uint32_t first = UINT32_MAX;

		do {
			double u = (double)(next_random(&state) >> 11) / 9007199254740992.0;
			uint32_t item = (uint32_t)(pow(u, 5) * items);

			if (first != UINT32_MAX && next_random(&state) % 2 == 0)
				item = (first + (uint32_t)(next_random(&state) % 40)) % items;
			if (seen[item] != b)
				fprintf(out, "%s%u", first != UINT32_MAX ? " " : "", item);
			seen[item] = b;
			first = first == UINT32_MAX ? item : first;
		} while (next_random(&state) % 10 != 0);
		putc('\n', out);
	}
	free(seen);
	fclose(out);
}

/* The baskets of the shared data, item codes replaced by numbers so that the peer can read them. */
static int number_items(const char *from, const char *to)
{
	char command[1400];

	snprintf(command, sizeof(command),
		 "gzip -dc '%s' | awk '{for (i = 1; i <= NF; i++) {if (!($i in n)) n[$i] = c++; "
		 "printf(\"%%s%%d\", (i > 1 ? \" \" : \"\"), n[$i])} print \"\"}' > '%s'",
		 from, to);
	return access(from, R_OK) == 0 ? system(command) : -1;
}

int main(void)
{
	char dir[] = "/tmp/goeswith-bench-XXXXXX", path[64], from[900], what[64];
	const char *shared = getenv("SHARED"), *most = getenv("MINE_BENCH_MAX");
	uint32_t max = most != NULL ? (uint32_t)strtoul(most, NULL, 10) : 1000000;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/baskets", dir);
	snprintf(from, sizeof(from), "%s/data/uci_baskets.txt.gz",
		 shared != NULL ? shared : "../shared");
	if (number_items(from, path) == 0) {
		compare("UCI, count >= 40", path, 40, dir);
		compare("UCI, count >= 20", path, 20, dir);
	}
	generate(path, 88162, 16470);
	compare("sparse, 88,162 baskets, count >= 10", path, 10, dir);
	for (uint32_t n = 100000; n <= max; n *= 10) {
		snprintf(what, sizeof(what), "sparse, %u baskets, 0.02 %%", n);
		generate(path, n, 20000);
		compare(what, path, n / 5000, dir);
	}
	unlink(path);
	rmdir(dir);
	return 0;
}
