/*
 * The dock's sending window: go-back-N over numbered frames that somebody else keeps.  It decides
 * what number to send next and when to send again; it never discards anything and reads no clock.
 *
 *	if (gw_link_sender_pick(&s, ring_next, now, &seq)) { send(seq); }
 *	gw_link_sender_acked(&s, next, held, credit, nak, now);
 *	if (gw_link_sender_timeout(&s, now) == GW_LINK_SEND_HELLO) send_hello();
 *
 *	            pick: sends [sent, acked+held+credit)
 *	  ACTIVE ------------- rto, doubling -----------> sent goes back to acked+held
 *	    ^   `------------- 4 rto without ACK -------> PROBING: one HELLO a second
 *	    `----------------------- ACK ------------------'
 */
#ifndef LINK_SENDER_H
#define LINK_SENDER_H

#include <stdbool.h>
#include <stdint.h>

enum gw_link_send { GW_LINK_SEND_NOTHING, GW_LINK_SEND_AGAIN, GW_LINK_SEND_HELLO };

struct gw_link_sender {
	uint32_t acked;   /* the host has everything below */
	uint32_t held;    /* and this many above it, in memory */
	uint32_t credit;  /* and takes this many more */
	uint32_t sent;    /* next number to send */
	uint32_t highest; /* one above the highest number ever sent: below it is RETX */
	uint32_t rto_first_ms, rto_ms;
	uint32_t timer_ms; /* dock's clock when the timer was set */
	uint8_t misses;
	bool timing;
};

/* rto_ms: 200 at 115200 baud and above, 500 at 9600. */
void gw_link_sender_init(struct gw_link_sender *s, uint32_t base, uint32_t rto_ms);

/* True when a frame below `end` may be sent now: *seq is its number, *again says it went before. */
bool gw_link_sender_pick(struct gw_link_sender *s, uint32_t end, uint32_t now_ms, uint32_t *seq,
			 bool *again);

/* An ACK came.  Numbers that make no sense (below acked, above highest) change nothing. */
void gw_link_sender_acked(struct gw_link_sender *s, uint32_t next, uint32_t held, uint32_t credit,
			  uint32_t now_ms);
/* The host misses a frame: start again at what it has. */
void gw_link_sender_back(struct gw_link_sender *s, uint32_t now_ms);

/* Nobody has answered for so long that only HELLOs are sent. */
bool gw_link_sender_probing(const struct gw_link_sender *s);
enum gw_link_send gw_link_sender_timeout(struct gw_link_sender *s, uint32_t now_ms);

/* Milliseconds until timeout has something to do; UINT32_MAX when nothing is under way. */
uint32_t gw_link_sender_wait_ms(const struct gw_link_sender *s, uint32_t now_ms);

#endif
