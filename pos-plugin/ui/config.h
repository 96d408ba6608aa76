/*
 * The screen's part of goeswith.conf: section [ui] for how it looks, [keys] for other keys.
 * Owns nothing; no threads.
 *
 *	struct gw_keymap keys;
 *	struct gw_ui_options options;
 *	gw_ui_configure(&options, &keys, conf, &err);
 *	... what the command line says goes over it ...
 */
#ifndef UI_CONFIG_H
#define UI_CONFIG_H

#include "base/home.h"
#include "ui/ui.h"

/*
 * Fills options and keys from conf (NULL: all defaults); options.keys points to keys, options.pin
 * and options.term into conf.  [ui]: ascii, colour (auto, yes, no), lines, bar, idle_clock, letters
 * (yes, no), burst_gap_ms (5 to 500), pin (up to 15 digits), term.  [keys]: gw_keymap_set.
 * GW_E_INPUT: a word that is none of these, with a sentence that names it.
 */
int gw_ui_configure(struct gw_ui_options *options, struct gw_keymap *keys,
		    const struct gw_conf *conf, struct gw_err *err);

#endif
