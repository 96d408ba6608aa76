/*
 * A flash as hard as flash is: programming only clears bits and only in units that read blank, an
 * erase takes a sector, and the power may go at any unit.  What was being programmed then has any
 * subset of its bits; what was being erased holds anything; and bits of either may read differently
 * each time until they are erased.
 */
#ifndef TESTS_FLASH_MODEL_H
#define TESTS_FLASH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/flash_log.h"

#define MODEL_MAX 32768u

struct flash_model {
	struct gw_flash_io io; /* its functions get the model itself as context */
	uint8_t unit;          /* bytes programmed at once */
	uint8_t cells[MODEL_MAX], unsteady[MODEL_MAX];
	uint32_t erased[GW_FLASH_SECTORS_MAX]; /* how often */
	uint64_t random;
	uint64_t ops;    /* programs of a unit and erases, so far */
	uint64_t cut_at; /* the power goes in this one; 0: never */
	void (*cut)(void *ctx);
	void *cut_ctx;
	unsigned violations; /* programs of a unit that was not blank, or beyond the end */
	bool fails;          /* every program comes to nothing */
	bool unsafe;
};

void flash_model_init(struct flash_model *m, uint32_t sector_size, unsigned sectors, unsigned unit,
		      uint64_t seed);
uint64_t flash_model_erases(const struct flash_model *m);

bool flash_model_read(void *ctx, uint32_t at, void *bytes, uint32_t len);
bool flash_model_program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len);
bool flash_model_erase(void *ctx, uint32_t sector);
bool flash_model_safe(void *ctx, bool erase);

#endif
