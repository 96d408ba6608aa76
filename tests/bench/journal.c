/*
 * Scan -> durable in the journal, against a bare append of as many bytes with fdatasync on the same
 * disk, taken in turns so that both meet the same moments of the machine.  Prints ratios.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/journal.h"

#define ROUNDS 2000

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What one scan leaves behind in the middle of a sale: a line and an offer. */
static void make_events(struct gw_event e[2], int i)
{
	memset(e, 0, 2 * sizeof(*e));
	for (int k = 0; k < 2; k++) {
		e[k].at_ms = 1795336872345 + i * 500;
		e[k].mono_ms = i * 500;
		snprintf(e[k].basket, sizeof(e[k].basket), "S0042-T03-20261122-%06d", i / 8);
		e[k].scan_session = 77;
		e[k].scan_seq = (uint32_t)i;
	}
	e[0].kind = GW_EV_LINE;
	e[0].u.line.line = i % 8 + 1;
	snprintf(e[0].u.line.code, sizeof(e[0].u.line.code), "%014d", i * 7919 % 100000);
	e[0].u.line.name = "An item of ordinary length";
	e[0].u.line.qty = 1;
	e[0].u.line.price_minor = 1299;
	e[1].kind = GW_EV_OFFER;
	e[1].u.offer.offer = i % 8 + 1;
	snprintf(e[1].u.offer.rule, sizeof(e[1].u.offer.rule), "r%d", i % 300);
	snprintf(e[1].u.offer.code, sizeof(e[1].u.offer.code), "%014d", i % 100);
	e[1].u.offer.name = "Batteries AA, 4 pack";
	e[1].u.offer.script = "Do you need batteries for the torch?";
}

static void print(const char *what, const double *ours, const double *peer, int at)
{
	printf("%s: journal %.0f us, bare append %.0f us, ratio %.2f\n", what, ours[at], peer[at],
	       ours[at] / peer[at]);
}

int main(void)
{
	static double ours[ROUNDS], peer[ROUNDS];
	char dir[] = "bench-journal-XXXXXX", path[64], wal[80], bare[64], command[64];
	struct gw_journal_config config = {.store = "S0042", .terminal = "T03", .create = true};
	struct gw_journal *j;
	struct gw_err err = {0};
	struct stat st = {0};
	static char bytes[1 << 16];
	int64_t size = 0;
	int fd;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/journal.db", dir);
	snprintf(wal, sizeof(wal), "%s/journal.db-wal", dir);
	snprintf(bare, sizeof(bare), "%s/bare", dir);
	config.path = path;
	fd = open(bare, O_CREAT | O_WRONLY | O_APPEND, 0600);
	if (fd < 0 || gw_journal_open(&j, &config, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		struct gw_event e[2];
		int64_t before = st.st_size;
		double start;

		make_events(e, i);
		start = now_us();
		if (gw_journal_append(j, e, 2, &(int64_t){0}, &err) < 0)
			return 1;
		ours[i] = now_us() - start;
		stat(wal, &st);
		if (st.st_size > before)
			size = st.st_size - before; /* a log that starts anew does not grow */
		start = now_us();
		if (write(fd, bytes, (size_t)size % sizeof(bytes)) < 0 || fdatasync(fd) != 0)
			return 1;
		peer[i] = now_us() - start;
		gw_journal_tick(j, i * 500 + 250);
	}
	gw_journal_close(j);
	close(fd);
	qsort(ours, ROUNDS, sizeof(ours[0]), by_size);
	qsort(peer, ROUNDS, sizeof(peer[0]), by_size);
	print("scan -> durable p50", ours, peer, ROUNDS / 2);
	print("scan -> durable p99", ours, peer, ROUNDS * 99 / 100);
	printf("bytes written a scan (two events): %lld\n", (long long)size);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : 1;
}
