/*
 * See flash_log.h for why it holds.  Which function does what of the list there: 1 put_record,
 * 2 open_sector, 3, 7 and 8 make_room, 5 void_from, 6 open_for_change and counts; 4 and the third
 * case of 6 are flash_journal.c's (make_sure, write_change).
 */
#include "firmware/flash_log.h"

#define MAGIC   0x474A0100u
#define BLANK   0xFFFFFFFFu
#define HEAD    GW_FLASH_HEAD
#define STATE   25u
#define OPENING 33u

static uint32_t check_of(uint32_t seed, const uint8_t *raw, uint32_t size)
{
	uint32_t crc = gw_link_crc32c(seed, raw, size - 4u);

	return crc == BLANK ? BLANK - 1u : crc;
}

static uint32_t seed_of(uint8_t kind, uint32_t generation)
{
	return kind == GW_FLASH_OPEN ? 0 : generation;
}

/* --- records -------------------------------------------------------------------------------- */

static void put_state(uint8_t *p, const struct gw_flash_state *s)
{
	gw_link_put32(p, s->session);
	gw_link_put32(p + 4, s->from);
	gw_link_put32(p + 8, s->ends);
	gw_link_put32(p + 12, s->base);
	gw_link_put32(p + 16, s->cmd_next);
	gw_link_put32(p + 20, s->lost);
	p[24] = s->ending ? 1 : 0;
}

static void get_state(struct gw_flash_state *s, const uint8_t *p)
{
	s->session = gw_link_get32(p);
	s->from = gw_link_get32(p + 4);
	s->ends = gw_link_get32(p + 8);
	s->base = gw_link_get32(p + 12);
	s->cmd_next = gw_link_get32(p + 16);
	s->lost = gw_link_get32(p + 20);
	s->ending = p[24] != 0;
}

/* Finishes the record whose bytes [HEAD, HEAD + v->len) are in place; returns its size. */
static uint32_t seal(uint8_t *raw, const struct gw_flash_view *v, uint32_t generation)
{
	uint32_t size = gw_flash_record_size(v->len), back = v->ordinal - v->base;

	raw[0] = v->kind;
	raw[1] = v->flags;
	raw[2] = v->origin;
	raw[3] = v->len;
	gw_link_put32(raw + 4, v->ordinal);
	gw_link_put16(raw + 8, back < 0xFFFFu ? back : 0xFFFFu);
	gw_link_put32(raw + 10, v->t_ms);
	for (uint32_t i = HEAD + v->len; i < size - 4u; i++)
		raw[i] = 0xFF;
	gw_link_put32(raw + size - 4u, check_of(seed_of(v->kind, generation), raw, size));
	return size;
}

static uint32_t make_state(uint8_t *raw, const struct gw_flash_state *state, uint32_t next,
			   uint32_t generation)
{
	struct gw_flash_view v = {
		.kind = GW_FLASH_STATE, .len = STATE, .ordinal = next, .base = state->base};

	put_state(raw + HEAD, state);
	return seal(raw, &v, generation);
}

static void make_header(uint8_t *raw, const struct gw_flash_log *log,
			const struct gw_flash_state *state, uint32_t next, bool change)
{
	struct gw_flash_view v = {.kind = GW_FLASH_OPEN,
				  .flags = change ? GW_FLASH_CHANGE : 0,
				  .len = OPENING,
				  .ordinal = next,
				  .base = state->base};

	put_state(raw + HEAD, state);
	gw_link_put32(raw + HEAD + STATE, log->used);
	gw_link_put32(raw + HEAD + STATE + 4,
		      MAGIC ^ log->io->sector_size << 8 ^ log->io->sector_count);
	(void)seal(raw, &v, log->used);
}

static bool known(uint8_t kind, uint8_t len)
{
	return (kind == GW_FLASH_PIECE && len <= GW_LINK_PIECE_MAX) ||
	       (kind == GW_FLASH_STATE && len == STATE) ||
	       (kind == GW_FLASH_OPEN && len == OPENING);
}

/* Reads the record at `at` into raw; returns its size, 0 when there is none. */
static uint32_t get_record(const struct gw_flash_log *log, uint32_t at, uint32_t end,
			   uint32_t generation, uint8_t *raw, uint32_t room,
			   struct gw_flash_view *v)
{
	uint32_t size;

	if (end - at < 24 || !log->io->read(log->ctx, at, raw, 8) || !known(raw[0], raw[3]))
		return 0;
	size = gw_flash_record_size(raw[3]);
	if (size > end - at || size > room || !log->io->read(log->ctx, at + 8, raw + 8, size - 8))
		return 0;
	if (gw_link_get32(raw + size - 4) != check_of(seed_of(raw[0], generation), raw, size))
		return 0;
	v->kind = raw[0];
	v->flags = raw[1];
	v->origin = raw[2];
	v->len = raw[3];
	v->ordinal = gw_link_get32(raw + 4);
	v->base = v->ordinal - gw_link_get16(raw + 8);
	v->t_ms = gw_link_get32(raw + 10);
	v->bytes = raw + HEAD;
	if (v->kind != GW_FLASH_PIECE) {
		get_state(&v->state, v->bytes);
		v->base = v->state.base;
	}
	return size;
}

static bool get_header(const struct gw_flash_log *log, uint32_t sector, uint32_t *generation,
		       struct gw_flash_view *v)
{
	uint32_t at = sector * log->io->sector_size, size;
	uint8_t raw[GW_FLASH_HEADER];

	size = get_record(log, at, at + sizeof(raw), 0, raw, sizeof(raw), v);
	v->bytes = NULL;
	if (size == 0 || v->kind != GW_FLASH_OPEN ||
	    gw_link_get32(raw + HEAD + STATE + 4) !=
		    (MAGIC ^ log->io->sector_size << 8 ^ log->io->sector_count))
		return false;
	*generation = gw_link_get32(raw + HEAD + STATE);
	return true;
}

/* --- reading -------------------------------------------------------------------------------- */

static uint16_t after(const struct gw_flash_log *log, uint32_t sector)
{
	return (uint16_t)(sector + 1u == log->io->sector_count ? 0 : sector + 1u);
}

/* As get_header, but always of one mind about the newest sector and what would be newer. */
static bool header_of(const struct gw_flash_log *log, uint32_t sector, uint32_t *generation,
		      struct gw_flash_view *v)
{
	if (sector != log->sector || log->generation == 0)
		return get_header(log, sector, generation, v) &&
		       (int32_t)(*generation - log->generation) < 0;
	*generation = log->generation;
	*v = (struct gw_flash_view){.kind = GW_FLASH_OPEN,
				    .ordinal = log->ordinal,
				    .base = log->state.base,
				    .state = log->state};
	return true;
}

/* The lowest ordinal that a sector newer than this one says is to come; false: there is none. */
static bool void_from(const struct gw_flash_log *log, uint32_t sector, uint32_t *ordinal)
{
	bool any = false;

	while (sector != log->sector) {
		struct gw_flash_view v;
		uint32_t generation;

		sector = after(log, sector);
		if (!header_of(log, sector, &generation, &v) ||
		    (any && (int32_t)(v.ordinal - *ordinal) >= 0))
			continue;
		*ordinal = v.ordinal;
		any = true;
	}
	return any;
}

static bool blank(const struct gw_flash_log *log, uint32_t at)
{
	uint8_t raw[8];

	return log->io->read(log->ctx, at, raw, 8) && gw_link_get32(raw) == BLANK &&
	       gw_link_get32(raw + 4) == BLANK;
}

static void walk_sector(struct gw_flash_log *log, uint32_t sector, uint32_t generation,
			void (*visit)(void *, const struct gw_flash_view *), void *ctx)
{
	uint32_t at = sector * log->io->sector_size + GW_FLASH_HEADER;
	uint32_t end = (sector + 1u) * log->io->sector_size, last = at, limit = 0;
	uint8_t raw[GW_FLASH_RECORD_MAX];
	bool limited = void_from(log, sector, &limit), in_bad = false;

	/* What the first walk found no record in, no later one may. */
	if (sector == log->sector && log->end != 0)
		end = log->end;
	while (at + 8u <= end) {
		struct gw_flash_view v;
		uint32_t size = get_record(log, at, end, generation, raw, sizeof(raw), &v);

		if (size > 0 && v.kind != GW_FLASH_OPEN) {
			if (v.kind != GW_FLASH_PIECE || !limited ||
			    (int32_t)(v.ordinal - limit) < 0)
				visit(ctx, &v);
			at += size;
			last = at;
			in_bad = false;
			continue;
		}
		/* Torn or rotten: what comes behind it may be whole. */
		if (!blank(log, at) && !in_bad) {
			log->bad++;
			in_bad = true;
		}
		at += 8u;
	}
	if (sector == log->sector)
		log->end = last;
}

/* The newest sector, or the newest of those before a generation. */
static bool find_before(struct gw_flash_log *log, const uint32_t *before)
{
	uint32_t limit = before != NULL ? *before : 0;
	bool found = false;

	for (uint32_t i = 0; i < log->io->sector_count; i++) {
		struct gw_flash_view v;
		uint32_t generation;

		if (!get_header(log, i, &generation, &v) ||
		    (before != NULL && (int32_t)(generation - limit) >= 0) ||
		    (found && (int32_t)(generation - log->generation) <= 0))
			continue;
		found = true;
		log->generation = generation;
		log->sector = (uint16_t)i;
		log->ordinal = v.ordinal;
		log->state = v.state;
		log->change = (v.flags & GW_FLASH_CHANGE) != 0;
	}
	if (!found)
		log->generation = 0;
	log->next = found ? after(log, log->sector) : 0;
	log->end = 0;
	return found;
}

struct after_change {
	unsigned states;
	bool pieces; /* behind one of them */
};

static void count_after(void *ctx, const struct gw_flash_view *v)
{
	struct after_change *n = ctx;

	if (v->kind == GW_FLASH_STATE)
		n->states++;
	else if (n->states > 0)
		n->pieces = true;
}

/* Whether the newest sector counts, by rule 6. */
static bool counts(struct gw_flash_log *log)
{
	struct after_change n = {0, false};

	log->sure = true;
	if (!log->change)
		return true;
	walk_sector(log, log->sector, log->generation, count_after, &n);
	log->sure = n.states > 1 || n.pieces;
	return n.states > 0;
}

bool gw_flash_log_find(struct gw_flash_log *log, const struct gw_flash_io *io, void *ctx)
{
	bool found;

	*log = (struct gw_flash_log){.io = io, .ctx = ctx};
	found = find_before(log, NULL);
	log->used = log->generation;
	while (found && !counts(log)) {
		uint32_t none = log->generation;

		found = find_before(log, &none);
	}
	return found;
}

void gw_flash_log_walk(struct gw_flash_log *log,
		       void (*visit)(void *ctx, const struct gw_flash_view *record), void *ctx)
{
	uint32_t sector = log->sector;

	/* From the one behind the newest, which is the oldest, round to the newest. */
	do {
		struct gw_flash_view v;
		uint32_t generation;

		sector = after(log, sector);
		if (!header_of(log, sector, &generation, &v))
			continue;
		visit(ctx, &v);
		walk_sector(log, sector, generation, visit, ctx);
	} while (sector != log->sector);
}

/* --- writing -------------------------------------------------------------------------------- */

/* Programs a record and looks whether it is there. */
static bool put_record(struct gw_flash_log *log, uint32_t at, const uint8_t *raw, uint32_t size)
{
	bool same = log->io->program(log->ctx, at, raw, size);

	for (uint32_t i = 0; same && i < size; i += 8) {
		uint8_t back[8];

		same = log->io->read(log->ctx, at + i, back, 8);
		for (unsigned k = 0; k < 8; k++)
			same = same && back[k] == raw[i + k];
	}
	if (!same)
		log->failures++;
	return same;
}

/*
 * Whether every piece in it that counts is acknowledged: they are below what any later header says,
 * and not only the next, which may have come before a start that found less.
 */
static bool sector_free(const struct gw_flash_log *log, uint32_t sector, uint32_t base)
{
	struct gw_flash_view v;
	uint32_t generation, limit;

	if (!header_of(log, sector, &generation, &v))
		return true;
	return void_from(log, sector, &limit) && (int32_t)(base - limit) >= 0;
}

static bool erase_next(struct gw_flash_log *log)
{
	uint32_t at = log->next * log->io->sector_size;
	bool clean;

	log->erases++;
	clean = log->io->erase(log->ctx, log->next);
	for (uint32_t i = 0; clean && i < log->io->sector_size; i += 8)
		clean = blank(log, at + i);
	log->erased = clean;
	if (!clean) {
		log->failures++;
		log->next = after(log, log->next);
	}
	return clean;
}

/* An erased sector to be opened next, and so many free ones behind it. */
static enum gw_flash_result make_room(struct gw_flash_log *log, uint32_t base, unsigned kept)
{
	for (unsigned tries = 0; tries < log->io->sector_count; tries++) {
		uint16_t sector = log->next;

		for (unsigned i = 0; i <= kept; i++, sector = after(log, sector))
			if ((log->generation > 0 && sector == log->sector) ||
			    !sector_free(log, sector, base))
				return GW_FLASH_FULL;
		if (log->erased)
			return GW_FLASH_DONE;
		if (!log->starting && !log->io->safe(log->ctx, true))
			return GW_FLASH_WAIT;
		if (erase_next(log))
			return GW_FLASH_DONE;
	}
	log->dead = true;
	return GW_FLASH_DEAD;
}

/* What is to be written: the state, and a piece whose bytes are in raw, if there is one. */
struct entry {
	const struct gw_flash_state *state;
	const struct gw_flash_view *piece; /* or NULL */
	uint8_t *raw;                      /* room for whatever is written */
	uint32_t next;
	bool change;
};

/* The first record, if there is one, then the header, which makes both count. */
static bool open_sector(struct gw_flash_log *log, const struct entry *e)
{
	uint32_t at = log->next * log->io->sector_size, size = 0;
	uint16_t sector = log->next;
	uint8_t header[GW_FLASH_HEADER];

	log->erased = false; /* written to once, whatever comes of it */
	log->at = 0;
	log->next = after(log, sector);
	/* A generation that was tried is used up: two sectors of one would have no order. */
	log->used++;
	if (e->piece != NULL) {
		size = seal(e->raw, e->piece, log->used);
		if (!put_record(log, at + GW_FLASH_HEADER, e->raw, size))
			return false;
	}
	make_header(header, log, e->state, e->next, e->change);
	if (!put_record(log, at, header, GW_FLASH_HEADER))
		return false;
	log->generation = log->used;
	log->sector = sector;
	log->ordinal = e->next;
	log->state = *e->state;
	log->change = e->change;
	log->sure = !e->change;
	log->end = 0;
	log->at = at + GW_FLASH_HEADER + size;
	return true;
}

/* A sealed record into the open sector, which is not used again if that fails. */
static bool add(struct gw_flash_log *log, const uint8_t *raw, uint32_t size)
{
	uint32_t at = log->at;

	log->at += size;
	if (put_record(log, at, raw, size))
		return true;
	log->at = 0;
	return false;
}

static bool add_state(struct gw_flash_log *log, const struct entry *e)
{
	return add(log, e->raw, make_state(e->raw, e->state, e->next, log->generation));
}

/* By rule 6. */
static bool open_for_change(struct gw_flash_log *log, const struct entry *e)
{
	log->sure = open_sector(log, e) && add_state(log, e) && add_state(log, e);
	return log->sure;
}

/* Into the open sector, or with a new one; a change of session always takes a new one. */
static enum gw_flash_result put(struct gw_flash_log *log, const struct entry *e)
{
	uint32_t size = gw_flash_record_size(e->piece != NULL ? e->piece->len : STATE);

	for (unsigned tries = 0; tries < log->io->sector_count && !log->dead; tries++) {
		enum gw_flash_result room;

		if (!e->change && log->at != 0 &&
		    size <= (log->sector + 1u) * log->io->sector_size - log->at) {
			if (e->piece != NULL)
				(void)seal(e->raw, e->piece, log->generation);
			if (e->piece != NULL ? add(log, e->raw, size) : add_state(log, e))
				return GW_FLASH_DONE;
			continue;
		}
		room = make_room(log, e->state->base, e->change ? 0 : GW_FLASH_KEPT);
		if (room != GW_FLASH_DONE)
			return room;
		if (e->change ? open_for_change(log, e) : open_sector(log, e))
			return GW_FLASH_DONE;
	}
	log->dead = true;
	return GW_FLASH_DEAD;
}

enum gw_flash_result gw_flash_log_piece(struct gw_flash_log *log,
					const struct gw_flash_state *state,
					const struct gw_flash_view *piece,
					uint8_t raw[GW_FLASH_RECORD_MAX], bool change)
{
	struct entry e = {state, piece, raw, piece->ordinal, change};

	return put(log, &e);
}

enum gw_flash_result gw_flash_log_state(struct gw_flash_log *log,
					const struct gw_flash_state *state, uint32_t next,
					bool change)
{
	uint8_t raw[HEAD + STATE + 4u + 8u];
	struct entry e = {state, NULL, raw, next, change};

	return put(log, &e);
}

void gw_flash_log_prepare(struct gw_flash_log *log, uint32_t base)
{
	uint32_t begin = log->sector * log->io->sector_size;

	if (log->dead || log->erased || log->at < begin + log->io->sector_size / 4u * 3u ||
	    (log->generation > 0 && log->next == log->sector) ||
	    !sector_free(log, log->next, base) || !log->io->safe(log->ctx, true))
		return;
	(void)erase_next(log);
}
