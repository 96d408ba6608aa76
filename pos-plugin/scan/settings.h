/*
 * The decoder's part of goeswith.conf, kept with the patterns it points to:
 *
 *	[scan]
 *	region = germany                       rules for in-store numbers
 *	pattern = 28IIIIVNNNNNC weight 3 kg    a shop's own rule; may stand several times
 *	eight = ean8 | upce                    8 digits without an identifier, where both fit
 *	code-ids = zebra | honeywell | datalogic
 *	gs = |                                 a character the scanner sends for GS
 *	strict = yes                           warn of missing companions, too
 *
 *	struct gw_scan_settings settings = {0};
 *	rc = gw_scan_settings_load(&settings, conf, &err);
 *	gw_scan_decode(gw_scan_settings_config(&settings), ...);
 */
#ifndef SCAN_SETTINGS_H
#define SCAN_SETTINGS_H

#include "base/err.h"
#include "scan/scan.h"

#define GW_SCAN_PATTERNS_MAX 32

struct gw_conf;

struct gw_scan_settings {
	struct gw_scan_config config;
	struct gw_scan_pattern patterns[GW_SCAN_PATTERNS_MAX];
};

/* Reads section [scan] of conf (may be NULL).  GW_E_INPUT for the first faulty line. */
int gw_scan_settings_load(struct gw_scan_settings *settings, const struct gw_conf *conf,
			  struct gw_err *err);

/* Sets one key ("region", "pattern", ...).  GW_E_INPUT with a sentence for a faulty value. */
int gw_scan_settings_set(struct gw_scan_settings *settings, const char *key, const char *value,
			 struct gw_err *err);

/* Points the configuration to its patterns; call again after the struct has been copied. */
const struct gw_scan_config *gw_scan_settings_config(struct gw_scan_settings *settings);

#endif
