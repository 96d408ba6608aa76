#include "link/sender.h"

#include "goeswith/link.h"

#define RTO_MAX_MS  2000u
#define PROBE_MS    1000u
#define MISSES_MOST 4u

void gw_link_sender_init(struct gw_link_sender *s, uint32_t base, uint32_t rto_ms)
{
	s->acked = s->sent = s->highest = base;
	s->held = 0;
	s->credit = GW_LINK_WINDOW;
	s->rto_first_ms = s->rto_ms = rto_ms;
	s->timer_ms = 0;
	s->misses = 0;
	s->timing = false;
}

static void start_timer(struct gw_link_sender *s, uint32_t now_ms)
{
	s->timing = true;
	s->timer_ms = now_ms;
}

bool gw_link_sender_pick(struct gw_link_sender *s, uint32_t end, uint32_t now_ms, uint32_t *seq,
			 bool *again)
{
	if (s->sent == end || s->misses >= MISSES_MOST ||
	    s->sent - s->acked >= s->held + s->credit) {
		/* A host without credit is asked now and then whether it has some again. */
		if (s->sent != end && !s->timing) {
			s->rto_ms = RTO_MAX_MS;
			start_timer(s, now_ms);
		}
		return false;
	}
	if (s->held > 0 && s->sent == s->acked + s->held)
		s->timing = false; /* the timer was only for what the host holds */
	*seq = s->sent++;
	*again = (int32_t)(*seq - s->highest) < 0;
	if (!*again)
		s->highest = s->sent;
	if (!s->timing) {
		s->rto_ms = s->rto_first_ms;
		start_timer(s, now_ms);
	}
	return true;
}

void gw_link_sender_acked(struct gw_link_sender *s, uint32_t next, uint32_t held, uint32_t credit,
			  uint32_t now_ms)
{
	uint32_t top = next + held, old_top = s->acked + s->held;
	bool forgot = (int32_t)(top - old_top) < 0; /* a new host without the old one's memory */

	if ((int32_t)(next - s->acked) < 0)
		return;
	s->acked = next;
	s->held = held;
	s->credit = credit < GW_LINK_WINDOW ? credit : GW_LINK_WINDOW;
	if (forgot || s->misses >= MISSES_MOST || (int32_t)(s->sent - top) < 0)
		s->sent = top;
	/* After a reset of the dock the host may have more than was sent since. */
	if ((int32_t)(s->highest - top) < 0)
		s->highest = top;
	s->misses = 0;
	s->timing = s->timing && s->sent != s->acked;
	if (s->sent == top && held > 0) {
		/* Nothing to send, but the ACK that the commit will bring may get lost. */
		s->rto_ms = RTO_MAX_MS;
		start_timer(s, now_ms);
	} else if (s->sent != top && (top != old_top || !s->timing)) {
		s->rto_ms = s->rto_first_ms;
		start_timer(s, now_ms);
	}
}

void gw_link_sender_back(struct gw_link_sender *s, uint32_t now_ms)
{
	s->sent = s->acked + s->held;
	start_timer(s, now_ms);
}

bool gw_link_sender_probing(const struct gw_link_sender *s)
{
	return s->misses >= MISSES_MOST;
}

enum gw_link_send gw_link_sender_timeout(struct gw_link_sender *s, uint32_t now_ms)
{
	if (!s->timing)
		return GW_LINK_SEND_NOTHING;
	if (s->misses >= MISSES_MOST) {
		if (now_ms - s->timer_ms < PROBE_MS)
			return GW_LINK_SEND_NOTHING;
		start_timer(s, now_ms);
		return GW_LINK_SEND_HELLO;
	}
	if (now_ms - s->timer_ms < s->rto_ms)
		return GW_LINK_SEND_NOTHING;
	if (s->sent == s->acked + s->held) {
		start_timer(s, now_ms);
		return GW_LINK_SEND_HELLO;
	}
	s->rto_ms = s->rto_ms < RTO_MAX_MS / 2 ? s->rto_ms * 2 : RTO_MAX_MS;
	s->misses++;
	/* What the host said it held may have died with it: begin at what is durable. */
	s->held = 0;
	gw_link_sender_back(s, now_ms);
	return s->misses >= MISSES_MOST || s->credit == 0 ? GW_LINK_SEND_HELLO : GW_LINK_SEND_AGAIN;
}

uint32_t gw_link_sender_wait_ms(const struct gw_link_sender *s, uint32_t now_ms)
{
	uint32_t span = s->misses >= MISSES_MOST ? PROBE_MS : s->rto_ms;
	uint32_t gone = now_ms - s->timer_ms;

	if (!s->timing)
		return UINT32_MAX;
	return gone >= span ? 0 : span - gone;
}
