/*
 * Everything a keyboard, a scanner posing as one, or a broken line can send: bytes with pauses in
 * between.  No action may come without room, none may be malformed, and the page must stay sound.
 * Each pair of input bytes is a pause (0-255 ms) and a byte.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ui/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct gw_ui_action *a, size_t n)
{
	if (n > GW_ACTIONS_ROOM)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (a[i].kind == GW_UI_SCAN && (a[i].data_len == 0 || a[i].data_len > GW_BURST_MAX))
			abort();
		if (a[i].kind == GW_UI_INPUT && a[i].input == GW_IN_QTY && a[i].qty < 1)
			abort();
		if (memchr(a[i].text, '\0', sizeof(a[i].text)) == NULL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct gw_canvas canvas;
	static struct gw_ui_state state;
	static struct gw_ui_action actions[GW_ACTIONS_ROOM];
	const struct gw_view_line line = {.line = 1, .name = "one", .code = "1", .qty = 2};
	struct gw_view view = {.state = GW_VIEW_SELLING,
			       .lines = &line,
			       .line_count = 1,
			       .items = 2,
			       .decimals = 2,
			       .suspended = 1,
			       .offer = {.active = true, .name = "two"}};
	const struct gw_ui_status status = {.store = "S", .terminal = "T"};
	const struct gw_ui_options options = {.pin = "12"};
	int64_t now = 1000;

	gw_ui_state_init(&state, &options);
	for (size_t i = 0; i + 1 < len; i += 2) {
		size_t used = 0, n;

		now += data[i];
		do {
			n = gw_ui_state_bytes(&state, &view, data + i + 1, 1 - used, &used, now,
					      actions, GW_ACTIONS_ROOM);
			check(actions, n);
		} while (n > 0 && used == 0);
		view.offer.active = data[i] % 2 == 0;
		view.state = data[i] % 16 == 0 ? GW_VIEW_IDLE : GW_VIEW_SELLING;
		if (data[i] % 4 != 1)
			continue; /* most pictures are drawn after several keys */
		gw_canvas_start(&canvas, 12, 40, data[i] % 3 == 0);
		gw_ui_compose(&state, &view, &status, now, &canvas);
	}
	return 0;
}
