/*
 *	 head                          head+used        +12+open_len
 *	  v                                v                v
 *	  [record][record] ... [record][record][ record being made ]      free
 *	(offsets modulo the size)
 *
 * A record is 12 bytes and the scan.  A scan of n bytes has max(1, ceil(n / 225)) numbers, one for
 * each piece it travels in; numbers are therefore not stored but counted from `base`.
 *
 * Every change ends with gw_ring_save(), which writes the older of the two headers.  The compiler
 * must not move data writes behind it; the reset (or kill) then cuts between two whole states.
 */
#include "firmware/ring.h"

#define MAGIC 0x47574433u /* "GWD3" */

/* A test may cut the power here. */
#ifndef GW_RING_STEP
#define GW_RING_STEP() ((void)0)
#endif

enum { RECORD_LOST = 1 };

static void barrier(void)
{
	__asm__ volatile("" ::: "memory");
	GW_RING_STEP();
}

static uint32_t header_crc(const struct gw_ring_header *h)
{
	return gw_link_crc32c(0, h, offsetof(struct gw_ring_header, crc));
}

void gw_ring_save(struct gw_ring *r)
{
	struct gw_ring_header *h;

	r->now.generation++;
	r->now.crc = header_crc(&r->now);
	h = &r->store->header[r->now.generation & 1u];
	barrier();
	h->crc = ~r->now.crc;
	barrier();
	*h = r->now;
	barrier();
}

static uint32_t wrap(const struct gw_ring *r, uint32_t offset)
{
	return offset >= r->now.size ? offset - r->now.size : offset;
}

static uint8_t *byte_at(const struct gw_ring *r, uint32_t from, uint32_t n)
{
	return &r->store->data[wrap(r, from + n)];
}

static void read_record(const struct gw_ring *r, uint32_t at, uint8_t out[GW_RING_RECORD])
{
	for (uint32_t i = 0; i < GW_RING_RECORD; i++)
		out[i] = *byte_at(r, at, i);
}

static uint32_t pieces_of(uint32_t len)
{
	return len == 0 ? 1 : (len + GW_LINK_PIECE_MAX - 1) / GW_LINK_PIECE_MAX;
}

static uint32_t record_crc(const struct gw_ring *r, uint32_t at, uint32_t len)
{
	uint32_t crc = 0;

	for (uint32_t i = 0; i < 8; i++)
		crc = gw_link_crc32c(crc, byte_at(r, at, i), 1);
	for (uint32_t i = 0; i < len; i++)
		crc = gw_link_crc32c(crc, byte_at(r, at, GW_RING_RECORD + i), 1);
	return crc;
}

/* Walks all records: lengths, checks and the count of numbers must agree with the header. */
static bool records_whole(const struct gw_ring *r)
{
	uint32_t at = r->now.head, left = r->now.used, seq = r->now.base;
	uint8_t record[GW_RING_RECORD];

	while (left >= GW_RING_RECORD) {
		uint32_t len;

		read_record(r, at, record);
		len = gw_link_get16(record);
		if (len > left - GW_RING_RECORD ||
		    record_crc(r, at, len) != gw_link_get32(record + 8))
			return false;
		seq += pieces_of(len);
		left -= GW_RING_RECORD + len;
		at = wrap(r, at + GW_RING_RECORD + len);
	}
	return left == 0 && seq == r->now.next;
}

static bool header_whole(const struct gw_ring_header *h, uint32_t size)
{
	return h->magic == MAGIC && h->size == size && h->crc == header_crc(h) && h->head < size &&
	       h->used <= size;
}

static void rewind_search(struct gw_ring *r)
{
	r->at_seq = r->now.base;
	r->at = r->now.head;
}

bool gw_ring_attach(struct gw_ring *r, struct gw_ring_store *store, uint32_t size, bool new_clock)
{
	static const struct gw_ring_header empty = {.magic = MAGIC};
	const struct gw_ring_header *h = store->header;
	bool good[2] = {header_whole(&h[0], size), header_whole(&h[1], size)};
	unsigned newer = good[0] && good[1] ? ((int32_t)(h[1].generation - h[0].generation) > 0)
					    : (good[1] ? 1u : 0u);
	bool warm = false;

	r->store = store;
	r->open = r->full = false;
	r->open_len = 0;
	for (unsigned attempt = 0; attempt < 2 && !warm; attempt++, newer ^= 1u)
		if (good[newer]) {
			r->now = h[newer];
			warm = records_whole(r);
		}
	if (!warm) {
		r->now = empty;
		r->now.size = size;
		/* No header of the life before may look newer than ours. */
		store->header[0].crc = store->header[1].crc = 0;
		store->header[0].magic = store->header[1].magic = 0;
	} else {
		r->now.boots++;
		if (new_clock)
			r->now.clock_seq = r->now.next;
	}
	gw_ring_save(r);
	rewind_search(r);
	return warm;
}

bool gw_ring_whole(const struct gw_ring *r)
{
	const struct gw_ring_header *h = &r->store->header[r->now.generation & 1u];

	return header_whole(h, r->now.size) && h->crc == r->now.crc && records_whole(r);
}

void gw_ring_begin(struct gw_ring *r)
{
	r->open = true;
	r->open_len = 0;
	r->full = r->now.size - r->now.used < GW_RING_RECORD;
}

bool gw_ring_put(struct gw_ring *r, uint8_t byte)
{
	if (r->full || r->now.used + GW_RING_RECORD + r->open_len >= r->now.size ||
	    r->open_len >= UINT16_MAX) {
		r->full = true;
		return false;
	}
	*byte_at(r, wrap(r, r->now.head + r->now.used), GW_RING_RECORD + r->open_len) = byte;
	r->open_len++;
	return true;
}

void gw_ring_cut(struct gw_ring *r, uint32_t len)
{
	if (len < r->open_len)
		r->open_len = len;
}

void gw_ring_drop(struct gw_ring *r)
{
	r->open = false;
	r->full = false;
	r->open_len = 0;
}

static bool refuse(struct gw_ring *r)
{
	gw_ring_drop(r);
	r->now.lost++;
	gw_ring_save(r);
	return false;
}

bool gw_ring_commit(struct gw_ring *r, uint8_t origin, uint32_t t_ms)
{
	uint32_t at = wrap(r, r->now.head + r->now.used), len = r->open_len;
	uint8_t record[GW_RING_RECORD];

	if (r->full)
		return refuse(r);
	gw_link_put16(record, len);
	record[2] = origin;
	record[3] = r->now.lost != r->now.lost_told ? RECORD_LOST : 0;
	gw_link_put32(record + 4, t_ms);
	gw_link_put32(record + 8, 0);
	for (uint32_t i = 0; i < 8; i++)
		*byte_at(r, at, i) = record[i];
	gw_link_put32(record + 8, record_crc(r, at, len));
	for (uint32_t i = 8; i < GW_RING_RECORD; i++)
		*byte_at(r, at, i) = record[i];
	r->now.lost_told = r->now.lost;
	r->now.used += GW_RING_RECORD + len;
	r->now.next += pieces_of(len);
	gw_ring_save(r);
	gw_ring_drop(r);
	return true;
}

/* Moves the search to the record with this piece and reads its head; returns the scan's length. */
static uint32_t find(struct gw_ring *r, uint32_t seq, uint8_t record[GW_RING_RECORD])
{
	if (seq - r->now.base < r->at_seq - r->now.base)
		rewind_search(r);
	for (;;) {
		uint32_t len;

		read_record(r, r->at, record);
		len = gw_link_get16(record);
		if (seq - r->at_seq < pieces_of(len))
			return len;
		r->at_seq += pieces_of(len);
		r->at = wrap(r, r->at + GW_RING_RECORD + len);
	}
}

uint32_t gw_ring_time(struct gw_ring *r, uint32_t seq, bool *old)
{
	uint8_t record[GW_RING_RECORD];

	(void)find(r, seq, record);
	*old = (int32_t)(seq - r->now.clock_seq) < 0;
	return gw_link_get32(record + 4);
}

size_t gw_ring_piece(struct gw_ring *r, uint32_t seq, uint8_t payload[GW_LINK_PAYLOAD_MAX],
		     uint8_t *flags)
{
	uint8_t record[GW_RING_RECORD];
	uint32_t len, from, n;

	if (seq - r->now.base >= r->now.next - r->now.base)
		return 0;
	len = find(r, seq, record);
	from = (seq - r->at_seq) * GW_LINK_PIECE_MAX;
	n = len - from < GW_LINK_PIECE_MAX ? len - from : GW_LINK_PIECE_MAX;
	payload[0] = record[2];
	for (uint32_t i = 0; i < 4; i++)
		payload[1 + i] = record[4 + i];
	for (uint32_t i = 0; i < n; i++)
		payload[GW_LINK_SCAN_HEADER + i] = *byte_at(r, r->at, GW_RING_RECORD + from + i);
	*flags = (uint8_t)(((record[3] & RECORD_LOST) != 0 ? GW_LINK_F_LOST : 0) |
			   ((int32_t)(seq - r->now.clock_seq) < 0 ? GW_LINK_F_CLK : 0) |
			   (from + n < len ? GW_LINK_F_FRAG : 0));
	return GW_LINK_SCAN_HEADER + n;
}

unsigned gw_ring_ack(struct gw_ring *r, uint32_t next)
{
	uint32_t numbers = next - r->now.base;
	unsigned count = 0;

	if (numbers > r->now.next - r->now.base)
		return 0;
	while (r->now.used > 0) {
		uint32_t len = gw_link_get16((const uint8_t[]){*byte_at(r, r->now.head, 0),
							       *byte_at(r, r->now.head, 1)});

		if (pieces_of(len) > numbers)
			break;
		numbers -= pieces_of(len);
		r->now.base += pieces_of(len);
		r->now.head = wrap(r, r->now.head + GW_RING_RECORD + len);
		r->now.used -= GW_RING_RECORD + len;
		count++;
	}
	if ((int32_t)(r->now.clock_seq - r->now.base) < 0)
		r->now.clock_seq =
			r->now.base; /* keeps up, so that it never looks ahead after a wrap */
	if (count > 0) {
		gw_ring_save(r);
		if ((int32_t)(r->at_seq - r->now.base) < 0)
			rewind_search(r);
	}
	return count;
}

void gw_ring_open_session(struct gw_ring *r, uint32_t session)
{
	r->now.session = session;
#if GW_FLASH_JOURNAL
	r->now.ending = 0;
	r->now.from += r->now.base;
#endif
	r->now.next -= r->now.base;
	r->now.clock_seq -= r->now.base;
	if ((int32_t)r->now.clock_seq < 0)
		r->now.clock_seq = 0;
	r->now.base = 0;
	gw_ring_save(r);
	rewind_search(r);
}

bool gw_ring_load(struct gw_ring *r, uint8_t origin, uint32_t t_ms, bool lost)
{
	if (lost)
		r->now.lost_told = r->now.lost - 1u; /* so that commit marks it */
	return gw_ring_commit(r, origin, t_ms);
}

void gw_ring_take_command(struct gw_ring *r)
{
	r->now.cmd_next++;
	gw_ring_save(r);
}
