/* Memory that behaves like flash: programs clear bits, and only of blank cells. */
#include "firmware/board/cortexm/flash.h"

static volatile uint32_t *cell(uint32_t at)
{
	return &GW_REG(GW_FLASH_AREA + at);
}

bool gw_flash_program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	(void)ctx;
	for (uint32_t i = 0; i < len; i += 4) {
		if (*cell(at + i) != 0xFFFFFFFFu)
			return false;
		*cell(at + i) = gw_link_get32(bytes + i);
	}
	return true;
}

bool gw_flash_erase(void *ctx, uint32_t sector)
{
	(void)ctx;
	for (uint32_t i = 0; i < GW_FLASH_SECTOR; i += 4)
		*cell(sector * GW_FLASH_SECTOR + i) = 0xFFFFFFFFu;
	return true;
}

void gw_flash_start(void)
{
}
