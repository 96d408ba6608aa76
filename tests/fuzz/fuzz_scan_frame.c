/*
 * Fuzz target: framing and SSI packets.  The first byte chooses the framing; 0xFE in the input
 * followed by 0xFE stands for a pause.  Every scan cut out is decoded; SSI packets that the host
 * would send are rebuilt from the input and must be valid.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scan/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct gw_frame *f, enum gw_frame_event event)
{
	struct gw_scan s;

	if (f->len > GW_SCAN_DATA_MAX)
		abort();
	if (event != GW_FRAME_SCAN)
		return;
	gw_scan_decode_ssi(NULL, f->code_type, f->data, f->len, &s, NULL);
	if (f->style != GW_FRAME_SSI && f->len == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gw_frame f;
	struct gw_profile_fit fits[GW_PROFILE_FITS_MAX];
	uint8_t packet[GW_SSI_PACKET_MAX];
	char advice[160];
	size_t n;
	int count;

	if (size == 0)
		return 0;
	gw_frame_init(&f, (enum gw_frame_style)(data[0] % 3));
	for (size_t i = 1; i < size; i++)
		if (data[i] == 0xFE && i + 1 < size && data[i + 1] == 0xFE)
			take(&f, gw_frame_idle(&f));
		else
			take(&f, gw_frame_push(&f, data[i]));
	take(&f, gw_frame_idle(&f));

	n = gw_ssi_build(packet, data[0], data, size < 250 ? size : 250);
	if (!gw_ssi_valid(packet, n))
		abort();
	packet[n - 1]++;
	if (gw_ssi_valid(packet, n))
		abort();

	if (size < 600) {
		count = gw_profile_guess(data + 1, size - 1, fits);
		for (int i = 1; i < count; i++)
			if (fits[i - 1].score < fits[i].score)
				abort();
		gw_profile_advice(data + 1, size - 1, advice, sizeof(advice));
	}
	return 0;
}
