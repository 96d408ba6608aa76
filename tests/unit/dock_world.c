/* The dock, the register and all that lies between them, in virtual time. */
#include "tests/unit/dock_world.h"

#include <stdio.h>
#include <string.h>

/* The ring is compiled here once more, so that the power can be cut between any two of its writes.
 */
static void ring_step(void);
#define GW_RING_STEP() ring_step()
#include "firmware/ring.c" /* NOLINT(bugprone-suspicious-include) */

static struct world *now_running; /* for ring_step only */

void world_run(struct world *w)
{
	now_running = w;
}

static void ring_step(void)
{
	struct world *w = now_running;

	if (w != NULL && w->steps_to_reset >= 0 && w->steps_to_reset-- == 0)
		longjmp(w->reset, 1);
}

/* xorshift64* (Vigna 2014) */
uint32_t world_roll(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)(w->random * 0x2545F4914F6CDD1Du >> 32);
}

uint32_t world_below(struct world *w, uint32_t n)
{
	return n == 0 ? 0 : world_roll(w) % n;
}

bool world_chance(struct world *w, uint32_t one_in)
{
	return one_in != 0 && world_below(w, one_in) == 0;
}

void world_fault(struct world *w, const char *what, uint32_t a, uint32_t b)
{
	if (w->fault[0] == '\0')
		snprintf(w->fault, sizeof(w->fault), "%s (%u, %u) at %u ms", what, a, b, w->now_ms);
}

/* --- the wires
 * ------------------------------------------------------------------------------------ */

static void pipe_put(struct world *w, struct pipe *p, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len && p->len < PIPE_MAX; i++) {
		uint32_t at = (p->head + p->len) % PIPE_MAX;
		uint32_t luck = world_below(w, 1000000);

		if (w->now_ms < w->stalled_until_ms)
			continue;
		if (luck < w->fate.noise_ppm / 2)
			continue;
		p->bytes[at] = bytes[i];
		if (luck < w->fate.noise_ppm)
			p->bytes[at] ^= (uint8_t)(1u << world_below(w, 8));
		p->due_ms[at] = w->now_ms + 1 + world_below(w, 3);
		p->len++;
	}
}

size_t world_pipe_get(const struct world *w, struct pipe *p, uint8_t *out, size_t size)
{
	size_t n = 0;

	while (n < size && p->len > 0 && (int32_t)(w->now_ms - p->due_ms[p->head]) >= 0) {
		out[n++] = p->bytes[p->head];
		p->head = (p->head + 1) % PIPE_MAX;
		p->len--;
	}
	return n;
}

/* --- the dock's board
 * ------------------------------------------------------------------------------ */

static size_t io_till(void *ctx, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;

	for (size_t i = 0; i < len; i++)
		w->till_hash = (w->till_hash ^ bytes[i]) * 0x100000001B3u;
	w->till_bytes += len;
	return len;
}

static size_t io_pending(void *ctx)
{
	(void)ctx;
	return 0;
}

static void io_scanner(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static size_t io_host_room(void *ctx)
{
	struct world *w = ctx;

	return w->to_host.len < 2000 ? GW_LINK_WIRE_MAX : 0;
}

static void io_host(void *ctx, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;

	pipe_put(w, &w->to_host, bytes, len);
}

static bool io_display(void *ctx, const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	(void)ctx, (void)a, (void)na, (void)b, (void)nb;
	return true;
}

/* The cashier hears that the scan is safe, and believes it. */
static bool io_beep(void *ctx, enum gw_link_beep kind)
{
	struct world *w = ctx;

	if (kind == GW_LINK_BEEP_OK && w->flash_on)
		for (uint32_t i = w->scans; i > 0 && i + 1000 > w->scans; i--)
			if (w->outcome[i] == TAKEN &&
			    (int32_t)(w->ordinal[i] - w->dock.flash.promised) < 0)
				w->outcome[i] = PROMISED;
	return true;
}

static uint8_t io_state(void *ctx)
{
	(void)ctx;
	return GW_LINK_ST_SCANNER | GW_LINK_ST_TILL;
}

static const struct gw_dock_io io = {io_till, io_pending, io_scanner, io_host_room,
				     io_host, io_display, io_beep,    io_state};

/* --- the register
 * ------------------------------------------------------------------------------------ */

static struct journalled *session_of(struct world *w, uint32_t id)
{
	for (unsigned i = w->session_count; i-- > 0;)
		if (w->sessions[i].session == id)
			return &w->sessions[i];
	return NULL;
}

static uint32_t host_next(void *ctx, uint32_t session)
{
	const struct journalled *j = session_of(ctx, session);

	return j != NULL ? j->next : 0;
}

static uint32_t host_nonce(void *ctx)
{
	return world_roll(ctx) | 1u;
}

static void host_send(void *ctx, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;

	pipe_put(w, &w->to_dock, bytes, len);
}

static void disk(struct world *w, uint32_t session, uint32_t seq, uint32_t id)
{
	struct journalled *j = session_of(w, session);

	if (j == NULL && w->session_count < 4096) {
		j = &w->sessions[w->session_count++];
		*j = (struct journalled){session, 0};
	}
	if (j == NULL || w->journal_count == SCANS_MAX) {
		world_fault(w, "the simulation's journal is too small", 0, 0);
		return;
	}
	if ((int32_t)(seq + 1 - j->next) <= 0)
		world_fault(w, "a number came twice", session, seq);
	j->next = seq + 1;
	if (id != 0)
		w->journal[w->journal_count++] = id;
}

/* A scan is its id, padded with digits derived from it to the length it has. */
static uint32_t id_of(struct world *w, const struct gw_link_scan *scan)
{
	uint32_t id = 0;
	size_t i;

	if (scan->status != GW_LINK_SCAN_GOOD)
		return 0;
	for (i = 0; i < scan->len && scan->bytes[i] != '.'; i++)
		id = id * 10 + (uint32_t)(scan->bytes[i] - '0');
	for (i++; i < scan->len; i++)
		if (scan->bytes[i] != (uint8_t)('A' + (id + i) % 26))
			world_fault(w, "a scan's bytes are wrong", id, (uint32_t)i);
	return id;
}

static void host_scan(void *ctx, const struct gw_link_scan *scan)
{
	struct world *w = ctx;
	uint32_t id = id_of(w, scan);

	if (w->fate.commit_ms == 0 && w->waiting_count == 0 && !w->ack_first) {
		disk(w, scan->session, scan->seq, id);
		gw_link_host_ack(&w->host, scan->session, scan->seq);
		return;
	}
	if (w->waiting_count == 512) {
		world_fault(w, "more scans held than the link may give", 512, 0);
		return;
	}
	w->waiting[w->waiting_count].session = scan->session;
	w->waiting[w->waiting_count].seq = scan->seq;
	w->waiting[w->waiting_count].id = id;
	w->waiting[w->waiting_count++].at_ms = w->now_ms + world_below(w, w->fate.commit_ms + 1);
	if (w->ack_first)
		gw_link_host_ack(&w->host, scan->session, scan->seq);
}

static void host_hello(void *ctx, const struct gw_link_hello *hello)
{
	(void)ctx, (void)hello;
}

static void host_alarm(void *ctx, enum gw_link_alarm alarm, uint32_t count)
{
	struct world *w = ctx;

	/* A restored disk lacks what was acknowledged since. */
	if (alarm == GW_LINK_ALARM_HOLE && w->restores == 0)
		world_fault(w, "a hole", count, 0);
	if (alarm == GW_LINK_ALARM_BEHIND)
		world_fault(w, "the dock fell behind the journal", count, 0);
}

static const struct gw_link_host_ops host_ops = {host_send,  host_scan,  host_next, host_nonce,
						 host_hello, host_alarm, NULL,      NULL};

void world_host_start(struct world *w)
{
	w->waiting_count = 0;
	gw_link_host_init(&w->host, &host_ops, w);
	gw_link_host_start(&w->host, w->now_ms);
}

void world_host_commit(struct world *w)
{
	unsigned n = 0;

	while (n < w->waiting_count && (int32_t)(w->now_ms - w->waiting[n].at_ms) >= 0) {
		disk(w, w->waiting[n].session, w->waiting[n].seq, w->waiting[n].id);
		n++;
	}
	if (n == 0)
		return;
	gw_link_host_ack(&w->host, w->waiting[n - 1].session, w->waiting[n - 1].seq);
	w->waiting_count -= n;
	memmove(w->waiting, w->waiting + n, w->waiting_count * sizeof(w->waiting[0]));
}

void world_backup(struct world *w)
{
	if (!w->kept) {
		memcpy(w->kept_sessions, w->sessions, sizeof(w->sessions));
		w->kept_session_count = w->session_count;
		w->kept_journal_count = w->journal_count;
		w->kept = true;
		return;
	}
	for (unsigned i = w->kept_journal_count; i < w->journal_count; i++)
		w->outcome[w->journal[i]] = LOST_WITH_POWER;
	memcpy(w->sessions, w->kept_sessions, sizeof(w->sessions));
	w->session_count = w->kept_session_count;
	w->journal_count = w->kept_journal_count;
	w->kept = false;
	w->restores++;
	world_host_start(w);
}

/* --- resets
 * ------------------------------------------------------------------------------------------- */

enum { RESET_WARM = 1, RESET_COLD };

uint32_t world_dock_ms(const struct world *w)
{
	return w->now_ms + w->skew_ms;
}

static bool flash_read(void *ctx, uint32_t at, void *bytes, uint32_t len)
{
	return flash_model_read(&((struct world *)ctx)->flash, at, bytes, len);
}

static bool flash_program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	return flash_model_program(&((struct world *)ctx)->flash, at, bytes, len);
}

static bool flash_erase(void *ctx, uint32_t sector)
{
	return flash_model_erase(&((struct world *)ctx)->flash, sector);
}

static bool flash_safe(void *ctx, bool erase)
{
	struct world *w = ctx;

	return !erase || w->now_ms % 4 != 0;
}

static void flash_cut(void *ctx)
{
	struct world *w = ctx;

	longjmp(w->reset, RESET_COLD);
}

void world_flash(struct world *w, uint32_t sector_size, unsigned sectors, unsigned unit)
{
	flash_model_init(&w->flash, sector_size, sectors, unit, w->seed);
	w->flash.cut = flash_cut;
	w->flash.cut_ctx = w;
	w->flash_io = w->flash.io;
	w->flash_io.read = flash_read;
	w->flash_io.program = flash_program;
	w->flash_io.erase = flash_erase;
	w->flash_io.safe = flash_safe;
	w->config.flash = &w->flash_io;
	w->flash_on = true;
}

static void lose_power(struct world *w)
{
	/* RAM after a power loss is noise, not zeros. */
	for (size_t i = 0; i < sizeof(w->memory.room); i++)
		w->memory.room[i] = (uint8_t)world_roll(w);
	for (uint32_t i = 1; i <= w->scans; i++)
		if (w->outcome[i] == TAKEN)
			w->outcome[i] = LOST_WITH_POWER;
	w->colds++;
}

/* The power went at a program or an erase; perhaps it soon does again. */
static void plan_next_cut(struct world *w)
{
	w->cuts++;
	w->flash.cut_at = w->cut_again > 0 ? w->flash.ops + w->cut_again : 0;
	w->cut_again = 0;
}

/* The flash is cut in the middle of a start, too. */
static void start_again(struct world *w)
{
	if (setjmp(w->reset) != 0) {
		plan_next_cut(w);
		lose_power(w);
	}
	w->config.new_clock = true;
	w->skew_ms = world_roll(w);
	gw_dock_init(&w->dock, &w->config, &io, w, &w->memory.store, w->ring_size,
		     world_dock_ms(w));
}

void world_dock_start(struct world *w, bool power_lost)
{
	w->steps_to_reset = -1;
	if (power_lost)
		lose_power(w);
	start_again(w);
	if (!w->flash_on)
		return;
	w->restored += w->dock.flash.restored;
	w->filled += w->dock.flash.filled;
	w->crowded += power_lost && w->dock.ring.now.used > 0 && w->dock.flash.log.at == 0;
}

/* Runs a step of the dock during which the power may blip. */
bool world_guarded(struct world *w, void (*step)(struct world *, const uint8_t *, size_t),
		   const uint8_t *bytes, size_t len)
{
	switch (setjmp(w->reset)) {
	case RESET_WARM:
		w->warms++;
		world_dock_start(w, false);
		return false;
	case RESET_COLD:
		plan_next_cut(w);
		world_dock_start(w, true);
		return false;
	default:
		step(w, bytes, len);
		return true;
	}
}

void world_step_scanner(struct world *w, const uint8_t *bytes, size_t len)
{
	gw_dock_scanner_in(&w->dock, bytes, len, world_dock_ms(w));
}

void world_step_host(struct world *w, const uint8_t *bytes, size_t len)
{
	gw_dock_host_in(&w->dock, bytes, len, world_dock_ms(w));
}

void world_step_tick(struct world *w, const uint8_t *bytes, size_t len)
{
	(void)bytes, (void)len;
	if (gw_dock_wait_ms(&w->dock, world_dock_ms(w)) == 0 || world_below(w, 10) == 0)
		gw_dock_tick(&w->dock, world_dock_ms(w));
}
