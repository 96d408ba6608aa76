/* Fuzz target: Digital Links; the input is put behind "https://" so that every one is a link. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scan/gtin.h"
#include "scan/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[8] = {'h', 't', 't', 'p', 's', ':', '/', '/'};
	static struct gw_scan_elements elements;
	struct gw_scan s;
	size_t len = size + sizeof(head);
	uint8_t *link = malloc(len);

	if (link == NULL)
		return 0;
	memcpy(link, head, sizeof(head));
	memcpy(link + sizeof(head), data, size);
	gw_scan_decode_elements(NULL, link, len, &s, &elements);
	if (s.gtin[0] != '\0' && !gw_gtin_valid(s.gtin, 14))
		abort();
	if (s.kind == GW_SCAN_CODE || s.kind == GW_SCAN_ADDON)
		abort();
	for (int i = 0; i < elements.count; i++)
		if (elements.list[i].len == 0)
			abort();
	free(link);
	return 0;
}
