/* Fuzz target: shop rules.  A rule that parses is applied to a number that fits it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "scan/gtin.h"
#include "scan/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number that the rule fits: item and value digits are 1, 2, 3, ... */
static void apply(const struct gw_scan_config *config, const struct gw_scan_pattern *p)
{
	char digits[GW_SCAN_PATTERN_MAX + 1];
	struct gw_scan s;

	for (int i = 0; i < p->len; i++)
		digits[i] =
			(char)(p->at[i] >= '0' && p->at[i] <= '9' ? p->at[i] : '0' + (i + 1) % 10);
	digits[p->len - 1] = (char)('0' + gw_gtin_check_digit(digits, p->len - 1u));
	if (gw_scan_decode(config, (const uint8_t *)digits, p->len, &s) != GW_OK)
		return;
	if (s.gtin[0] != '\0' && !gw_gtin_valid(s.gtin, 14))
		abort();
	if (s.measure.type == GW_MEASURE_NONE && s.kind == GW_SCAN_PRODUCT && p->len > 8)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_scan_settings settings = {0};
	char *text = malloc(size + 1);
	struct gw_err err;
	int rc;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rc = gw_scan_settings_set(&settings, "pattern", text, &err);
	if (rc == GW_OK)
		apply(gw_scan_settings_config(&settings), &settings.patterns[0]);
	else if (err.text[0] == '\0')
		abort();
	free(text);
	return 0;
}
