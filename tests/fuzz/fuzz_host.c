/*
 * Fuzz target: a line of the engine protocol.  Whatever it holds, the request is in bounds and the
 * error does not repeat it; and an event made of the same bytes is one line of valid JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/utf8.h"
#include "host/answer.h"
#include "host/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void read_request(const char *line, size_t len)
{
	static struct gw_request r;
	struct gw_err err = {0};
	size_t digits = 0;

	if (gw_request_read(&r, line, len, &err) == GW_OK) {
		require(r.input.data_len <= GW_SCAN_MAX && r.input.line >= 0);
		require(memchr(r.code, '\0', sizeof(r.code)) != NULL);
		require(memchr(r.text, '\0', sizeof(r.text)) != NULL);
		require(r.input.price_minor >= -1);
	}
	require(gw_utf8_valid(err.text, strlen(err.text)));
	for (const char *p = err.text; *p != '\0'; p++) {
		digits = *p >= '0' && *p <= '9' ? digits + 1 : 0;
		require(digits < 9); /* so many are no position, but somebody's card */
	}
	gw_request_wipe(&r);
	for (size_t i = 0; i < sizeof(r.data); i++)
		require(r.data[i] == 0);
}

static void fill(char *room, size_t size, const uint8_t *data, size_t len)
{
	if (len > size - 1)
		len = size - 1;
	memcpy(room, data, len);
	room[len] = '\0';
}

static void write_event(const uint8_t *data, size_t size)
{
	static char room[GW_ANSWER_MAX], text[4000];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct gw_event e = {.kind = GW_EV_OFFER};
	json_t *root;

	fill(text, sizeof(text), data, size);
	fill(e.basket, sizeof(e.basket), data, size);
	fill(e.u.offer.code, sizeof(e.u.offer.code), data, size);
	fill(e.u.offer.rule, sizeof(e.u.offer.rule), data, size);
	e.u.offer.name = e.u.offer.script = e.u.offer.why[0] = text;
	gw_answer_event(&t, &e, 1, 1);
	require(!t.cut);
	root = json_loadb(t.at, t.len, 0, NULL);
	require(root != NULL);
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_request((const char *)data, size);
	write_event(data, size);
	return 0;
}
