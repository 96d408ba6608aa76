/* board.h's flash for every board with memory-mapped flash. */
#include "firmware/board/cortexm/flash.h"

static bool read(void *ctx, uint32_t at, void *bytes, uint32_t len)
{
	const volatile uint8_t *from = &((const volatile uint8_t *)(uintptr_t)GW_FLASH_AREA)[at];
	uint8_t *to = bytes;

	(void)ctx;
	for (uint32_t i = 0; i < len; i++)
		to[i] = from[i];
	return true;
}

/* Receivers go on whatever happens; what would wait is what has been received and is to be sent. */
static bool safe(void *ctx, bool erase)
{
	(void)ctx;
	if (!erase)
		return true;
	for (unsigned i = GW_BOARD_SCANNER; i <= GW_BOARD_HOST; i++)
		if (gw_board_pending((enum gw_board_line)i) > 0)
			return false;
	return true;
}

const struct gw_flash_io *gw_board_flash(void)
{
	static const struct gw_flash_io io = {GW_FLASH_SECTOR,
					      GW_FLASH_SECTORS,
					      GW_FLASH_ENDURANCE_K,
					      read,
					      gw_flash_program,
					      gw_flash_erase,
					      safe};

	gw_flash_start();
	return &io;
}
