#include "tools/sync/ack.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/when.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static int fault(struct gw_err *err, const char *what)
{
	return gw_err_set(err, GW_E_INPUT, "acknowledgement: %s", what);
}

static int take_epochs(struct ack *ack, const json_t *list, struct gw_err *err)
{
	size_t n = json_array_size(list), i = n > ACK_EPOCHS ? n - ACK_EPOCHS : 0;

	for (; i < n; i++) {
		const json_t *o = json_array_get(list, i), *upto = json_object_get(o, "committed");
		const json_t *have = json_object_get(o, "have");

		if (!json_is_integer(upto) || json_integer_value(upto) < 0)
			return fault(err, "\"committed\" must be a number");
		snprintf(ack->epochs[ack->epoch_count].epoch, GW_BATCH_EPOCH_MAX, "%s",
			 text_of(o, "epoch"));
		ack->epochs[ack->epoch_count].have =
			json_is_integer(have) ? json_integer_value(have) : -1;
		ack->epochs[ack->epoch_count++].committed = json_integer_value(upto);
	}
	return GW_OK;
}

static void take_rejected(struct ack *ack, const json_t *list)
{
	size_t n = json_array_size(list), i = n > ACK_REJECTED ? n - ACK_REJECTED : 0;

	for (; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		const char *reason = text_of(o, "reason");

		snprintf(ack->rejected[ack->rejected_count].name, STATE_NAME_MAX, "%s",
			 text_of(o, "name"));
		gw_utf8_sanitize(ack->rejected[ack->rejected_count++].reason, STATE_REASON_MAX,
				 reason, strlen(reason));
	}
}

static int take(struct ack *ack, const char *till, const json_t *o, struct gw_err *err)
{
	const json_t *format = json_object_get(o, "goeswith_ack");
	const char *at = text_of(o, "at");
	int rc;

	if (!json_is_integer(format) || json_integer_value(format) < 1)
		return fault(err, "not one of goeswith");
	snprintf(ack->till, sizeof(ack->till), "%s", text_of(o, "terminal"));
	if (strcmp(ack->till, till) != 0)
		return fault(err, "of another terminal");
	if (gw_when_parse(at, strlen(at), &ack->at_ms) < 0)
		return fault(err, "\"at\" must be a time");
	rc = take_epochs(ack, json_object_get(o, "epochs"), err);
	take_rejected(ack, json_object_get(o, "rejected"));
	return rc;
}

int ack_parse(struct ack *ack, const char *till, const char *json, size_t len, struct gw_err *err)
{
	json_error_t at;
	json_t *o = json_loadb(json, len, JSON_REJECT_DUPLICATES, &at);
	int rc;

	memset(ack, 0, sizeof(*ack));
	if (!json_is_object(o)) {
		json_decref(o);
		return fault(err, "not JSON");
	}
	rc = take(ack, till, o, err);
	json_decref(o);
	return rc;
}

int64_t ack_committed(const struct ack *ack, const char *epoch)
{
	for (int i = 0; i < ack->epoch_count; i++)
		if (strcmp(ack->epochs[i].epoch, epoch) == 0)
			return ack->epochs[i].committed;
	return 0;
}

int64_t ack_have(const struct ack *ack, const char *epoch)
{
	for (int i = 0; i < ack->epoch_count; i++)
		if (strcmp(ack->epochs[i].epoch, epoch) == 0)
			return ack->epochs[i].have;
	return 0;
}

const char *ack_rejected(const struct ack *ack, const char *name)
{
	for (int i = 0; i < ack->rejected_count; i++)
		if (strcmp(ack->rejected[i].name, name) == 0)
			return ack->rejected[i].reason;
	return NULL;
}
