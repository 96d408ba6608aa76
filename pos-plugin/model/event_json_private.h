/*
 * What event_json.c (bodies) and event_line.c (lines of a batch) share.  Private to them.
 */
#ifndef MODEL_EVENT_JSON_PRIVATE_H
#define MODEL_EVENT_JSON_PRIVATE_H

#include <jansson.h>

#include "model/event_json.h"

/* A JSON object, or NULL with the fault in err.  The caller's to release. */
json_t *gw_event_parse(const char *json, size_t len, struct gw_err *err);

/* Reads the fields of a kind from an object; texts go to text[GW_EVENT_ROOM]. */
int gw_event_take_body(struct gw_event *event, char *text, enum gw_event_kind kind,
		       const json_t *object, struct gw_err *err);

#endif
