/*
 * Fuzz target: a whole scan.  The first byte chooses the configuration, the rest is the scan.
 * Beyond memory errors it holds the decoder to what its header promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "scan/card.h"
#include "scan/gtin.h"
#include "scan/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x)                                                                                 \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	REQUIRE(len < size);
	REQUIRE(gw_utf8_valid(text, len));
	for (size_t i = 0; i < len; i++)
		REQUIRE((unsigned char)text[i] >= 0x20 && text[i] != 0x7F);
}

static void check_gtin(const char *gtin)
{
	REQUIRE(strlen(gtin) == 14 && gw_digits_only(gtin, 14) && gw_gtin_valid(gtin, 14));
}

static void check_result(const struct gw_scan *s)
{
	check_text(s->code, sizeof(s->code));
	check_text(s->key, sizeof(s->key));
	check_text(s->error, sizeof(s->error));
	check_text(s->lot, sizeof(s->lot));
	check_text(s->serial, sizeof(s->serial));
	REQUIRE(s->warning_count >= 0 && s->warning_count <= GW_SCAN_WARNINGS_MAX);
	for (int i = 0; i < s->warning_count; i++) {
		char text[100];

		gw_scan_warning_text(&s->warnings[i], text, sizeof(text));
		check_text(text, sizeof(text));
	}
	if (s->gtin[0] != '\0') {
		check_gtin(s->gtin);
		check_gtin(s->scanned);
		REQUIRE(strcmp(s->key, s->gtin) == 0);
		REQUIRE(s->kind == GW_SCAN_PRODUCT || s->kind == GW_SCAN_COUPON);
	}
	REQUIRE((s->kind == GW_SCAN_PRODUCT) <= (s->gtin[0] != '\0'));
	REQUIRE((s->kind == GW_SCAN_CODE) <= (s->key[0] != '\0' && strcmp(s->key, s->code) == 0));
	REQUIRE((s->kind == GW_SCAN_REFUSED) == (s->error[0] != '\0'));
	if (s->kind == GW_SCAN_CODE || s->kind == GW_SCAN_URI)
		REQUIRE(!gw_card_seen(s->code, strlen(s->code)));
	if (s->secret)
		REQUIRE(s->kind == GW_SCAN_REFUSED && s->symbology[0] == '\0' && s->key[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gw_scan_elements elements;
	struct gw_scan s, again;
	struct gw_scan_config config = {0};
	int status;

	if (size == 0)
		return 0;
	config.region = (enum gw_scan_region)(data[0] % 11);
	config.strict = (data[0] & 16) != 0;
	config.gs = (data[0] & 32) != 0 ? '|' : '\0';
	config.code_ids = (enum gw_scan_code_ids)(data[0] >> 6);
	memset(&s, 0xA5, sizeof(s));
	status = gw_scan_decode_elements(&config, data + 1, size - 1, &s, &elements);
	REQUIRE((status == GW_OK) == (s.kind != GW_SCAN_REFUSED));
	check_result(&s);
	for (int i = 0; i < elements.count; i++)
		REQUIRE(elements.list[i].at + elements.list[i].len <= (int)sizeof(elements.text));

	/* The same without elements, and over other rubbish. */
	memset(&again, 0x5A, sizeof(again));
	REQUIRE(gw_scan_decode(&config, data + 1, size - 1, &again) == status);
	REQUIRE(s.kind == again.kind && strcmp(s.key, again.key) == 0 && s.at == again.at &&
		strcmp(s.error, again.error) == 0 && s.warning_count == again.warning_count);

	gw_scan_decode_bracketed(&config, (const char *)data + 1, size - 1, &s, &elements);
	check_result(&s);
	return 0;
}
