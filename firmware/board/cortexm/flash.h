/*
 * What a board with memory-mapped flash gives to the flash journal, and what is checked of it.  The
 * board's own flash.h says where and how: GW_FLASH_AREA, _SECTOR (bytes), _SECTORS, _ENDURANCE_K,
 * and the two that decide whether it may be used at all:
 *
 *	GW_FLASH_STALLS    1: no code runs from flash while flash is programmed or erased
 *	GW_FLASH_HANDLERS  1: vectors and interrupt handlers are in RAM (functions marked GW_FAST)
 *
 * Private to firmware/board.
 */
#ifndef FIRMWARE_CORTEXM_FLASH_H
#define FIRMWARE_CORTEXM_FLASH_H

#include "firmware/board/cortexm/cortexm.h"

#ifndef GW_FLASH_AREA
/* cppcheck-suppress preprocessorErrorDirective */
#error "FLASH_JOURNAL=1: this board has no flash.h, so nobody has said where its flash is and whether \
bytes get lost while it is written. See firmware/PORTING.md, \"Flash journal\"."
#endif
#if GW_FLASH_STALLS && !GW_FLASH_HANDLERS
/* cppcheck-suppress preprocessorErrorDirective */
#error "FLASH_JOURNAL=1: flash stalls this processor for up to 40 ms and its receive handlers are in \
flash, so bytes of scanner and till would be lost. Put them into RAM, or use an external flash or \
FRAM. See firmware/PORTING.md, \"Flash journal\"."
#endif

_Static_assert(GW_FLASH_SECTOR >= 512u && GW_FLASH_SECTOR % 8u == 0u, "see flash_log.h");
_Static_assert(GW_FLASH_SECTORS >= GW_FLASH_SECTORS_MIN && GW_FLASH_SECTORS <= GW_FLASH_SECTORS_MAX,
	       "see flash_log.h");

/* The board's driver (its flash.c); at counts from GW_FLASH_AREA. */
bool gw_flash_program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len);
bool gw_flash_erase(void *ctx, uint32_t sector);
/* Once, before the first of them. */
void gw_flash_start(void);

#endif
