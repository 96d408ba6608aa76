/*
 * Programming and erasing the chip's own flash while scanner and till go on.
 *
 * From the write that starts an operation until BSY falls, nothing may fetch from flash or read it:
 * operate() is in RAM, with interrupts on, whose vectors and handlers are in RAM too and keep
 * receivers and transmitters going.  The main loop waits: 1 ms for a scan's record, 20 to 40 ms for
 * an erase, in which each receive queue takes what its line can bring (scanner and till at 9600: 40
 * bytes; the register at 115200 may lose a frame, which the link repeats).
 */
#include "firmware/board/cortexm/flash.h"

#define FLASH_KEYR GW_REG(0x40022004u)
#define FLASH_SR   GW_REG(0x4002200Cu)
#define FLASH_CR   GW_REG(0x40022010u)
#define FLASH_AR   GW_REG(0x40022014u)
#define SCB_VTOR   GW_REG(0xE000ED08u)

enum { SR_BSY = 1, SR_PGERR = 4, SR_WRPRTERR = 16, SR_EOP = 32 };
enum { CR_PG = 1, CR_PER = 2, CR_STRT = 64, CR_LOCK = 128 };
enum { VECTORS = 16 + 40 };

extern const uint32_t link_vectors[];

/* Programs a half-word or erases its page; false when the chip reports an error. */
static GW_FAST bool operate(uint32_t mode, uint32_t address, uint16_t value)
{
	uint32_t status;

	FLASH_CR = mode;
	if (mode == CR_PG) {
		*(volatile uint16_t *)(uintptr_t)address = value;
	} else {
		FLASH_AR = address;
		FLASH_CR = mode | CR_STRT;
	}
	do {
		status = FLASH_SR;
	} while ((status & SR_BSY) != 0);
	FLASH_SR = SR_EOP | SR_PGERR | SR_WRPRTERR;
	FLASH_CR = 0;
	return (status & (SR_PGERR | SR_WRPRTERR)) == 0;
}

static void unlock(void)
{
	if ((FLASH_CR & CR_LOCK) != 0) {
		FLASH_KEYR = 0x45670123u;
		FLASH_KEYR = 0xCDEF89ABu;
	}
}

bool gw_flash_program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	bool good = true;

	(void)ctx;
	unlock();
	for (uint32_t i = 0; i < len && good; i += 2)
		if (gw_link_get16(bytes + i) != 0xFFFFu)
			good = operate(CR_PG, GW_FLASH_AREA + at + i, gw_link_get16(bytes + i));
	FLASH_CR = CR_LOCK;
	return good;
}

bool gw_flash_erase(void *ctx, uint32_t sector)
{
	bool good;

	(void)ctx;
	unlock();
	good = operate(CR_PER, GW_FLASH_AREA + sector * GW_FLASH_SECTOR, 0);
	FLASH_CR = CR_LOCK;
	return good;
}

void gw_flash_start(void)
{
	static uint32_t vectors[VECTORS] __attribute__((aligned(256), section(".vectors.ram")));

	for (unsigned i = 0; i < VECTORS; i++)
		vectors[i] = link_vectors[i];
	SCB_VTOR = (uint32_t)(uintptr_t)vectors;
}
