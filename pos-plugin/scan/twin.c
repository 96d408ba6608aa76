#include "scan/twin.h"

#include <string.h>

#include "scan/gtin.h"

enum { IN_STORE_PREFIX = 8 };

/* By the letter of the symbology identifier. */
static bool is_two_dimensional(const struct gw_scan *scan)
{
	return scan->symbology[0] != '\0' && strchr("dQJzhLUgDc", scan->symbology[1]) != NULL;
}

static bool is_bars(const struct gw_scan *scan)
{
	return scan->symbology[0] == '\0' || strchr("EIeC", scan->symbology[1]) != NULL;
}

static bool same_product(const char *a, const char *b)
{
	if (memcmp(a, b, 14) == 0)
		return true;
	return gw_gtin_class(a) == GW_CLASS_RCN_REGION && gw_gtin_class(b) == GW_CLASS_RCN_REGION &&
	       memcmp(a, b, IN_STORE_PREFIX) == 0;
}

bool gw_scan_is_twin(struct gw_scan_twin *last, const struct gw_scan *scan, int64_t now_ms,
		     int64_t window_ms)
{
	bool flat = is_two_dimensional(scan);

	if (scan->gtin[0] == '\0' || (!flat && !is_bars(scan))) {
		last->gtin[0] = '\0';
		return false;
	}
	if (last->gtin[0] != '\0' && flat != last->two_dimensional &&
	    now_ms - last->at_ms <= window_ms && now_ms >= last->at_ms &&
	    same_product(last->gtin, scan->gtin)) {
		last->gtin[0] = '\0'; /* a pair is complete: the next pack is a new one */
		return true;
	}
	memcpy(last->gtin, scan->gtin, sizeof(last->gtin));
	last->two_dimensional = flat;
	last->at_ms = now_ms;
	return false;
}
