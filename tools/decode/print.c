#include <errno.h>
#include <unistd.h>

#include "base/json.h"
#include "scan/frame.h"
#include "tools/decode/decode.h"

/* More than the longest answer: 4 KiB of control characters escaped, and what surrounds them. */
enum { ANSWER_MAX = 48 * 1024 };

int gw_decode_flush(struct gw_decode *d)
{
	size_t done = 0;

	while (done < d->out->len) {
		ssize_t n = write(STDOUT_FILENO, d->out->at + done, d->out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			d->status = gw_err_errno(d->err, GW_E_STORAGE, errno, "cannot write");
			break;
		}
		done += (size_t)n;
	}
	gw_text_clear(d->out);
	return d->status;
}

static void make_room(struct gw_decode *d)
{
	if (d->out->size - d->out->len < ANSWER_MAX)
		gw_decode_flush(d);
}

static void add_text(struct gw_json *j, const char *key, const char *value)
{
	if (value[0] != '\0')
		gw_json_member_string(j, key, value);
}

static void add_amount(struct gw_json *j, const char *key, const struct gw_scan_amount *a,
		       const char *unit_key)
{
	if (a->value < 0)
		return;
	gw_json_key(j, key);
	gw_json_begin(j, '{');
	gw_json_member_int(j, "value", a->value);
	gw_json_member_int(j, "decimals", a->decimals);
	add_text(j, unit_key, a->unit);
	gw_json_end(j, '}');
}

static void add_measure(struct gw_json *j, const struct gw_scan_measure *m)
{
	if (m->type == GW_MEASURE_NONE)
		return;
	gw_json_key(j, "measure");
	gw_json_begin(j, '{');
	gw_json_member_string(j, "type", gw_scan_measure_name(m->type));
	gw_json_member_int(j, "value", m->value);
	gw_json_member_int(j, "decimals", m->decimals);
	add_text(j, "unit", m->unit);
	gw_json_end(j, '}');
}

static void add_elements(struct gw_json *j, const struct gw_scan_elements *elements)
{
	gw_json_key(j, "ais");
	gw_json_begin(j, '[');
	for (int i = 0; i < elements->count; i++) {
		const struct gw_scan_element *e = &elements->list[i];

		gw_json_begin(j, '[');
		gw_json_string(j, e->ai);
		gw_json_string_len(j, elements->text + e->at, e->len);
		gw_json_end(j, ']');
	}
	gw_json_end(j, ']');
}

static void add_warnings(struct gw_json *j, const struct gw_scan *scan)
{
	char text[120];

	gw_json_key(j, "warnings");
	gw_json_begin(j, '[');
	for (int i = 0; i < scan->warning_count; i++)
		gw_json_string(j, gw_scan_warning_text(&scan->warnings[i], text, sizeof(text)));
	gw_json_end(j, ']');
}

static void add_scan(struct gw_json *j, const struct gw_scan *s,
		     const struct gw_scan_elements *elements)
{
	gw_json_member_bool(j, "ok", true);
	gw_json_member_string(j, "kind", gw_scan_kind_name(s->kind));
	gw_json_member_string(j, "symbology", s->symbology);
	add_text(j, "gtin", s->gtin);
	if (s->measure.type != GW_MEASURE_NONE)
		add_text(j, "scanned", s->scanned);
	add_text(j, "code", s->code);
	add_measure(j, &s->measure);
	add_text(j, "addon", s->addon);
	if (s->kind != GW_SCAN_CODE && s->kind != GW_SCAN_ADDON)
		add_elements(j, elements);
	add_text(j, "lot", s->lot);
	add_text(j, "serial", s->serial);
	add_text(j, "expiry", s->expiry);
	add_text(j, "best_before", s->best_before);
	add_text(j, "sell_by", s->sell_by);
	if (s->count >= 0)
		gw_json_member_int(j, "count", s->count);
	add_amount(j, "net_weight", &s->net_weight, "unit");
	add_amount(j, "price", &s->price, "currency");
	add_text(j, "carrier", s->carrier);
	add_warnings(j, s);
}

static void add_refusal(struct gw_json *j, const char *error, long at)
{
	gw_json_member_bool(j, "ok", false);
	gw_json_member_string(j, "error", error);
	if (at >= 0)
		gw_json_member_int(j, "at", at);
}

void gw_decode_fault(struct gw_decode *d, const char *error, long at)
{
	struct gw_json j = gw_json_over(d->out);

	make_room(d);
	gw_json_begin(&j, '{');
	add_refusal(&j, error, at);
	gw_json_end(&j, '}');
	gw_text_add_char(d->out, '\n');
}

/* Prints a decoded scan; its bytes are wiped if it was a card. */
static void print_scan(struct gw_decode *d, struct gw_scan *scan, uint8_t *data, size_t len)
{
	struct gw_json j = gw_json_over(d->out);

	if (scan->secret)
		gw_scan_wipe(data, len);
	if (scan->kind == GW_SCAN_REFUSED) {
		gw_decode_fault(d, scan->error, scan->at);
		return;
	}
	if (d->today_days != 0)
		gw_scan_check_dates(scan, d->today_days);
	make_room(d);
	gw_json_begin(&j, '{');
	add_scan(&j, scan, d->elements);
	gw_json_end(&j, '}');
	gw_text_add_char(d->out, '\n');
}

void gw_decode_one(struct gw_decode *d, uint8_t *data, size_t len)
{
	struct gw_scan scan;

	if (d->bracketed)
		gw_scan_decode_bracketed(d->config, (const char *)data, len, &scan, d->elements);
	else
		gw_scan_decode_elements(d->config, data, len, &scan, d->elements);
	print_scan(d, &scan, data, len);
}

void gw_decode_ssi(struct gw_decode *d, uint8_t code_type, uint8_t *data, size_t len)
{
	struct gw_scan scan;

	gw_scan_decode_ssi(d->config, code_type, data, len, &scan, d->elements);
	print_scan(d, &scan, data, len);
}
