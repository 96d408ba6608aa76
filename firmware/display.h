/*
 * The customer display: two lines of twenty characters, from UTF-8 to the bytes of the two command
 * sets nearly all of them know, in code page 437 or 858.  What the code page lacks is written with
 * the letters it has (ł as l, “ as "); what has no such form becomes '?'.  Pure functions.
 */
#ifndef FIRMWARE_DISPLAY_H
#define FIRMWARE_DISPLAY_H

#include <stddef.h>
#include <stdint.h>

#define GW_DISPLAY_COLUMNS 20u
/* The longest command: both lines with their prefixes. */
#define GW_DISPLAY_MAX 64u

enum gw_display_type {
	GW_DISPLAY_ESCPOS, /* Epson DM-D and what follows it: US $ column row */
	GW_DISPLAY_CD5220, /* ESC Q A line CR, ESC Q B line CR */
};

enum gw_display_page { GW_DISPLAY_CP437, GW_DISPLAY_CP858 };

struct gw_display {
	uint8_t type; /* enum gw_display_type */
	uint8_t page; /* enum gw_display_page */
};

/* Commands that bring it into a known state; returns their length, at most GW_DISPLAY_MAX. */
size_t gw_display_start(const struct gw_display *d, uint8_t out[GW_DISPLAY_MAX]);
/* Both lines, filled with blanks, cut at twenty characters. */
size_t gw_display_show(const struct gw_display *d, uint8_t out[GW_DISPLAY_MAX],
		       const uint8_t *line1, size_t len1, const uint8_t *line2, size_t len2);
/* The same with lines that gw_display_line has made. */
size_t gw_display_show_lines(const struct gw_display *d, uint8_t out[GW_DISPLAY_MAX],
			     const uint8_t line1[GW_DISPLAY_COLUMNS],
			     const uint8_t line2[GW_DISPLAY_COLUMNS]);
/* One line's characters in the display's code page. */
void gw_display_line(const struct gw_display *d, uint8_t out[GW_DISPLAY_COLUMNS],
		     const uint8_t *text, size_t len);

#endif
