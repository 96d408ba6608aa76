/*
 * A full flash, where there is no room to be careful in (and one that is not, for what is done only
 * there): starts, changes of session and resets with the power cut at each of their programs and
 * erases, then again in the life after, and in the one after that.  A register takes down all that
 * is offered to it at every start.  Held: a number is one scan's for ever, no scan has numbers of
 * two sessions, what was promised arrives, and a session is never refused.
 *
 *	FLASH_FULL_LUCK=50 test_flash_full     so many ways in which each cut leaves the cells
 *	FLASH_FULL_SEED=7                      other ways
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/flash_bench.h"

/* The ring once more, so that a reset can come between any two of its writes. */
static void ring_step(void);
#define GW_RING_STEP() ring_step()
#include "firmware/ring.c" /* NOLINT(bugprone-suspicious-include) */

enum { IDS = 600, SESSIONS = 40, LIVES = 3 };

/* What a life does beside its start. */
enum {
	ACKED = 1,   /* all that has a number is acknowledged: the next session begins */
	PARTLY = 2,  /* some of it */
	SCANS = 4,   /* more is scanned */
	RESET = 8,   /* a warm reset, at the end */
	MANY = 64,   /* of those now, or */
	EARLY = 32,  /* more is scanned while the last session has not ended */
	BETWEEN = 16 /* one between flash and ring, or in the ring's writes, as a session opens */
};

struct session {
	uint32_t name, next, id[IDS];
};

struct shop {
	struct session sessions[SESSIONS];
	unsigned session_count;
	bool got[IDS], promised[IDS];
	uint32_t ordinal[IDS], ids; /* of this life's, and of what is promised */
	uint32_t nonce, from_id;    /* the first that was scanned in this life */
	const char *fault;
	jmp_buf cut, reset;
	struct bench b;
};

static struct shop shop, kept;
static int steps_to_reset = -1;

static void ring_step(void)
{
	if (steps_to_reset >= 0 && steps_to_reset-- == 0)
		longjmp(shop.reset, 1);
}

static uint32_t number(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static void fault(struct shop *s, const char *what)
{
	if (s->fault == NULL)
		s->fault = what;
}

static struct session *session_of(struct shop *s, uint32_t name)
{
	for (unsigned i = 0; i < s->session_count; i++)
		if (s->sessions[i].name == name)
			return &s->sessions[i];
	assert_true(s->session_count < SESSIONS);
	s->sessions[s->session_count] = (struct session){.name = name};
	return &s->sessions[s->session_count++];
}

static uint32_t id_at(struct shop *s, uint32_t seq)
{
	uint8_t payload[GW_LINK_PAYLOAD_MAX], flags;
	size_t len = gw_ring_piece(&s->b.ring, seq, payload, &flags);
	uint32_t id = 0;

	if (payload[0] >> 4 != 0)
		fault(s, "a gap was filled");
	for (size_t i = GW_LINK_SCAN_HEADER; i < len; i++)
		id = id * 10 + payload[i] - '0';
	return id < IDS ? id : 0;
}

/* The register hears what has a number; its acknowledgements get lost. */
static void offer(struct shop *s)
{
	const struct gw_ring_header *r = &s->b.ring.now;
	struct session *j;

	if (r->session == 0)
		return;
	j = session_of(s, r->session);
	if ((int32_t)(r->base - j->next) > 0)
		fault(s, "a hole");
	for (uint32_t seq = r->base; seq != gw_ring_numbered(&s->b.ring); seq++) {
		uint32_t id = id_at(s, seq);

		if ((int32_t)(seq - j->next) < 0) {
			if (j->id[seq] != id)
				fault(s, "a number of two scans");
			continue;
		}
		if (s->got[id])
			fault(s, "doubled");
		s->got[id] = true;
		if (j->next == IDS)
			fault(s, "numbers out of range");
		else
			j->id[j->next++] = id;
	}
}

static void note_promises(struct shop *s)
{
	for (uint32_t id = s->from_id; id < s->ids; id++)
		if ((int32_t)(s->ordinal[id] - s->b.flash.promised) < 0)
			s->promised[id] = true;
}

static void more(struct shop *s, unsigned count)
{
	char text[20];

	for (; count > 0 && s->ids < IDS; count--) {
		snprintf(text, sizeof(text), "%013u", s->ids);
		if (!scan(&s->b, text))
			return;
		s->ordinal[s->ids++] = s->b.ring.now.from + s->b.ring.now.next - 1;
	}
	(void)settle(&s->b, 120);
	note_promises(s);
}

static void power_on(struct shop *s)
{
	s->from_id = s->ids;
	start(&s->b, true);
}

/* Acknowledges numbers; a session that ends with them ends. */
static void acknowledge(struct shop *s, uint32_t count)
{
	struct gw_ring *r = &s->b.ring;
	uint32_t end = gw_ring_numbered(r);

	if (r->now.session == 0)
		return;
	ack(&s->b, end - r->now.base < count ? end : r->now.base + count);
	if (gw_ring_ending(r) && r->now.base == end)
		gw_ring_open_session(r, 0);
}

static void want_session(struct shop *s, unsigned how)
{
	if (s->b.ring.now.session != 0)
		return;
	if ((how & BETWEEN) != 0)
		steps_to_reset = (int)(s->b.model.random % 6u);
	if (setjmp(s->reset) == 0 && !gw_flash_open(&s->b.flash, &s->b.ring, ++s->nonce))
		fault(s, "no session is taken");
	steps_to_reset = -1;
	if ((how & BETWEEN) == 0)
		return;
	start(&s->b, false);
	if (s->b.ring.now.session == 0 && !gw_flash_open(&s->b.flash, &s->b.ring, ++s->nonce))
		fault(s, "no session is taken after a reset");
}

static void live(struct shop *s, unsigned how)
{
	power_on(s);
	offer(s);
	if ((how & (EARLY | MANY)) != 0)
		more(s, (how & MANY) != 0 ? 34 : 3);
	if ((how & ACKED) != 0)
		acknowledge(s, UINT32_MAX);
	if ((how & PARTLY) != 0)
		acknowledge(s, 17);
	want_session(s, how);
	offer(s);
	if ((how & SCANS) != 0)
		more(s, 3);
	if ((how & RESET) != 0) {
		start(&s->b, false);
		want_session(s, 0);
		more(s, 1);
	}
	offer(s);
}

static void on_cut(void *ctx)
{
	struct shop *s = ctx;

	longjmp(s->cut, 1);
}

/* A life, with the power cut at its operation `at` (0: at its end).  False: it was over before. */
static bool live_until(struct shop *s, unsigned how, uint64_t at)
{
	struct flash_model *m = &s->b.model;

	m->cut = on_cut;
	m->cut_ctx = s;
	m->cut_at = at > 0 ? m->ops + at : 0;
	if (setjmp(s->cut) != 0) {
		steps_to_reset = -1;
		note_promises(s);
		return true;
	}
	live(s, how);
	m->cut_at = 0;
	return at == 0;
}

/* Starts that all have to read the same; then the register acknowledges, until nothing is left. */
static const char *judge(struct shop *s)
{
	for (int i = 0; i < 4; i++) {
		power_on(s);
		offer(s);
	}
	for (int i = 0; i < 8; i++) {
		acknowledge(s, UINT32_MAX);
		want_session(s, 0);
		offer(s);
	}
	if (s->b.ring.now.used > 0)
		fault(s, "scans are left");
	for (uint32_t id = 1; id < s->ids; id++)
		if (s->promised[id] && !s->got[id])
			fault(s, "lost");
	if (s->b.model.violations > 0)
		fault(s, "what is not blank was programmed");
	more(s, 2);
	acknowledge(s, UINT32_MAX);
	if (s->b.ring.now.used > 0)
		fault(s, "nothing is taken any more");
	return s->fault;
}

enum filling { FULL, FULL_IN_SESSION, ROOMY, FEW, FILLINGS };

/* Flash and ring full or not, in a session of which the register has some, or in none. */
static void fill_shop(unsigned unit, enum filling filling)
{
	memset(&shop, 0, sizeof(shop));
	shop.ids = shop.from_id = 1;
	flash_model_init(&shop.b.model, 512, 6, unit, 1);
	start(&shop.b, true);
	if (filling != FULL) {
		want_session(&shop, 0);
		more(&shop, filling == FEW ? 3 : 20);
		offer(&shop);
		acknowledge(&shop, filling == FEW ? 2 : 9);
	}
	while (filling < ROOMY && shop.b.ring.now.used + 40 < RING && shop.ids < 250)
		more(&shop, 1);
	offer(&shop);
	kept = shop;
}

static const unsigned scripts[][LIVES] = {
	{0, 0, 0},
	{EARLY | ACKED, EARLY | ACKED, EARLY | ACKED},
	{MANY | ACKED, 0, ACKED},
	{ACKED, ACKED, ACKED},
	{ACKED | SCANS, SCANS, ACKED},
	{BETWEEN, PARTLY | RESET, ACKED | BETWEEN},
	{RESET | SCANS, ACKED | BETWEEN, PARTLY | SCANS},
	{PARTLY | BETWEEN, PARTLY | SCANS | RESET, ACKED | SCANS},
};

static struct {
	unsigned script;
	uint64_t at[LIVES], luck;
} trial;

/* False when a cut came behind its life's end. */
static bool play(unsigned script, const uint64_t at[LIVES], uint64_t luck)
{
	bool cut = true;

	trial.script = script;
	memcpy(trial.at, at, sizeof(trial.at));
	trial.luck = luck;
	shop = kept;
	shop.b.model.random = luck * 0x9E3779B97F4A7C15u + 1;
	for (int i = 0; i < LIVES; i++)
		cut = live_until(&shop, scripts[script][i], at[i]) && cut;
	if (judge(&shop) != NULL)
		fail_msg("%s: script %u, cut at %llu, %llu, %llu, luck %llu", shop.fault, script,
			 (unsigned long long)at[0], (unsigned long long)at[1],
			 (unsigned long long)at[2], (unsigned long long)luck);
	return cut;
}

static uint64_t ops_of(unsigned script, int life)
{
	uint64_t at[LIVES] = {0}, before = kept.b.model.ops, ops;

	shop = kept;
	for (int i = 0; i < life; i++)
		(void)live_until(&shop, scripts[script][i], at[i]);
	before = shop.b.model.ops;
	(void)live_until(&shop, scripts[script][life], 0);
	ops = shop.b.model.ops - before;
	return ops;
}

static uint64_t next_luck(void)
{
	static uint64_t luck;

	if (luck == 0)
		luck = number("FLASH_FULL_SEED", 1) * 1000003u;
	return ++luck;
}

static void cut_once_and_twice(void **state)
{
	uint32_t lucks = number("FLASH_FULL_LUCK", 1), pairs = 0, singles = 0;

	(void)state;
	for (unsigned filling = 0; filling < FILLINGS; filling++) {
		fill_shop(8, filling);
		for (unsigned s = 0; s < sizeof(scripts) / sizeof(scripts[0]); s++) {
			uint64_t ops = ops_of(s, 0);

			assert_true(play(s, (const uint64_t[LIVES]){0}, next_luck()));
			for (uint64_t a = 1; a <= ops; a++) {
				for (uint32_t n = 0; n < lucks * 4; n++)
					singles += play(s, (const uint64_t[LIVES]){a}, next_luck());
				for (uint64_t b = 1 + a % 3; b <= 60; b += 3)
					for (uint32_t n = 0; n < lucks; n++)
						if (!play(s, (const uint64_t[LIVES]){a, b},
							  next_luck()))
							b = 60;
						else
							pairs++;
			}
		}
	}
	fprintf(stderr, "# a full flash: %u cuts, %u pairs of cuts\n", singles, pairs);
	assert_true(singles > 100 && pairs > 1000);
}

static void cut_three_times(void **state)
{
	static const uint8_t units[] = {2, 4, 8};
	uint32_t count = 400 * number("FLASH_FULL_LUCK", 1), triples = 0;

	(void)state;
	for (unsigned u = 0; u < 3 * FILLINGS; u++) {
		fill_shop(units[u / FILLINGS], u % FILLINGS);
		for (uint32_t n = 0; n < count; n++) {
			uint64_t luck = next_luck(), r = luck * 0xD1342543DE82EF95u >> 20;
			uint64_t most = 192u / units[u / FILLINGS];

			triples += play((unsigned)(r % (sizeof(scripts) / sizeof(scripts[0]))),
					(const uint64_t[LIVES]){1 + (r >> 8) % most,
								1 + (r >> 18) % most,
								1 + (r >> 28) % most},
					luck);
		}
	}
	fprintf(stderr, "# %u triples of cuts\n", triples);
	assert_true(triples > count / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_once_and_twice),
		cmocka_unit_test(cut_three_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
