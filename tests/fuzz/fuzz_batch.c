/* Fuzz target: an uploaded batch, packed or plain, down to its events. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/event_json.h"
#include "store/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char room[GW_EVENT_ROOM];
	struct gw_event_row row;
	struct gw_batch *b;
	struct gw_err err;

	if (gw_batch_parse(&b, data, size, &err) < 0)
		return 0;
	for (size_t i = 0; i < gw_batch_count(b); i++) {
		size_t len;
		const char *line = gw_batch_line(b, i, &len);

		if (strlen(line) != len)
			abort();
		if (gw_event_json_read_line(&row, room, line, len, &err) == GW_OK &&
		    row.seq != gw_batch_header(b)->first + (int64_t)i)
			abort();
	}
	gw_batch_free(b);
	return 0;
}
