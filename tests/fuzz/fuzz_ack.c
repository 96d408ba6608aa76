/* Fuzz target: an acknowledgement as it lies on a stick that anybody can write to. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sync/ack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ack *ack = malloc(sizeof(*ack));
	struct gw_err err = {0};

	if (ack == NULL)
		return 0;
	if (ack_parse(ack, "S-T", (const char *)data, size, &err) < 0) {
		if (err.text[0] == '\0')
			abort();
	} else {
		for (int i = 0; i < ack->epoch_count; i++)
			if (ack_committed(ack, ack->epochs[i].epoch) < 0)
				abort();
		for (int i = 0; i < ack->rejected_count; i++)
			if (ack_rejected(ack, ack->rejected[i].name) == NULL)
				abort();
	}
	free(ack);
	return 0;
}
