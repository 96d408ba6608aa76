/*
 * Decoding on one core: EAN, element strings and links per second, each beside the least work that
 * any decoder has to do on the same data, timed in the same run: touch the bytes, compute the check
 * digit, and for element strings look for the separators.  The ratio says what the rest costs:
 * dictionary, value checks, dates, and the refusal of payment cards.
 *
 * GS1's own engine is not here to be timed; its figures as measured elsewhere (0.86-1.14 M element
 * strings/s, 7-11 M EAN/s, 0.47-0.50 M links/s on one core) are printed for orientation only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scan/gtin.h"
#include "scan/scan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct set {
	const char *name, *engine;
	const char *scans[8];
	size_t digits_at; /* of the GTIN in the scan */
	size_t digits;
};

static const struct set sets[] = {
	{"EAN-13", "7-11", {"]E05901234123457", "]E04006381333931", "]E09501101530003"}, 3, 13},
	{"EAN-13 bare", "-", {"5901234123457", "4006381333931", "9501101530003"}, 0, 13},
	{"element string, long",
	 "0.86-1.14",
	 {"]d201095212345432131726123110LOT42\x1D"
	  "21SER0001\x1D"
	  "3103001750",
	  "]d20109501101530003310300123415271130"
	  "10A1B2C3\x1D"
	  "3922"
	  "2172",
	  "]C10109521234543213"
	  "15270101"
	  "10B7\x1D"
	  "3012\x1D"
	  "240ADD-7"},
	 5,
	 14},
	{"element string, short",
	 "0.86-1.14",
	 {"]d201095212345432131726123110LOT42", "]e001950110153000073103001750",
	  "]C1010952123454321310AB-12"},
	 5,
	 14},
	{"link",
	 "0.47-0.50",
	 {"]Q1https://id.gs1.org/01/09521234543213/10/ABC123/21/12345?17=261231",
	  "]Q1https://shop.example.com/some/path/01/09501101530003/10/AB%2F1?17=261231",
	  "]Q1https://example.com/01/09521234543213/22/2A/10/L1/21/S1?15=261231"},
	 0,
	 0},
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Least work: copy, find separators, compute the check digit. */
static unsigned floor_work(const struct set *set, const char *scan, size_t len, char *room)
{
	unsigned found = 0;

	memcpy(room, scan, len);
	for (const char *p = room; (p = memchr(p, '\x1D', len - (size_t)(p - room))) != NULL; p++)
		found++;
	if (set->digits > 0)
		found += gw_gtin_valid(room + set->digits_at, set->digits);
	return found;
}

static volatile unsigned sink;

static double time_floor(const struct set *set, size_t count, size_t rounds)
{
	char room[GW_SCAN_DATA_MAX];
	double start = seconds();

	for (size_t i = 0, k = 0; i < rounds; i++, k = k + 1 < count ? k + 1 : 0)
		sink += floor_work(set, set->scans[k], strlen(set->scans[k]), room);
	return (double)rounds / (seconds() - start);
}

static double time_decode(const struct set *set, size_t count, size_t rounds)
{
	struct gw_scan scan;
	size_t len[8] = {0};
	double start;

	for (size_t i = 0; i < count; i++)
		len[i] = strlen(set->scans[i]);
	start = seconds();
	for (size_t i = 0, k = 0; i < rounds; i++, k = k + 1 < count ? k + 1 : 0) {
		if (gw_scan_decode(NULL, (const uint8_t *)set->scans[k], len[k], &scan) != GW_OK ||
		    scan.gtin[0] == '\0' || scan.warning_count != 0) {
			fprintf(stderr, "%s: not decoded: %s\n", set->scans[k], scan.error);
			exit(1);
		}
		sink += (unsigned)scan.gtin[13];
	}
	return (double)rounds / (seconds() - start);
}

int main(void)
{
	printf("%-24s %10s %12s %14s %16s\n", "decoding, one core", "M scans/s", "least work",
	       "decode/least", "GS1 engine said");
	for (size_t i = 0; i < COUNT(sets); i++) {
		size_t count = 0, rounds = 2000000;
		double decoded, least;

		while (count < COUNT(sets[i].scans) && sets[i].scans[count] != NULL)
			count++;
		time_decode(&sets[i], count, rounds / 10);
		decoded = time_decode(&sets[i], count, rounds);
		least = time_floor(&sets[i], count, rounds);
		printf("%-24s %10.2f %12.2f %13.1fx %16s\n", sets[i].name, decoded / 1e6,
		       least / 1e6, least / decoded, sets[i].engine);
	}
	return 0;
}
