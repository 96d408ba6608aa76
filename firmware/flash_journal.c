/*
 *	 ordinals   base          written        next
 *	             v               v             v
 *	   acknowledged | in flash    | in RAM only |        written = max(written, base)
 *
 *	             from                ends
 *	              v                    v
 *	   other      | session, numbered  | not yet numbered    (ending; else ends = next)
 *
 * A start: cold, with pieces in flash -> restore, write the last one again, ending.  Cold without
 * -> session 0, ordinals go on.  Warm -> the ring is right; what of it is in flash its header says,
 * unless the generation there is nowhere near that of the flash (then it was another flash); a
 * session that flash took and the ring did not is taken now.  A reset before a start had filled the
 * ring -> cold.
 */
#include "firmware/flash_journal.h"

#if GW_FLASH_JOURNAL

#define MARK_MS      1000u
#define POLL_MS      10u
#define NEAR         8u
#define COMMAND_LEAP (1u << 30)
#define FILLING      UINT32_MAX /* for the ring's flash_generation: a start is filling it */

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t base_of(const struct gw_flash *f)
{
	return f->ring->now.from + f->ring->now.base;
}

static uint32_t next_of(const struct gw_flash *f)
{
	return f->ring->now.from + f->ring->now.next;
}

static struct gw_flash_state state_of(const struct gw_flash *f)
{
	const struct gw_ring_header *r = &f->ring->now;
	struct gw_flash_state s = {.session = r->session,
				   .from = r->from,
				   .ends = r->ending != 0 ? r->from + r->ends : 0,
				   .base = r->from + r->base,
				   .cmd_next = r->cmd_next,
				   .lost = r->lost,
				   .ending = r->ending != 0};

	return s;
}

bool gw_flash_works(const struct gw_flash *f)
{
	return f->ring != NULL && !f->log.dead;
}

/* --- writing -------------------------------------------------------------------------------- */

/* What flash has, for the ring's next header; a warm start finds it there. */
static void tell_ring(struct gw_flash *f)
{
	f->ring->now.flash_written = f->written;
	f->ring->now.flash_generation = f->log.generation + 1u;
}

/* What was written counts, in RAM too. */
static void note(struct gw_flash *f, const struct gw_flash_state *s)
{
	f->told = *s;
	f->told_any = true;
	f->marked = s->base;
	if (before(f->high, f->written))
		f->high = f->written;
	tell_ring(f);
}

static enum gw_flash_result write_state(struct gw_flash *f, const struct gw_flash_state *s)
{
	enum gw_flash_result r = gw_flash_log_state(&f->log, s, f->written, false);

	if (r == GW_FLASH_DONE) {
		note(f, s);
		gw_ring_save(f->ring);
	}
	return r;
}

/* The open sector's idea of the session is not ours any more. */
static bool outdated(const struct gw_flash *f, const struct gw_flash_state *s)
{
	return f->log.at != 0 &&
	       (!f->told_any || f->told.session != s->session || f->told.from != s->from ||
		f->told.ending != s->ending || f->told.ends != s->ends);
}

/*
 * Writes the piece `written`, as of this state; *whole: it was its scan's last.  A change of
 * session is noted in the ring, but not saved: that is done with the session's own change.
 */
static enum gw_flash_result write_piece(struct gw_flash *f, struct gw_flash_state s, bool change,
					bool *whole)
{
	/* The ring puts the piece's own 5 bytes of header in front of where the record wants it. */
	uint8_t raw[GW_FLASH_RECORD_MAX], *payload = raw + GW_FLASH_HEAD - GW_LINK_SCAN_HEADER;
	uint32_t seq = f->written - f->ring->now.from;
	uint8_t flags = 0;
	size_t len = gw_ring_piece(f->ring, seq, payload, &flags);
	struct gw_flash_view v = {.kind = GW_FLASH_PIECE,
				  .origin = payload[0],
				  .len = (uint8_t)(len - GW_LINK_SCAN_HEADER),
				  .ordinal = f->written,
				  .base = s.base,
				  .t_ms = gw_link_get32(payload + 1)};
	enum gw_flash_result r;

	*whole = (flags & GW_LINK_F_FRAG) == 0;
	v.flags = (uint8_t)((seq == f->ring->at_seq ? GW_FLASH_FIRST : 0) |
			    (*whole ? 0 : GW_FLASH_MORE) |
			    ((flags & GW_LINK_F_LOST) != 0 ? GW_FLASH_LOST : 0));
	r = !change && outdated(f, &s) ? write_state(f, &s) : GW_FLASH_DONE;
	if (r == GW_FLASH_DONE)
		r = gw_flash_log_piece(&f->log, &s, &v, raw, change);
	if (r == GW_FLASH_DONE) {
		f->written++;
		note(f, &s);
		if (!change)
			gw_ring_save(f->ring);
	}
	return r;
}

/* A state by whose numbers pieces are offered that flash has; noted, not saved. */
static enum gw_flash_result write_change(struct gw_flash *f, const struct gw_flash_state *s)
{
	enum gw_flash_result r;
	bool whole;

	/* A header alone would make void what a start found and has not written again. */
	if (before(f->written, next_of(f)))
		return write_piece(f, *s, true, &whole);
	r = gw_flash_log_state(&f->log, s, f->written, true);
	if (r == GW_FLASH_DONE)
		note(f, s);
	return r;
}

/* --- a start -------------------------------------------------------------------------------- */

struct found {
	struct gw_flash *f;
	struct gw_flash_state state;
	uint32_t good;      /* the ring is filled up to here */
	uint32_t open_next; /* the piece that continues the scan being put together */
	uint32_t t_ms;
	uint8_t origin, flags;
	bool base_any, open, started, full;
};

/* First time round: the newest state, and the highest acknowledgement. */
static void learn(void *ctx, const struct gw_flash_view *v)
{
	struct found *j = ctx;
	uint32_t base = j->state.base;

	if (v->kind != GW_FLASH_PIECE)
		j->state = v->state;
	/* A header is final: what a start did not find must not count when it turns up later. */
	if (v->kind != GW_FLASH_OPEN && j->base_any && before(v->base, base))
		j->state.base = base;
	else
		j->state.base = v->base;
	j->base_any = true;
}

static void commit(struct found *j)
{
	struct gw_ring *r = j->f->ring;

	j->open = false;
	if (!gw_ring_load(r, j->origin, j->t_ms, (j->flags & GW_FLASH_LOST) != 0))
		j->full = true;
	else
		j->good = r->now.from + r->now.next;
}

/* Scans that cannot be read keep their numbers, as refused ones. */
static void fill(struct found *j, uint32_t count)
{
	struct gw_ring *r = j->f->ring;

	for (; count > 0 && !j->full; count--) {
		gw_ring_begin(r);
		r->now.lost++;
		j->f->filled++;
		j->origin = (uint8_t)(GW_LINK_SCAN_NOISE << 4);
		j->t_ms = 0;
		j->flags = 0;
		commit(j);
	}
}

static void begin(struct found *j, const struct gw_flash_view *v)
{
	struct gw_ring *r = j->f->ring;

	if (!j->started) {
		/* What is missing at the front may have been acknowledged and erased. */
		r->now.base = r->now.next = v->ordinal - r->now.from;
		r->at_seq = r->now.base;
		j->good = v->ordinal;
		j->started = true;
	}
	fill(j, v->ordinal - j->good);
	j->open = !j->full;
	j->open_next = v->ordinal;
	j->origin = v->origin;
	j->t_ms = v->t_ms;
	j->flags = v->flags;
	gw_ring_begin(r);
}

/* Second time: the pieces that are not acknowledged, into the ring. */
static void load(void *ctx, const struct gw_flash_view *v)
{
	struct found *j = ctx;

	if (v->kind != GW_FLASH_PIECE || j->full || before(v->ordinal, j->good))
		return;
	if ((v->flags & GW_FLASH_FIRST) != 0)
		begin(j, v);
	else if (!j->open || v->ordinal != j->open_next)
		j->open = false; /* of a scan whose beginning is not there */
	if (!j->open)
		return;
	for (unsigned i = 0; i < v->len; i++)
		(void)gw_ring_put(j->f->ring, v->bytes[i]);
	j->open_next++;
	if ((v->flags & GW_FLASH_MORE) == 0)
		commit(j);
}

static void restore(struct gw_flash *f)
{
	struct gw_ring_header *r = &f->ring->now;
	struct found j = {.f = f};

	gw_flash_log_walk(&f->log, learn, &j);
	r->flash_generation = FILLING;
	r->session = j.state.session;
	r->from = j.state.from;
	r->base = r->next = j.state.base - j.state.from;
	r->lost = r->lost_told = j.state.lost;
	r->cmd_next = j.state.cmd_next + COMMAND_LEAP;
	f->ring->at_seq = r->base;
	j.good = j.state.base;
	gw_flash_log_walk(&f->log, load, &j);
	gw_ring_drop(f->ring);
	f->restored = r->next - r->base;
	/* What was not found holds no sector back, or with all acknowledged there were no room. */
	if (before(next_of(f), f->log.ordinal))
		f->log.ordinal = next_of(f);
	r->ends = j.state.ending && before(j.state.ends, j.good) ? j.state.ends - r->from : r->next;
	r->ending = 1;
	r->clock_seq = r->next;
	if (r->session == 0 || !before(r->base, r->ends))
		gw_ring_open_session(f->ring, 0);
	else
		gw_ring_save(f->ring);
}

/* Whether a reset came before a start had filled the ring; what it holds is not all there is. */
static bool unfilled(const struct gw_ring_header *r)
{
	return r->flash_generation == FILLING ||
	       (r->flash_generation == 0 && r->session == 0 && r->from == 0 && r->next == 0);
}

/*
 * The reset may have come between flash and the ring's header.  A session whose change is in flash
 * is then the ring's as well: to begin another would take one more of the sectors kept for that.
 */
static void resume(struct gw_flash *f, bool found)
{
	struct gw_ring_header *r = &f->ring->now;
	const struct gw_flash_state *s = &f->log.state;
	uint32_t newer = f->log.generation + 1u - r->flash_generation;
	bool same = found && r->flash_generation != 0 && newer <= NEAR;

	f->written = same ? r->flash_written : base_of(f);
	if (before(f->written, base_of(f)) || before(next_of(f), f->written))
		f->written = base_of(f);
	f->high = next_of(f);
	f->marked = base_of(f);
	f->promised = f->written;
	tell_ring(f);
	if (same && newer > 0 && f->log.change && f->log.sure && r->ending == 0 &&
	    s->from == base_of(f))
		gw_ring_open_session(f->ring, s->session);
	else
		gw_ring_save(f->ring);
}

/*
 * What a start found and may not read alike the next time: a new session's state must be, before
 * its numbers are said; the last piece comes first of all that is written, now or later.
 */
static void make_sure(struct gw_flash *f)
{
	struct gw_flash_state s = state_of(f);
	bool whole;

	f->written--;
	f->log.starting = true;
	if (!f->log.sure && s.session != 0)
		(void)write_change(f, &s);
	else
		(void)write_piece(f, s, false, &whole);
	f->log.starting = false;
}

bool gw_flash_attach(struct gw_flash *f, const struct gw_flash_io *io, void *ctx,
		     struct gw_ring *ring, bool warm)
{
	bool found;

	*f = (struct gw_flash){.ring = io != NULL ? ring : NULL};
	if (io == NULL)
		return false;
	found = gw_flash_log_find(&f->log, io, ctx);
	if (warm && !(found && unfilled(&ring->now))) {
		resume(f, found);
		return false;
	}
	if (warm) {
		ring->store->header[0].magic = ring->store->header[1].magic = 0;
		(void)gw_ring_attach(ring, ring->store, ring->now.size, true);
	}
	if (found)
		restore(f);
	f->marked = base_of(f);
	f->written = f->promised = f->high = next_of(f);
	if (ring->now.used > 0)
		make_sure(f);
	tell_ring(f);
	gw_ring_save(ring);
	return ring->now.used > 0;
}

/* --- running -------------------------------------------------------------------------------- */

static void catch_up(struct gw_flash *f)
{
	if (before(f->written, base_of(f)))
		f->written = base_of(f);
}

bool gw_flash_acked(struct gw_flash *f)
{
	if (f->ring == NULL)
		return true;
	catch_up(f);
	if (!before(f->promised, base_of(f)))
		return false;
	f->promised = base_of(f);
	return true;
}

bool gw_flash_open(struct gw_flash *f, struct gw_ring *ring, uint32_t session)
{
	struct gw_flash_state s;
	enum gw_flash_result r = GW_FLASH_DONE;

	/* With nothing there that flash thinks unacknowledged, the first piece will say what its
	 * number means.  But what the start did not find must be void before, and only a header
	 * of this life makes it so. */
	if (gw_flash_works(f) && (!f->told_any || before(f->marked, f->high))) {
		s = state_of(f);
		s.session = session;
		s.from = s.base;
		s.ending = false;
		s.ends = 0;
		r = write_change(f, &s);
	}
	if (r != GW_FLASH_DONE && r != GW_FLASH_DEAD)
		return false;
	gw_ring_open_session(ring, session);
	return true;
}

bool gw_flash_commands(const struct gw_flash *f)
{
	return !gw_flash_works(f) || f->ring->now.cmd_next - f->log.state.cmd_next < COMMAND_LEAP;
}

static void wake(struct gw_flash *f, uint32_t at_ms)
{
	f->due_ms = at_ms;
	f->waiting = true;
}

/* Whether the scan of the piece `written` has waited long enough. */
static bool due(struct gw_flash *f, uint32_t now_ms, uint32_t hold_ms)
{
	bool old;
	uint32_t age = now_ms - gw_ring_time(f->ring, f->written - f->ring->now.from, &old);

	if (old || age >= hold_ms)
		return true;
	wake(f, now_ms + hold_ms - age);
	return false;
}

/* With nothing left that waits, flash is told so, that a cold start need not offer it again. */
static void mark(struct gw_flash *f, uint32_t now_ms)
{
	if (f->ring->now.used > 0 || f->log.at == 0) {
		f->idle_ms = now_ms;
	} else if (before(f->marked, f->high)) {
		struct gw_flash_state s = state_of(f);

		wake(f, f->idle_ms + MARK_MS);
		if (now_ms - f->idle_ms >= MARK_MS && write_state(f, &s) != GW_FLASH_DONE)
			wake(f, now_ms + MARK_MS);
	}
}

bool gw_flash_step(struct gw_flash *f, uint32_t now_ms, uint32_t hold_ms, bool quiet, bool silent)
{
	bool whole = false;

	f->waiting = false;
	if (!gw_flash_works(f))
		return false;
	catch_up(f);
	if (!quiet || !f->log.io->safe(f->log.ctx, false)) {
		wake(f, now_ms + POLL_MS);
		return false;
	}
	mark(f, now_ms);
	if (!before(f->written, next_of(f)))
		return false;
	if (!silent && !due(f, now_ms, hold_ms))
		return false;
	wake(f, now_ms + POLL_MS);
	gw_flash_log_prepare(&f->log, base_of(f));
	if (write_piece(f, state_of(f), false, &whole) != GW_FLASH_DONE)
		return false;
	wake(f, now_ms);
	if (!whole || !before(f->promised, f->written))
		return false;
	f->promised = f->written;
	return true;
}

uint32_t gw_flash_wait_ms(const struct gw_flash *f, uint32_t now_ms)
{
	uint32_t left = f->due_ms - now_ms;

	if (!f->waiting || !gw_flash_works(f))
		return UINT32_MAX;
	return (int32_t)left > 0 ? left : 0;
}

#endif
