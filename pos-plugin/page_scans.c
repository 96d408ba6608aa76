#include "page_scans.h"

#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "base/text.h"

/* The newest scan is number 0, with its memory beside it. */
static void add_field(struct gw_page_scans *page, const char *label, const char *value)
{
	struct gw_ui_scan *ui = &page->scans[0];
	size_t i = ui->field_count;

	if (value[0] == '\0' || i == GW_UI_FIELDS_MAX)
		return;
	snprintf(page->kept[0].values[i], sizeof(page->kept[0].values[i]), "%s", value);
	ui->fields[i].label = label;
	ui->fields[i].value = page->kept[0].values[i];
	ui->field_count++;
}

static void add_measure(struct gw_page_scans *page, const struct gw_scan *scan)
{
	char number[GW_MONEY_MAX], value[GW_PAGE_VALUE_MAX];

	if (scan->measure.type == GW_MEASURE_NONE)
		return;
	snprintf(value, sizeof(value), "%s %s",
		 gw_money_format(number, scan->measure.value, scan->measure.decimals),
		 scan->measure.unit);
	add_field(page, gw_scan_measure_name(scan->measure.type), value);
}

static void add_symbology(struct gw_page_scans *page, const struct gw_scan *scan)
{
	bool known = scan->symbology[0] != '\0';

	snprintf(page->kept[0].symbology, sizeof(page->kept[0].symbology), "%s%s%s%s",
		 scan->carrier, known ? " (" : "", scan->symbology, known ? ")" : "");
	page->scans[0].symbology = page->kept[0].symbology;
}

static void add_warning(struct gw_page_scans *page, const struct gw_scan *scan)
{
	char *text = page->kept[0].warning;

	if (scan->kind == GW_SCAN_REFUSED)
		snprintf(text, sizeof(page->kept[0].warning), "%s", scan->error);
	else if (scan->warning_count > 0)
		gw_scan_warning_text(&scan->warnings[0], text, sizeof(page->kept[0].warning));
	page->scans[0].warning = text;
}

static void describe(struct gw_page_scans *page, const struct gw_scan *scan)
{
	page->scans[0].ok = scan->kind != GW_SCAN_REFUSED;
	add_symbology(page, scan);
	add_field(page, "kind", gw_scan_kind_name(scan->kind));
	add_field(page, "gtin", scan->gtin);
	add_field(page, "code", scan->code);
	add_field(page, "lot", scan->lot);
	add_field(page, "serial", scan->serial);
	add_field(page, "expiry", scan->expiry);
	add_field(page, "best before", scan->best_before);
	add_field(page, "add-on", scan->addon);
	add_measure(page, scan);
	add_warning(page, scan);
}

/* Makes room for the newest in front and points every row at its own memory again. */
static void shift(struct gw_page_scans *page)
{
	size_t keep = page->shown.count < GW_UI_SCANS_MAX ? page->shown.count : GW_UI_SCANS_MAX - 1;

	memmove(page->kept + 1, page->kept, keep * sizeof(page->kept[0]));
	memmove(page->scans + 1, page->scans, keep * sizeof(page->scans[0]));
	memset(&page->kept[0], 0, sizeof(page->kept[0]));
	memset(&page->scans[0], 0, sizeof(page->scans[0]));
	page->shown.count = keep + 1;
	for (size_t i = 1; i <= keep; i++) {
		page->scans[i].raw = page->kept[i].raw;
		page->scans[i].symbology = page->kept[i].symbology;
		page->scans[i].warning = page->kept[i].warning;
		for (size_t f = 0; f < page->scans[i].field_count; f++)
			page->scans[i].fields[f].value = page->kept[i].values[f];
	}
}

void gw_page_scans_init(struct gw_page_scans *page, const char *port, const char *profile)
{
	memset(page, 0, sizeof(*page));
	page->shown.port = port != NULL ? port : "the keyboard";
	page->shown.profile = port == NULL ? "" : profile != NULL ? profile : "generic";
	page->shown.framing = page->framing;
	page->shown.best_profile = page->best;
	page->shown.advice = page->advice;
	page->shown.last = page->scans;
}

void gw_page_scans_add(struct gw_page_scans *page, const uint8_t *bytes, size_t len, int64_t at_ms)
{
	struct gw_scan scan;

	(void)gw_scan_decode(NULL, bytes, len, &scan);
	shift(page);
	page->shown.scans++;
	page->shown.refused += scan.kind == GW_SCAN_REFUSED;
	page->scans[0].at_ms = at_ms;
	page->scans[0].raw = page->kept[0].raw;
	if (scan.secret) {
		gw_page_scans_leave(page);
	} else {
		page->scans[0].raw_len = len < GW_PAGE_RAW_MAX ? len : GW_PAGE_RAW_MAX;
		memcpy(page->kept[0].raw, bytes, page->scans[0].raw_len);
	}
	describe(page, &scan);
}

/* "<CR><LF>": the controls that the last code ended with. */
static void find_framing(struct gw_page_scans *page)
{
	struct gw_text t = gw_text_over(page->framing, sizeof(page->framing));
	size_t from = page->line_len;

	while (from > 0 && page->line_len - from < 4 && page->line[from - 1] < 0x20)
		from--;
	for (; from < page->line_len; from++) {
		uint8_t c = page->line[from];

		gw_text_addf(&t,
			     c == '\r'   ? "<CR>"
			     : c == '\n' ? "<LF>"
			     : c == '\t' ? "<TAB>"
			     : c == 0x03 ? "<ETX>"
					 : "<%02X>",
			     c);
	}
	if (t.len == 0)
		gw_text_add(&t, "nothing: the pause ends a code");
}

/* Other settings are worth a word only where they fit clearly better than those in force. */
#define CLEARLY_BETTER 20

static void guess_settings(struct gw_page_scans *page)
{
	struct gw_profile_fit fits[GW_PROFILE_FITS_MAX];
	int n = gw_profile_guess(page->line, page->line_len, fits), score = 0;

	page->best[0] = '\0';
	gw_profile_advice(page->line, page->line_len, page->advice, sizeof(page->advice));
	for (int i = 0; i < n; i++)
		if (strcmp(fits[i].profile->name, page->shown.profile) == 0)
			score = fits[i].score;
	if (n == 0 || fits[0].score < score + CLEARLY_BETTER)
		return;
	snprintf(page->best, sizeof(page->best), "%s (brand = %s)", fits[0].profile->title,
		 fits[0].profile->name);
	if (page->advice[0] == '\0')
		snprintf(page->advice, sizeof(page->advice), "%s", fits[0].reason);
}

void gw_page_scans_raw(struct gw_page_scans *page, const uint8_t *bytes, size_t len)
{
	const size_t most = sizeof(page->line);

	if (len == 0)
		return;
	if (len > most) {
		bytes += len - most;
		len = most;
	}
	if (page->line_len + len > most) { /* the newest tell most */
		size_t drop = page->line_len + len - most;

		memmove(page->line, page->line + drop, page->line_len - drop);
		page->line_len -= drop;
	}
	memcpy(page->line + page->line_len, bytes, len);
	page->line_len += len;
	find_framing(page);
	guess_settings(page);
}

void gw_page_scans_leave(struct gw_page_scans *page)
{
	explicit_bzero(page->line, sizeof(page->line));
	page->line_len = 0;
	page->best[0] = page->advice[0] = page->framing[0] = '\0';
}
