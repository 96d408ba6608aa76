/*
 * Where events wait while the journal cannot be written: a first-in first-out list of encoded
 * events in memory taken once.  What belongs to one input goes in and out together.
 *
 * Owns its memory (1,000 entries and 1 MiB of text, untouched until needed).  One thread.
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "goeswith/event.h"

#define GW_QUEUE_EVENTS 1000
#define GW_QUEUE_BYTES  (1u << 20)

struct gw_queue;

/* NULL when there is no memory. */
struct gw_queue *gw_queue_new(void);
void gw_queue_free(struct gw_queue *q);

/*
 * Adds the kept events of one input, all or none; the first of them carries the input's dock
 * number. GW_E_FULL when there is no room; GW_E_AGAIN when an input with this number waits already
 * (session 0: never).
 */
int gw_queue_add(struct gw_queue *q, const struct gw_event *events, size_t count,
		 uint32_t scan_session, uint32_t scan_seq);

size_t gw_queue_count(const struct gw_queue *q);

/*
 * Decodes entry i (0: the oldest) into *event with its texts in room[GW_EVENT_ROOM].  *first tells
 * whether it is the first of its input.
 */
int gw_queue_get(const struct gw_queue *q, size_t i, struct gw_event *event, char *room,
		 bool *first);

/* Forgets the oldest n entries. */
void gw_queue_drop(struct gw_queue *q, size_t n);

#endif
