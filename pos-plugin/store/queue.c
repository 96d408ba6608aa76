#include "store/queue.h"

#include <stdlib.h>
#include <string.h>

#include "goeswith/status.h"
#include "model/event_json.h"

struct entry {
	int64_t at_ms, mono_ms;
	uint32_t scan_session, scan_seq;
	uint32_t body, body_len; /* in bytes[] */
	enum gw_event_kind kind;
	bool first;
	char basket[GW_BASKET_ID_MAX];
};

struct gw_queue {
	size_t count;
	uint32_t used;
	struct entry entry[GW_QUEUE_EVENTS];
	char bytes[GW_QUEUE_BYTES];
};

struct gw_queue *gw_queue_new(void)
{
	struct gw_queue *q = malloc(sizeof(*q));

	if (q != NULL) {
		q->count = 0;
		q->used = 0;
	}
	return q;
}

void gw_queue_free(struct gw_queue *q)
{
	free(q);
}

static bool is_waiting(const struct gw_queue *q, uint32_t session, uint32_t seq)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->entry[i].scan_session == session && q->entry[i].scan_seq == seq)
			return true;
	return false;
}

static int add_one(struct gw_queue *q, const struct gw_event *e, bool first)
{
	struct gw_text body = gw_text_over(q->bytes + q->used, GW_QUEUE_BYTES - q->used);
	struct entry *entry = &q->entry[q->count];

	if (q->count == GW_QUEUE_EVENTS || GW_QUEUE_BYTES - q->used < 2 ||
	    gw_event_json_encode(&body, e) < 0)
		return GW_E_FULL;
	*entry = (struct entry){.at_ms = e->at_ms,
				.mono_ms = e->mono_ms,
				.body = q->used,
				.body_len = (uint32_t)body.len,
				.kind = e->kind,
				.first = first};
	memcpy(entry->basket, e->basket, sizeof(entry->basket));
	q->used += (uint32_t)body.len;
	q->count++;
	return GW_OK;
}

int gw_queue_add(struct gw_queue *q, const struct gw_event *events, size_t count,
		 uint32_t scan_session, uint32_t scan_seq)
{
	size_t count_before = q->count;
	uint32_t used_before = q->used;
	bool first = true;

	if (scan_session != 0 && is_waiting(q, scan_session, scan_seq))
		return GW_E_AGAIN;
	for (size_t i = 0; i < count; i++) {
		if (!gw_event_is_kept(events[i].kind))
			continue;
		if (add_one(q, &events[i], first) < 0) {
			q->count = count_before;
			q->used = used_before;
			return GW_E_FULL;
		}
		if (first) {
			q->entry[q->count - 1].scan_session = scan_session;
			q->entry[q->count - 1].scan_seq = scan_seq;
		}
		first = false;
	}
	return GW_OK;
}

size_t gw_queue_count(const struct gw_queue *q)
{
	return q->count;
}

int gw_queue_get(const struct gw_queue *q, size_t i, struct gw_event *event, char *room,
		 bool *first)
{
	const struct entry *entry = &q->entry[i];
	int rc = gw_event_json_decode(event, room, entry->kind, q->bytes + entry->body,
				      entry->body_len, NULL);

	event->kind = entry->kind;
	event->at_ms = entry->at_ms;
	event->mono_ms = entry->mono_ms;
	event->scan_session = entry->scan_session;
	event->scan_seq = entry->scan_seq;
	memcpy(event->basket, entry->basket, sizeof(event->basket));
	*first = entry->first;
	return rc;
}

void gw_queue_drop(struct gw_queue *q, size_t n)
{
	uint32_t gone;

	if (n >= q->count) {
		q->count = 0;
		q->used = 0;
		return;
	}
	gone = q->entry[n].body;
	memmove(q->bytes, q->bytes + gone, q->used - gone);
	memmove(q->entry, q->entry + n, (q->count - n) * sizeof(q->entry[0]));
	q->count -= n;
	q->used -= gone;
	for (size_t i = 0; i < q->count; i++)
		q->entry[i].body -= gone;
}
