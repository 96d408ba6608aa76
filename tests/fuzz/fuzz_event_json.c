/* Fuzz target: an uploaded line and a journal's body; what can be read must survive a round trip.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/event_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_survive(const struct gw_event *e)
{
	static char body[GW_EVENT_BODY_MAX], again[GW_EVENT_BODY_MAX];
	char room[GW_EVENT_ROOM];
	struct gw_text t = gw_text_over(body, sizeof(body)), u = gw_text_over(again, sizeof(again));
	struct gw_event back;

	if (gw_event_json_encode(&t, e) < 0 ||
	    gw_event_json_decode(&back, room, e->kind, body, t.len, NULL) < 0 ||
	    gw_event_json_encode(&u, &back) < 0 || strcmp(body, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char room[GW_EVENT_ROOM];
	struct gw_event_row row;
	struct gw_event e;
	struct gw_err err;

	if (size == 0)
		return 0;
	if (gw_event_json_read_line(&row, room, (const char *)data, size, &err) == GW_OK)
		must_survive(&row.event);
	if (gw_event_json_decode(&e, room, (enum gw_event_kind)(data[0] % GW_EV_COUNT),
				 (const char *)data + 1, size - 1, &err) == GW_OK)
		must_survive(&e);
	return 0;
}
