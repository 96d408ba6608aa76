/*
 * A struct gw_event as JSON and back: the `body` column of the journal, a line of an uploaded
 * batch, what a restart reads.  One table of fields per kind of event drives both directions.
 *
 * Owns nothing and keeps no state; encoding never allocates, decoding allocates while it runs
 * (jansson) and leaves all text in the caller's memory.  Any thread.
 *
 *	char body[GW_EVENT_BODY_MAX];
 *	struct gw_text t = gw_text_over(body, sizeof(body));
 *	gw_event_json_encode(&t, &event);
 *	...
 *	char room[GW_EVENT_ROOM];
 *	rc = gw_event_json_decode(&event, room, kind, body, strlen(body), &err);
 *
 * Fields by kind; money in minor units, a field equal to its default is left out.
 *   line     line code name qty price(-1) milli(0) source offer(0) lot expiry
 *            unconfirmed(false)
 *   void     line code qty
 *   offer    offer rule rule_kind code pos_code name script price(-1) saves(0) margin(-1)
 *   ghost      subtotal expires_ms why[] why_more(0) experiment arm table_version eligible
 *              propensity_ppm holdout_ppm bucket_ppm eligible_ids ("r1 r7 r9")
 *   outcome  offer rule code result why ms value(0) line(0) ghost(false)
 *   close    lines items total till(false: our own sum) reason
 *   unknown  code line
 *   table    version items rules
 *   gap      missing what
 *   clock    jump_ms
 *   login    id          segment  name          start  version
 *   refused scanner stop warn error  text
 *   open suspend resume subtotal mute beep  nothing
 */
#ifndef MODEL_EVENT_JSON_H
#define MODEL_EVENT_JSON_H

#include "base/err.h"
#include "base/json.h"
#include "goeswith/event.h"

#define GW_EVENT_BODY_MAX 32768 /* no event's body is longer, NUL included */
#define GW_EVENT_LINE_MAX (GW_EVENT_BODY_MAX + 512)
#define GW_EVENT_ROOM     6144 /* texts of one decoded event */

/* The word for a kind ("line"), static. */
const char *gw_event_word(enum gw_event_kind kind);
/* The kind of a word; GW_EV_COUNT when there is none. */
enum gw_event_kind gw_event_kind_of(const char *word, size_t len);
/* Whether the journal keeps events of this kind. */
bool gw_event_is_kept(enum gw_event_kind kind);

const char *gw_result_word(enum gw_result result);
const char *gw_close_word(enum gw_close_reason reason);
const char *gw_source_word(enum gw_line_source source);
const char *gw_rule_kind_word(enum gw_rule_kind kind);

/* Adds the fields of the event's kind to an object that is open in j. */
void gw_event_json_members(struct gw_json *j, const struct gw_event *event);

/*
 * Writes the body, an object.  Text that is not UTF-8 is mended, and text behind the `const char *`
 * members is cut at 500 bytes (eligible_ids at 2,000), so that what was written can always be read
 * back.  GW_E_FULL when it does not fit; never with GW_EVENT_BODY_MAX bytes of room.
 */
int gw_event_json_encode(struct gw_text *out, const struct gw_event *event);

/*
 * Reads a body into *event (all else in it zeroed, kind set).  Its `const char *` members point
 * into room[GW_EVENT_ROOM].  Unknown fields are ignored; a field of a wrong type or range, a text
 * that is too long, an unknown word, or a missing field that has no default is GW_E_INPUT with the
 * field's name in err.  GW_E_MEMORY.
 */
int gw_event_json_decode(struct gw_event *event, char *room, enum gw_event_kind kind,
			 const char *json, size_t len, struct gw_err *err);

/* An event with its place in a journal. */
struct gw_event_row {
	int64_t seq;   /* >= 1 */
	uint32_t boot; /* how often the register had been started */
	struct gw_event event;
};

/*
 * Writes the one-line form of an uploaded batch: {"seq":1,"at":"...","mono":5,"boot":3,
 * "basket":"...","scan":[session,seq],"kind":"line", ...body}, basket and scan left out where there
 * is none, without a line end.  body is the object as the journal keeps it.  kind is its word, also
 * when this program does not know it; NULL: that of row->event.  GW_E_FULL.
 */
int gw_event_json_line(struct gw_text *out, const struct gw_event_row *row, const char *kind,
		       const char *body, size_t body_len);

/*
 * Reads such a line.  As gw_event_json_decode; additionally GW_E_NOT_FOUND for a kind this program
 * does not know (row->seq is set; such a line is to be skipped).
 */
int gw_event_json_read_line(struct gw_event_row *row, char *room, const char *line, size_t len,
			    struct gw_err *err);

#endif
