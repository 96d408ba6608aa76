/* One line of an uploaded batch: an event with its place in the journal around its body. */
#include "model/event_json_private.h"

#include <string.h>

#include "base/when.h"

int gw_event_json_line(struct gw_text *out, const struct gw_event_row *row, const char *kind,
		       const char *body, size_t body_len)
{
	const struct gw_event *e = &row->event;
	struct gw_json j = gw_json_over(out);
	char at[GW_WHEN_MAX];

	if (body_len < 2)
		return GW_E_BUG;
	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "seq", row->seq);
	gw_json_member_string(&j, "at", gw_when_format(at, e->at_ms));
	gw_json_member_int(&j, "mono", e->mono_ms);
	gw_json_member_int(&j, "boot", row->boot);
	if (e->basket[0] != '\0')
		gw_json_member_string(&j, "basket", e->basket);
	if (e->scan_session != 0) {
		gw_json_key(&j, "scan");
		gw_json_begin(&j, '[');
		gw_json_int(&j, e->scan_session);
		gw_json_int(&j, e->scan_seq);
		gw_json_end(&j, ']');
	}
	gw_json_member_string(&j, "kind", kind != NULL ? kind : gw_event_word(e->kind));
	if (body_len > 2)
		gw_json_raw(&j, body + 1, body_len - 2);
	gw_json_end(&j, '}');
	return out->cut ? GW_E_FULL : GW_OK;
}

static int line_fault(struct gw_err *err, const char *what)
{
	return gw_err_set(err, GW_E_INPUT, "event line: %s", what);
}

static bool whole(const json_t *v, int64_t least, int64_t most, int64_t *out)
{
	if (!json_is_integer(v) || json_integer_value(v) < least || json_integer_value(v) > most)
		return false;
	*out = json_integer_value(v);
	return true;
}

static int take_scan(struct gw_event *e, const json_t *scan, struct gw_err *err)
{
	int64_t session, seq;

	if (scan == NULL)
		return GW_OK;
	if (!json_is_array(scan) || json_array_size(scan) != 2 ||
	    !whole(json_array_get(scan, 0), 1, UINT32_MAX, &session) ||
	    !whole(json_array_get(scan, 1), 0, UINT32_MAX, &seq))
		return line_fault(err, "\"scan\" must be [session, number]");
	e->scan_session = (uint32_t)session;
	e->scan_seq = (uint32_t)seq;
	return GW_OK;
}

/* The frame around the body: all that a journal keeps in columns of its own. */
static int take_frame(struct gw_event_row *row, const json_t *o, struct gw_err *err)
{
	const json_t *at = json_object_get(o, "at"), *basket = json_object_get(o, "basket");
	struct gw_event *e = &row->event;
	int64_t boot;

	if (!whole(json_object_get(o, "mono"), INT64_MIN, INT64_MAX, &e->mono_ms))
		return line_fault(err, "\"mono\" must be a whole number");
	if (!whole(json_object_get(o, "boot"), 0, UINT32_MAX, &boot))
		return line_fault(err, "\"boot\" must be a whole number");
	row->boot = (uint32_t)boot;
	if (!json_is_string(at) ||
	    gw_when_parse(json_string_value(at), json_string_length(at), &e->at_ms) < 0)
		return line_fault(err, "\"at\" must be an RFC 3339 time");
	if (basket != NULL) {
		if (!json_is_string(basket) || json_string_length(basket) >= GW_BASKET_ID_MAX)
			return line_fault(err, "\"basket\" must be a short string");
		memcpy(e->basket, json_string_value(basket), json_string_length(basket) + 1);
	}
	return take_scan(e, json_object_get(o, "scan"), err);
}

static int take_line(struct gw_event_row *row, char *room, const json_t *o, struct gw_err *err)
{
	const json_t *word = json_object_get(o, "kind");
	enum gw_event_kind kind;
	int rc;

	if (!whole(json_object_get(o, "seq"), 1, INT64_MAX, &row->seq))
		return line_fault(err, "\"seq\" must be a whole number from 1");
	rc = take_frame(row, o, err);
	if (rc < 0)
		return rc;
	if (!json_is_string(word))
		return line_fault(err, "\"kind\" must be a string");
	kind = gw_event_kind_of(json_string_value(word), json_string_length(word));
	if (kind == GW_EV_COUNT)
		return gw_err_set(err, GW_E_NOT_FOUND, "event of an unknown kind \"%.40s\"",
				  json_string_value(word));
	return gw_event_take_body(&row->event, room, kind, o, err);
}

int gw_event_json_read_line(struct gw_event_row *row, char *room, const char *line, size_t len,
			    struct gw_err *err)
{
	json_t *object = gw_event_parse(line, len, err);
	int rc;

	memset(row, 0, sizeof(*row));
	if (object == NULL)
		return GW_E_INPUT;
	rc = take_line(row, room, object, err);
	json_decref(object);
	return rc;
}
