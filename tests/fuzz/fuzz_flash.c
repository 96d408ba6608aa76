/*
 * Fuzz target: a start from any content of the flash, twice.  Since no fuzzer gets past a CRC, the
 * checks of whatever looks like a record or a header are made right first when the first byte says
 * so; the rest decides how.  Held: no crash, and what is written afterwards is found again.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/flash_journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECTOR  512u
#define SECTORS 6u
#define RING    2000u

static uint8_t cells[SECTOR * SECTORS];

static bool read(void *ctx, uint32_t at, void *bytes, uint32_t len)
{
	(void)ctx;
	if (at + len > sizeof(cells))
		abort();
	memcpy(bytes, cells + at, len);
	return true;
}

static bool program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	(void)ctx;
	if (at + len > sizeof(cells))
		abort();
	for (uint32_t i = 0; i < len; i++) {
		if (cells[at + i] != 0xFF)
			abort();
		cells[at + i] = bytes[i];
	}
	return true;
}

static bool erase(void *ctx, uint32_t sector)
{
	(void)ctx;
	if (sector >= SECTORS)
		abort();
	memset(cells + sector * SECTOR, 0xFF, SECTOR);
	return true;
}

static bool safe(void *ctx, bool erasing)
{
	(void)ctx, (void)erasing;
	return true;
}

static const struct gw_flash_io io = {SECTOR, SECTORS, 10, read, program, erase, safe};

static void seal(uint8_t *raw, uint32_t size, uint32_t seed)
{
	uint32_t crc = gw_link_crc32c(seed, raw, size - 4);

	gw_link_put32(raw + size - 4, crc == UINT32_MAX ? UINT32_MAX - 1 : crc);
}

/* Sectors of records one behind the other, of kinds and lengths that exist. */
static void make_right(void)
{
	for (uint32_t s = 0; s < SECTORS; s++) {
		uint8_t *sector = cells + s * SECTOR;
		uint32_t at = GW_FLASH_HEADER, generation = sector[50] % 8u;

		sector[0] = GW_FLASH_OPEN;
		sector[3] = 33;
		gw_link_put32(sector + 39, generation);
		gw_link_put32(sector + 43, 0x474A0100u ^ SECTOR << 8 ^ SECTORS);
		seal(sector, GW_FLASH_HEADER, 0);
		while (at + 24 <= SECTOR) {
			uint8_t *raw = sector + at;
			uint32_t room;

			raw[0] = (raw[0] & 7) == 0 ? GW_FLASH_STATE : GW_FLASH_PIECE;
			raw[3] = raw[0] == GW_FLASH_STATE ? 25 : raw[3] % 120;
			room = gw_flash_record_size(raw[3]);
			if (at + room > SECTOR)
				break;
			/* small ordinals, so that they meet */
			raw[5] = raw[6] = raw[7] = raw[9] = 0;
			seal(raw, room, generation);
			at += room;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union {
		struct gw_ring_store store;
		uint8_t room[sizeof(struct gw_ring_store) + RING];
	} memory;
	static struct gw_ring ring;
	static struct gw_flash flash;
	uint32_t now = 1;

	if (size == 0)
		return 0;
	memset(cells, 0xFF, sizeof(cells));
	memcpy(cells, data + 1, size - 1 < sizeof(cells) ? size - 1 : sizeof(cells));
	if ((data[0] & 1) != 0)
		make_right();
	for (int life = 0; life < 2; life++) {
		memset(&memory, 0, sizeof(memory));
		(void)gw_ring_attach(&ring, &memory.store, RING, true);
		(void)gw_flash_attach(&flash, &io, NULL, &ring, false);
		if (!gw_ring_whole(&ring))
			abort();
		if (gw_ring_ending(&ring) &&
		    ring.now.ends - ring.now.base > ring.now.next - ring.now.base)
			abort();
		gw_ring_begin(&ring);
		(void)gw_ring_put(&ring, (uint8_t)('0' + life));
		(void)gw_ring_commit(&ring, 0, now);
		for (unsigned i = 0; i < 300; i++, now += 10)
			(void)gw_flash_step(&flash, now, 100, true, (data[0] & 2) != 0);
		if ((data[0] & 4) != 0)
			(void)gw_flash_open(&flash, &ring, 9);
		if ((data[0] & 8) != 0 && gw_ring_ack(&ring, ring.now.base + data[0] % 32u) > 0)
			(void)gw_flash_acked(&flash);
	}
	return 0;
}
