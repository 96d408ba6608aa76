/*
 * Which characters take a place of their own on a customer display.  One rule for the dock, which
 * writes them, and for the register, which must know beforehand what fits beside a price.
 */
#ifndef LINK_GLYPHS_H
#define LINK_GLYPHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Marks that stand on the letter before, joiners and variation selectors: they take no column.
 * Source: Unicode 15, general categories Mn, Me and Cf of the scripts that retail names come in.
 */
static inline bool gw_glyph_is_mark(uint32_t c)
{
	static const uint16_t ranges[][2] = {
		{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
		{0x064B, 0x065F}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
		{0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E},
		{0x2060, 0x2064}, {0x20D0, 0x20F0}, {0x3099, 0x309A}, {0xFE00, 0xFE0F},
		{0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return c == 0x00AD || (c >= 0xE0100 && c <= 0xE01EF);
}

#endif
