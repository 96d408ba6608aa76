/*
 * The scanner's page, for the moment when something is read wrongly: what came in byte by byte,
 * what was understood, and whether the settings fit.  The last scan in full, older ones a line
 * each.
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen.h"

/* Bytes as people can read them: printable ASCII as it is, controls by their names in <>. */
static void raw_text(const struct gw_ui_scan *scan, struct gw_text *t)
{
	static const char *const names[32] = {
		"NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS",  "TAB", "LF",
		"VT",  "FF",  "CR",  "SO",  "SI",  "DLE", "DC1", "DC2", "DC3", "DC4", "NAK",
		"SYN", "ETB", "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US",
	};

	for (size_t i = 0; i < scan->raw_len && !t->cut; i++) {
		uint8_t b = scan->raw[i];

		if (b < 0x20)
			gw_text_addf(t, "<%s>", names[b]);
		else if (b < 0x7F)
			gw_text_add_char(t, (char)b);
		else
			gw_text_addf(t, "<%02X>", b);
	}
}

static int put_field(struct screen *s, struct area a, int row, const char *label, enum gw_role role,
		     const char *value)
{
	int end = a.row + a.rows, room = a.cols - 12;

	if (row >= end || value[0] == '\0')
		return row;
	gw_canvas_put(s->canvas, row, 0, 11, GW_ROLE_DIM, label);
	return row +
	       gw_canvas_wrap(s->canvas, row, 12, room, end - row < 3 ? end - row : 3, role, value);
}

static int draw_settings(struct screen *s, struct area a, int row)
{
	const struct gw_ui_scans *scans = s->status->scans;
	char room[64];

	row = put_field(s, a, row, "Port", GW_ROLE_TEXT, gw_or_empty(scans->port));
	row = put_field(s, a, row, "Settings", GW_ROLE_TEXT, gw_or_empty(scans->profile));
	row = put_field(s, a, row, "Codes end", GW_ROLE_TEXT, gw_or_empty(scans->framing));
	row = put_field(s, a, row, "Fits better", GW_ROLE_WARN, gw_or_empty(scans->best_profile));
	row = put_field(s, a, row, "", GW_ROLE_WARN, gw_or_empty(scans->advice));
	if (scans->scans >= 0) {
		snprintf(room, sizeof(room), "%lld read, %lld refused", (long long)scans->scans,
			 (long long)scans->refused);
		row = put_field(s, a, row, "So far", GW_ROLE_TEXT, room);
	}
	return row + 1;
}

static int draw_last(struct screen *s, struct area a, int row, const struct gw_ui_scan *scan)
{
	char room[600], at[8];
	struct gw_text t = gw_text_over(room, sizeof(room));

	raw_text(scan, &t);
	s->canvas->cursor_row = row < a.row + a.rows ? row : a.row;
	s->canvas->cursor_col = a.cols > 12 ? 12 : 0;
	row = put_field(s, a, row, "Last scan", GW_ROLE_STRONG, room);
	row = put_field(s, a, row, "At", GW_ROLE_TEXT, gw_words_clock(s->status, scan->at_ms, at));
	row = put_field(s, a, row, "Symbology", GW_ROLE_TEXT, gw_or_empty(scan->symbology));
	for (size_t i = 0; i < scan->field_count && i < GW_UI_FIELDS_MAX; i++)
		row = put_field(s, a, row, gw_or_empty(scan->fields[i].label), GW_ROLE_TEXT,
				gw_or_empty(scan->fields[i].value));
	row = put_field(s, a, row, scan->ok ? "Warning" : "Not read", GW_ROLE_WARN,
			gw_or_empty(scan->warning));
	return row + 1;
}

static void draw_older(struct screen *s, struct area a, int row, const struct gw_ui_scan *scan)
{
	char room[300], at[8];
	struct gw_text t = gw_text_over(room, sizeof(room));

	if (row >= a.row + a.rows)
		return;
	raw_text(scan, &t);
	gw_canvas_put(s->canvas, row, 0, 5, GW_ROLE_DIM,
		      gw_words_clock(s->status, scan->at_ms, at));
	gw_canvas_put(s->canvas, row, 6, 5, scan->ok ? GW_ROLE_GOOD : GW_ROLE_WARN,
		      scan->ok ? "ok" : "BAD");
	gw_canvas_put(s->canvas, row, 12, a.cols - 12, GW_ROLE_TEXT, room);
}

/* "F8 the dock", by the key that is bound. */
static void other_side(const struct screen *s, const char *what, char *out, size_t size)
{
	uint32_t key = gw_keymap_show(&s->state->keys, GW_ACT_SCANNER);
	char name[GW_KEY_NAME_MAX];

	out[0] = '\0';
	if (key != 0)
		snprintf(out, size, "%s %s", gw_key_name(name, key), what);
}

/* A row a figure; up and down move where there is not room for all. */
static void draw_dock(struct screen *s, struct area a)
{
	const struct gw_ui_scans *scans = s->status->scans;
	int more = (int)scans->dock_count - a.rows, from = s->state->scroll;

	if (from > more)
		from = more > 0 ? more : 0;
	s->state->scroll = from; /* what is beyond the end is no way to go back over */
	for (int row = 0; row < a.rows && from + row < (int)scans->dock_count; row++) {
		const struct gw_ui_dock_line *line = &scans->dock[from + row];

		gw_canvas_put(s->canvas, a.row + row, 0, 11, GW_ROLE_DIM, line->label);
		gw_canvas_put(s->canvas, a.row + row, 12, a.cols - 12,
			      line->warn ? GW_ROLE_WARN : GW_ROLE_TEXT, line->value);
	}
	if (scans->dock_count == 0)
		gw_canvas_put(s->canvas, a.row, 0, a.cols, GW_ROLE_TEXT,
			      "No dock: codes come by keyboard");
}

void gw_draw_scanner(struct screen *s, struct area area)
{
	const struct gw_ui_scans *scans = s->status->scans;
	bool dock = s->state->dock_side && scans != NULL;
	char other[40];
	int row;

	if (area.rows < 2)
		return;
	other_side(s, dock ? "the sale" : "the dock", other, sizeof(other));
	gw_draw_title(s, area.row, dock ? "Dock" : "Scanner",
		      dock || (scans != NULL && scans->dock_count > 0) ? other : "");
	area.row++;
	area.rows--;
	s->canvas->cursor_row = area.row;
	if (dock) {
		draw_dock(s, area);
		return;
	}
	if (scans == NULL) {
		gw_canvas_put(s->canvas, area.row, 0, area.cols, GW_ROLE_TEXT, "No scanner");
		return;
	}
	row = draw_settings(s, area, area.row);
	if (scans->count == 0) {
		gw_canvas_put(s->canvas, row, 0, row < area.row + area.rows ? area.cols : 0,
			      GW_ROLE_STRONG, "Scan something: it shows here byte by byte");
		return;
	}
	row = draw_last(s, area, row, &scans->last[0]);
	for (size_t i = 1; i < scans->count; i++)
		draw_older(s, area, row + (int)i - 1, &scans->last[i]);
}
