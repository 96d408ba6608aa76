/*
 * A byte queue between one interrupt handler and the main loop: one side puts, the other takes, no
 * lock.  The counters run freely and wrap; their difference is the fill.  The room is the owner's,
 * its size a power of two up to 32768.
 *
 * One core, halfword counters: their reads and writes are single instructions, and an interrupt
 * sees memory as the program left it.  So barriers for the compiler are enough; a chip with two
 * cores would need dmb there.
 */
#ifndef FIRMWARE_QUEUE_H
#define FIRMWARE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/* A handler that lives in RAM (GW_FAST) must not call what does not: there it is in one piece. */
#if defined(GW_FLASH_STALLS) && GW_FLASH_STALLS
#define GW_QUEUE_INLINE static inline __attribute__((always_inline))
#else
#define GW_QUEUE_INLINE static inline
#endif

struct gw_queue {
	uint8_t *room; /* borrowed */
	uint16_t mask; /* size - 1 */
	volatile uint16_t in, out;
};

GW_QUEUE_INLINE uint16_t gw_queue_used(const struct gw_queue *q)
{
	return (uint16_t)(q->in - q->out);
}

GW_QUEUE_INLINE uint16_t gw_queue_free(const struct gw_queue *q)
{
	return (uint16_t)(q->mask + 1u - gw_queue_used(q));
}

GW_QUEUE_INLINE bool gw_queue_put(struct gw_queue *q, uint8_t byte)
{
	uint16_t in = q->in;

	if ((uint16_t)(in - q->out) > q->mask)
		return false;
	q->room[in & q->mask] = byte;
	/* The byte must be there before the count says so. */
	__asm__ volatile("" ::: "memory");
	q->in = (uint16_t)(in + 1u);
	return true;
}

/*
 * Writes a byte i places behind the end, where nobody looks yet.  False, and nothing written, when
 * the end is no longer where it was: the other side has put a byte there.
 */
static inline bool gw_queue_lay(struct gw_queue *q, uint16_t end, uint16_t i, uint8_t byte)
{
	if (q->in != end)
		return false;
	q->room[(uint16_t)(end + i) & q->mask] = byte;
	return true;
}

/* Makes what was laid part of the queue.  No other side may put between the two. */
static inline void gw_queue_add(struct gw_queue *q, uint16_t len)
{
	__asm__ volatile("" ::: "memory");
	q->in = (uint16_t)(q->in + len);
}

GW_QUEUE_INLINE bool gw_queue_get(struct gw_queue *q, uint8_t *byte)
{
	uint16_t out = q->out;

	if (q->in == out)
		return false;
	/* Nor may it be read before the count is. */
	__asm__ volatile("" ::: "memory");
	*byte = q->room[out & q->mask];
	__asm__ volatile("" ::: "memory");
	q->out = (uint16_t)(out + 1u);
	return true;
}

#endif
