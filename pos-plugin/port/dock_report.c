#include "port/dock_report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* A word as it is, a chip's number as hexadecimal digits. */
static void put_unit(char *out, size_t size, const uint8_t unit[8])
{
	bool word = unit[0] != 0;
	size_t len = 8;

	while (len > 0 && unit[len - 1] == 0)
		len--;
	for (size_t i = 0; i < len; i++)
		word = word && unit[i] > 0x20 && unit[i] < 0x7F;
	if (word)
		snprintf(out, size, "%.*s", (int)len, (const char *)unit);
	else
		for (size_t i = 0; i < 8 && len > 0; i++)
			snprintf(out + 2 * i, size - 2 * i, "%02x", unit[i]);
}

void gw_dock_report_hello(struct gw_dock_report *r, const struct gw_link_hello *h)
{
	memset(r, 0, sizeof(*r));
#define UNSEEN(name) r->name = -1;
	GW_DOCK_REPORT_SEEN(UNSEEN)
#undef UNSEEN
	snprintf(r->version, sizeof(r->version), "%d.%d.%d", h->version[0], h->version[1],
		 h->version[2]);
	put_unit(r->unit, sizeof(r->unit), h->unit);
	/* Before minor version 2 only the program said who it was. */
	snprintf(r->board, sizeof(r->board), "%s",
		 h->board[0] != '\0'             ? h->board
		 : strcmp(r->unit, "posix") == 0 ? "linux"
						 : "box");
	r->software = strcmp(r->board, "linux") == 0;
	r->scanner = (h->state & GW_LINK_ST_SCANNER) != 0;
	r->starting = (h->state & GW_LINK_ST_STARTING) != 0;
	r->has_till = (h->caps & GW_LINK_CAP_TILL) != 0;
	r->till = (h->state & GW_LINK_ST_TILL) != 0;
	r->till_blocked = (h->state & GW_LINK_ST_TILL_BLOCKED) != 0;
	r->has_display = (h->caps & GW_LINK_CAP_DISPLAY) != 0;
	r->display = (h->state & GW_LINK_ST_DISPLAY) != 0;
	r->beeper = (h->caps & GW_LINK_CAP_BEEP) != 0;
	r->flash_journal = (h->caps & GW_LINK_CAP_FLASH) != 0;
	r->warm = (h->state & GW_LINK_ST_WARM) != 0;
	r->watchdog = (h->state & GW_LINK_ST_WATCHDOG) != 0;
	r->link_minor = h->minor;
	r->session = h->session;
	r->base = h->base;
	r->next = h->next;
	r->waiting = h->next - h->base;
	r->lost = h->lost;
	r->too_long = h->too_long;
	r->resyncs = h->resyncs;
	r->rx_errors = h->rx_errors;
	r->bad_frames = h->bad_frames;
	r->resent = h->resent;
	r->till_dropped = h->till_dropped;
	r->injected = h->injected;
	r->inject_refused = h->inject_refused;
	r->inject_timed_out = h->inject_timed_out;
	r->boots = h->boots;
	r->up_s = h->up_s;
	r->ring_bytes = h->ring_kib_x16 * 64;
	r->ring_used_permille = h->ring_used_permille;
}

/* --- JSON ------------------------------------------------------------------------------------- */

void gw_dock_report_json(const struct gw_dock_report *r, struct gw_text *out)
{
	struct gw_json j = gw_json_over(out);

	gw_json_begin(&j, '{');
#define PUT_TEXT(name) gw_json_member_string(&j, #name, r->name);
#define PUT_BOOL(name) gw_json_member_bool(&j, #name, r->name);
#define PUT_INT(name)  gw_json_member_int(&j, #name, r->name);
#define PUT_SEEN(name)                                                                             \
	if (r->name >= 0)                                                                          \
		gw_json_member_int(&j, #name, r->name);
	GW_DOCK_REPORT_TEXTS(PUT_TEXT)
	GW_DOCK_REPORT_BOOLS(PUT_BOOL)
	GW_DOCK_REPORT_INTS(PUT_INT)
	GW_DOCK_REPORT_SEEN(PUT_SEEN)
#undef PUT_TEXT
#undef PUT_BOOL
#undef PUT_INT
#undef PUT_SEEN
	gw_json_end(&j, '}');
}

static void take_text(const json_t *root, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(root, key));

	snprintf(out, size, "%s", text != NULL ? text : "");
}

static int64_t take_int(const json_t *root, const char *key, int64_t missing)
{
	const json_t *value = json_object_get(root, key);

	return json_is_integer(value) ? json_integer_value(value) : missing;
}

int gw_dock_report_read(struct gw_dock_report *r, const char *json, size_t len, struct gw_err *err)
{
	json_error_t fault;
	json_t *root = json_loadb(json, len, 0, &fault);

	if (!json_is_object(root)) {
		json_decref(root);
		return gw_err_set(err, GW_E_INPUT, "the answer is not JSON: %s", fault.text);
	}
#define GET_TEXT(name) take_text(root, #name, r->name, sizeof(r->name));
#define GET_BOOL(name) r->name = json_is_true(json_object_get(root, #name));
#define GET_INT(name)  r->name = take_int(root, #name, 0);
#define GET_SEEN(name) r->name = take_int(root, #name, -1);
	GW_DOCK_REPORT_TEXTS(GET_TEXT)
	GW_DOCK_REPORT_BOOLS(GET_BOOL)
	GW_DOCK_REPORT_INTS(GET_INT)
	GW_DOCK_REPORT_SEEN(GET_SEEN)
#undef GET_TEXT
#undef GET_BOOL
#undef GET_INT
#undef GET_SEEN
	json_decref(root);
	return GW_OK;
}

/* --- for people ------------------------------------------------------------------------------- */

const char *gw_dock_report_link(const struct gw_dock_report *r)
{
	int64_t seen = r->damaged > 0 ? r->damaged : 0;
	int64_t again =
		(r->again > 0 ? r->again : 0) + (r->commands_again > 0 ? r->commands_again : 0);
	int64_t bad = seen + again + r->bad_frames, all = (r->frames > 0 ? r->frames : 0) + bad;

	/* The first frame after a plug is often a half one: that is not the cable. */
	if (bad <= 1 || bad * 500 < all)
		return "good";
	return bad * 50 < all ? "fair" : "bad: check the cable";
}

static void add(struct gw_dock_line lines[GW_DOCK_LINES_MAX], size_t *n, const char *label,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add(struct gw_dock_line lines[GW_DOCK_LINES_MAX], size_t *n, const char *label,
		const char *format, ...)
{
	va_list args;

	if (*n == GW_DOCK_LINES_MAX)
		return;
	lines[*n].label = label;
	lines[*n].warn = false;
	va_start(args, format);
	vsnprintf(lines[*n].value, sizeof(lines[*n].value), format, args);
	va_end(args);
	(*n)++;
}

/* The line added last is worth a look. */
static void warn_if(struct gw_dock_line *lines, size_t n, bool warn)
{
	lines[n - 1].warn = warn;
}

static void add_running(struct gw_dock_line *lines, size_t *n, const struct gw_dock_report *r)
{
	char time[40];

	if (r->up_s < 60)
		snprintf(time, sizeof(time), "%d s", (int)r->up_s);
	else if (r->up_s < 3600)
		snprintf(time, sizeof(time), "%d min", (int)(r->up_s / 60));
	else if (r->up_s < 48 * 3600)
		snprintf(time, sizeof(time), "%d h %d min", (int)(r->up_s / 3600),
			 (int)(r->up_s / 60 % 60));
	else
		snprintf(time, sizeof(time), "%lld days", (long long)(r->up_s / 86400));
	add(lines, n, "Running", "%s%s, resets: %lld", r->link_minor >= 2 ? time : "?",
	    r->watchdog ? " (watchdog)" : "", (long long)r->boots);
}

static void add_link(struct gw_dock_line *lines, size_t *n, const struct gw_dock_report *r)
{
	int64_t us = r->round_trip_us;

	if (us >= 0)
		add(lines, n, "Link", "%s, %lld.%02lld ms", gw_dock_report_link(r),
		    (long long)(us / 1000), (long long)(us % 1000 / 10));
	else
		add(lines, n, "Link", "%s", gw_dock_report_link(r));
	warn_if(lines, *n, strncmp(gw_dock_report_link(r), "bad", 3) == 0);
}

static void add_frames(struct gw_dock_line *lines, size_t *n, const struct gw_dock_report *r)
{
	if (r->frames >= 0)
		add(lines, n, "Frames", "%lld, %lld bad, %lld again", (long long)r->frames,
		    (long long)r->damaged + (long long)r->bad_frames,
		    (long long)r->resent + (long long)r->commands_again);
	else
		add(lines, n, "Frames", "%lld bad, %lld again", (long long)r->bad_frames,
		    (long long)r->resent);
}

static void add_sides(struct gw_dock_line *lines, size_t *n, const struct gw_dock_report *r)
{
	const char *till = !r->has_till      ? "none"
			   : !r->till        ? "not there"
			   : r->till_blocked ? "does not read"
					     : "there";

	if (r->till_dropped > 0)
		add(lines, n, "Till", "%s, %lld bytes missed", till, (long long)r->till_dropped);
	else
		add(lines, n, "Till", "%s", till);
	warn_if(lines, *n, r->has_till && (!r->till || r->till_blocked));
	add(lines, n, "Display", "%s",
	    !r->has_display ? "none"
	    : r->display    ? "there"
			    : "not there");
	warn_if(lines, *n, r->has_display && !r->display);
}

static void add_typed(struct gw_dock_line *lines, size_t *n, const struct gw_dock_report *r)
{
	if (r->codes_done >= 0)
		add(lines, n, "Typed", "%lld, %lld refused, %lld too late",
		    (long long)r->codes_done, (long long)r->codes_refused,
		    (long long)r->codes_timed_out + (long long)r->codes_unknown);
	else
		add(lines, n, "Typed", "%lld, %lld refused, %lld too late", (long long)r->injected,
		    (long long)r->inject_refused, (long long)r->inject_timed_out);
}

size_t gw_dock_report_lines(const struct gw_dock_report *r,
			    struct gw_dock_line lines[GW_DOCK_LINES_MAX])
{
	size_t n = 0;

	/* What may need somebody stands first: a small screen ends after eight. */
	add(lines, &n, "Dock", "%s (%s)", r->software ? "program" : "box", r->board);
	add(lines, &n, "Scanner", "%s",
	    !r->scanner   ? "not there"
	    : r->starting ? "starting"
			  : "ready");
	warn_if(lines, n, !r->scanner);
	add_sides(lines, &n, r);
	add(lines, &n, "Scans", "%lld, %lld wait, %lld lost", (long long)r->next,
	    (long long)r->waiting, (long long)r->lost);
	warn_if(lines, n, r->lost > 0);
	add(lines, &n, "Refused", "%lld half, %lld long, %lld noise", (long long)r->resyncs,
	    (long long)r->too_long, (long long)r->rx_errors);
	add_link(lines, &n, r);
	add_typed(lines, &n, r);
	add_frames(lines, &n, r);
	add(lines, &n, "Firmware", "%s, link 1.%d%s", r->version, (int)r->link_minor,
	    r->flash_journal ? ", flash" : "");
	add_running(lines, &n, r);
	add(lines, &n, "Memory", "%lld bytes, %lld.%lld %% used", (long long)r->ring_bytes,
	    (long long)(r->ring_used_permille / 10), (long long)(r->ring_used_permille % 10));
	add(lines, &n, "Session", "%08llx", (unsigned long long)r->session);
	if (r->unit[0] != '\0' && !r->software)
		add(lines, &n, "Unit", "%.40s", r->unit);
	return n;
}

const char *gw_dock_test_name(unsigned bit)
{
	static const char *const names[] = {"frame check", "memory of scans", "beeper and lamp",
					    "display", "till line"};

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : NULL;
}
