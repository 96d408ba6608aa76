/* A ring with a flash journal, and no dock around them: what the tests of the journal share. */
#ifndef TESTS_FLASH_BENCH_H
#define TESTS_FLASH_BENCH_H

#include <stdlib.h>
#include <string.h>

#include "firmware/flash_journal.h"
#include "tests/unit/flash_model.h"

#define RING 6000u

struct bench {
	struct gw_flash flash;
	struct gw_ring ring;
	struct flash_model model;
	uint32_t now_ms;
	union {
		struct gw_ring_store store;
		uint8_t room[sizeof(struct gw_ring_store) + RING];
	} memory;
};

static inline void start(struct bench *b, bool power_lost)
{
	bool warm;

	if (power_lost)
		memset(&b->memory, 0x5A, sizeof(b->memory));
	warm = gw_ring_attach(&b->ring, &b->memory.store, RING, true);
	(void)gw_flash_attach(&b->flash, &b->model.io, &b->model, &b->ring, warm);
}

static inline struct bench *new_bench(uint32_t sector, unsigned sectors)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (b == NULL)
		abort();
	flash_model_init(&b->model, sector, sectors, 2, 1);
	start(b, true);
	return b;
}

/* False when the ring is full. */
static inline bool scan(struct bench *b, const char *text)
{
	gw_ring_begin(&b->ring);
	for (const char *p = text; *p != '\0'; p++)
		(void)gw_ring_put(&b->ring, (uint8_t)*p);
	return gw_ring_commit(&b->ring, 0, b->now_ms);
}

/* Lets time pass; returns how many scans became safe. */
static inline unsigned settle(struct bench *b, uint32_t ms)
{
	unsigned safe = 0;

	for (uint32_t end = b->now_ms + ms; b->now_ms != end; b->now_ms++)
		safe += gw_flash_step(&b->flash, b->now_ms, 100, true, false);
	return safe;
}

static inline void ack(struct bench *b, uint32_t next)
{
	(void)gw_ring_ack(&b->ring, next);
	(void)gw_flash_acked(&b->flash);
}

/* Scans of 13 digits until flash and ring are full; returns how many are safe. */
static inline unsigned fill_up(struct bench *b)
{
	unsigned safe = 0;

	while (b->ring.now.used + 40 < RING) {
		(void)scan(b, "4006381333931");
		safe += settle(b, 120);
	}
	return safe;
}

/* What waits, joined by '|'; a refused scan is '!'. */
static inline const char *held(struct bench *b)
{
	static char out[8192];
	size_t n = 0;

	for (uint32_t seq = b->ring.now.base; seq != b->ring.now.next; seq++) {
		uint8_t payload[GW_LINK_PAYLOAD_MAX], flags;
		size_t len = gw_ring_piece(&b->ring, seq, payload, &flags) - GW_LINK_SCAN_HEADER;

		if (payload[0] >> 4 != 0)
			out[n++] = '!';
		memcpy(out + n, payload + GW_LINK_SCAN_HEADER, len);
		n += len;
		if ((flags & GW_LINK_F_FRAG) == 0)
			out[n++] = '|';
	}
	out[n] = '\0';
	return out;
}

#endif
