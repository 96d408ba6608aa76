/*
 * The scanner screen behind F8: the last scans with what was read from them, and whether the bytes
 * as they come look like another setting of the scanner.
 *
 * Owns copies of the last scans; a payment card's bytes are never kept.  One thread.
 */
#ifndef PLUGIN_PAGE_SCANS_H
#define PLUGIN_PAGE_SCANS_H

#include "scan/profile.h"
#include "scan/scan.h"
#include "ui/ui.h"

#define GW_PAGE_RAW_MAX   256
#define GW_PAGE_VALUE_MAX GW_SCAN_CODE_SIZE

struct gw_page_scans {
	struct gw_ui_scans shown; /* give this to the screen */
	/* private: what it points to */
	struct gw_ui_scan scans[GW_UI_SCANS_MAX]; /* newest first, as in kept */
	struct {
		uint8_t raw[GW_PAGE_RAW_MAX];
		char symbology[GW_PAGE_VALUE_MAX], warning[GW_TEXT_MAX];
		char values[GW_UI_FIELDS_MAX][GW_PAGE_VALUE_MAX];
	} kept[GW_UI_SCANS_MAX];
	uint8_t line[GW_PROFILE_BYTES_MAX]; /* the newest bytes while somebody looks */
	size_t line_len;
	char best[96], advice[GW_TEXT_MAX], framing[64];
};

/* port, profile: as configured, borrowed; NULL where there is none. */
void gw_page_scans_init(struct gw_page_scans *page, const char *port, const char *profile);
void gw_page_scans_add(struct gw_page_scans *page, const uint8_t *bytes, size_t len, int64_t at_ms);
/* Bytes as the scanner sent them, framing included; judged against the settings in force. */
void gw_page_scans_raw(struct gw_page_scans *page, const uint8_t *bytes, size_t len);
/* Nobody looks any more: forgets the raw bytes, which may have been anything. */
void gw_page_scans_leave(struct gw_page_scans *page);

#endif
