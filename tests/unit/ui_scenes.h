/*
 * Moments of a working day, as the engine and the register would describe them: the goldens are
 * made of them, and ui_preview shows them on a real terminal.
 */
#ifndef TESTS_UI_SCENES_H
#define TESTS_UI_SCENES_H

#include "port/dock_report.h"
#include "ui/state.h"

#define SCENE_LINES 200

struct scene {
	const char *name;
	void (*set)(struct scene *scene); /* changes what a common sale has */
	/* filled by scene_make */
	struct gw_view view;
	struct gw_ui_status status;
	struct gw_view_line lines[SCENE_LINES];
	struct gw_ui_today today;
	struct gw_ui_scans scans;
	struct gw_ui_scan scan[3];
	struct gw_dock_line dock[GW_DOCK_LINES_MAX];
	struct gw_ui_dock_line dock_row[GW_DOCK_LINES_MAX];
	struct gw_ui_held held[3];
	enum gw_ui_page page;
	bool practice;
	const char *keys; /* typed before the picture is taken */
};

extern const struct scene scenes[];
extern const size_t scene_count;

/* Fills `scene` with the moment named; false if there is none. */
bool scene_make(struct scene *scene, const char *name);

#define SCENE_MONO_MS 1000000

#endif
