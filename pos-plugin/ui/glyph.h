/*
 * Characters as terminals write them: how wide one is, and its nearest writing in ASCII for
 * terminals that know nothing else.  Pure functions over constant tables.
 */
#ifndef UI_GLYPH_H
#define UI_GLYPH_H

#include <stdint.h>

/*
 * Cells of a code point: 1 or 2; 0 for a mark that sits on the character before it; -1 for one
 * that must not be shown.  By wcwidth() of the present LC_CTYPE, without which only ASCII has a
 * width of its own.
 */
int gw_glyph_width(uint32_t code_point);

/* The nearest ASCII text (1-4 characters) for a character of 1 or 2 cells. */
const char *gw_glyph_ascii(uint32_t code_point);

#endif
