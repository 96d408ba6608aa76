/*
 * The engine protocol, way out: one event of the engine becomes one line of JSON, its line feed
 * included; likewise the engine's state and an error.  HOST.md in include/goeswith/ lists them.
 *
 * Writes to room the caller owns, never allocates, keeps no state.  A line is whole or not written
 * at all: long texts are cut at a character, lines of the sale that do not fit are counted.
 *
 *	char room[GW_ANSWER_MAX];
 *	struct gw_text t = gw_text_over(room, sizeof(room));
 *	gw_answer_event(&t, event, seq, last_seq_of_the_input);
 */
#ifndef HOST_ANSWER_H
#define HOST_ANSWER_H

#include "base/text.h"
#include "engine/view.h"

#define GW_ANSWER_MAX 65536 /* room in which every answer fits */

/*
 * Appends the line of one event.  seq: the number under which the journal keeps this event, 0 when
 * it does not keep it (not a journalled kind, practice, storage down).  ack: the highest number the
 * same input has made durable, 0 for none.  Both must be durable before the line leaves.
 */
void gw_answer_event(struct gw_text *out, const struct gw_event *event, int64_t seq, int64_t ack);

/* Appends {"on":"state",...}. */
void gw_answer_state(struct gw_text *out, const struct gw_view *view);

/* Appends {"on":"error","text":...}. */
void gw_answer_error(struct gw_text *out, const char *text);

/* True for answers that concern only the one who asked: errors. */
bool gw_answer_is_private(enum gw_event_kind kind);

#endif
