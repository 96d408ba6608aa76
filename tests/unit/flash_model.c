#include "tests/unit/flash_model.h"

#include <string.h>

/* xorshift64* (Vigna 2014) */
static uint32_t roll(struct flash_model *m)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return (uint32_t)(m->random * 0x2545F4914F6CDD1Du >> 32);
}

void flash_model_init(struct flash_model *m, uint32_t sector_size, unsigned sectors, unsigned unit,
		      uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->io = (struct gw_flash_io){sector_size,      (uint16_t)sectors,   10,
				     flash_model_read, flash_model_program, flash_model_erase,
				     flash_model_safe};
	m->unit = (uint8_t)unit;
	m->random = seed * 0x9E3779B97F4A7C15u + 1;
	/* As delivered, or with another program's data in it. */
	if (seed % 3 == 0)
		memset(m->cells, 0xFF, sizeof(m->cells));
	else
		for (uint32_t i = 0; i < sizeof(m->cells); i++)
			m->cells[i] = (uint8_t)roll(m);
}

uint64_t flash_model_erases(const struct flash_model *m)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < GW_FLASH_SECTORS_MAX; i++)
		n += m->erased[i];
	return n;
}

bool flash_model_read(void *ctx, uint32_t at, void *bytes, uint32_t len)
{
	struct flash_model *m = ctx;
	uint8_t *out = bytes;

	if (at + len > m->io.sector_size * m->io.sector_count) {
		m->violations++;
		return false;
	}
	memcpy(out, m->cells + at, len);
	for (uint32_t i = 0; i < len; i++)
		if (m->unsteady[at + i] != 0)
			out[i] ^= (uint8_t)(m->unsteady[at + i] & roll(m));
	return true;
}

/*
 * The power goes while these bytes are on their way to what they shall be: none of the bits are
 * there, all, some, or (erase) anything; and none is unsteady, one, or some of those that changed.
 */
static void tear(struct flash_model *m, uint32_t at, const uint8_t *want, uint32_t len)
{
	uint32_t how = roll(m) % 4, shaky = roll(m) % 3, one = roll(m) % (len * 8), at_bit = 0;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t old = m->cells[at + i], target = want != NULL ? want[i] : 0xFF;
		uint8_t differ = (uint8_t)(old ^ target);
		uint8_t done = how == 0 ? 0 : how == 1 ? 0xFF : (uint8_t)roll(m);

		m->cells[at + i] = (uint8_t)((old & ~done) | (target & done));
		if (want == NULL && how == 3)
			m->cells[at + i] = (uint8_t)roll(m);
		if (shaky == 1)
			m->unsteady[at + i] |= (uint8_t)(differ & roll(m));
		/* The first bit that changes at or behind a random place. */
		for (unsigned bit = 0; bit < 8; bit++, at_bit++)
			if (shaky == 2 && at_bit >= one && ((unsigned)differ >> bit & 1u) != 0) {
				m->unsteady[at + i] |= (uint8_t)(1u << bit);
				shaky = 0;
			}
	}
	m->cut(m->cut_ctx);
}

bool flash_model_program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	struct flash_model *m = ctx;

	if (at % 8 != 0 || len % 8 != 0 || at + len > m->io.sector_size * m->io.sector_count) {
		m->violations++;
		return false;
	}
	if (m->fails)
		return true; /* and says that all is well */
	for (uint32_t i = 0; i < len; i += m->unit) {
		for (uint32_t k = 0; k < m->unit; k++)
			if (m->cells[at + i + k] != 0xFF || m->unsteady[at + i + k] != 0) {
				m->violations++;
				return false;
			}
		if (++m->ops == m->cut_at)
			tear(m, at + i, bytes + i, m->unit);
		memcpy(m->cells + at + i, bytes + i, m->unit);
	}
	return true;
}

bool flash_model_erase(void *ctx, uint32_t sector)
{
	struct flash_model *m = ctx;
	uint32_t size = m->io.sector_size;

	if (sector >= m->io.sector_count) {
		m->violations++;
		return false;
	}
	m->erased[sector]++;
	if (++m->ops == m->cut_at)
		tear(m, sector * size, NULL, size);
	memset(m->cells + sector * size, 0xFF, size);
	memset(m->unsteady + sector * size, 0, size);
	return true;
}

bool flash_model_safe(void *ctx, bool erase)
{
	struct flash_model *m = ctx;

	return !m->unsafe || !erase;
}
