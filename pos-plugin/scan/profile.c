/*
 * A capture is read once for each profile, as a scanner with those settings would have meant it:
 * parity taken off, cut into scans, decoded.  The score adds up what speaks for a profile:
 *
 *	40  every byte has the profile's parity (with 8N1: no byte above 0x7F)
 *	30  the frames are whole: terminators, or STX and ETX in pairs, or packets with good sums
 *	30  the share of frames that decode to a product or to a code of plain characters
 *
 * A profile with parity needs bytes whose parity bit is set, or it would fit plain ASCII by chance;
 * without any it is left out.
 */
#include "scan/profile.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "scan/ai.h"

/* Makers' settings that a till meets; a row that differs from another in its flow only has none. */
static const struct gw_profile profiles[] = {
	{"generic", "8N1, ended by CR, LF or TAB", 8, 'N', GW_FRAME_LINES, false},
	{"stx", "8N1, STX/ETX", 8, 'N', GW_FRAME_STX, true},
	{"zebra-ssi", "8N1, SSI packets (Zebra)", 8, 'N', GW_FRAME_SSI, true},
	{"7e1", "7E1, ended by CR, LF or TAB", 7, 'E', GW_FRAME_LINES, false},
	{"olivetti", "7E1, STX/ETX with ACK/NAK (Olivetti)", 7, 'E', GW_FRAME_STX, true},
	{"7o1", "7O1, ended by CR, LF or TAB", 7, 'O', GW_FRAME_LINES, false},
	{"7o1-stx", "7O1, STX/ETX", 7, 'O', GW_FRAME_STX, true},
	{"7m1", "7M1, or 7N2 (mark parity), ended by CR, LF or TAB", 7, 'M', GW_FRAME_LINES, false},
};

#define PROFILE_COUNT (sizeof(profiles) / sizeof(profiles[0]))

struct reading {
	size_t odd_bytes; /* that do not have the profile's parity */
	int scans, good;  /* frames, and those that decode */
	int damaged;
	bool ends_open; /* the last one had no end */
};

const struct gw_profile *gw_profile_at(size_t i)
{
	return i < PROFILE_COUNT ? &profiles[i] : NULL;
}

const struct gw_profile *gw_profile_find(const char *name)
{
	for (size_t i = 0; i < PROFILE_COUNT; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

static bool has_parity(uint8_t byte, char parity)
{
	bool odd = __builtin_parity(byte);

	switch (parity) {
	case 'E':
		return !odd;
	case 'O':
		return odd;
	case 'M':
		return (byte & 0x80) != 0;
	default:
		return (byte & 0x80) == 0;
	}
}

size_t gw_profile_strip(const struct gw_profile *profile, uint8_t *bytes, size_t len)
{
	size_t wrong = 0;

	for (size_t i = 0; i < len; i++) {
		wrong += !has_parity(bytes[i], profile->parity);
		if (profile->data_bits == 7)
			bytes[i] &= 0x7F;
	}
	return wrong;
}

static bool reads_well(const struct gw_frame *f)
{
	struct gw_scan scan;
	bool good;

	if (f->style == GW_FRAME_SSI)
		gw_scan_decode_ssi(NULL, f->code_type, f->data, f->len, &scan, NULL);
	else
		gw_scan_decode(NULL, f->data, f->len, &scan);
	good = scan.kind == GW_SCAN_REFUSED ? scan.secret : true;
	for (size_t i = 0; good && i < f->len; i++)
		good = f->data[i] < 0x7F || f->style == GW_FRAME_SSI;
	gw_scan_wipe(&scan, sizeof(scan));
	return good;
}

static void count_event(struct reading *r, const struct gw_frame *f, enum gw_frame_event event)
{
	r->scans += event == GW_FRAME_SCAN;
	r->damaged += event == GW_FRAME_DAMAGED || event == GW_FRAME_TOO_LONG;
	if (event == GW_FRAME_SCAN)
		r->good += reads_well(f);
}

static struct reading read_as(const struct gw_profile *profile, const uint8_t *bytes, size_t len)
{
	struct reading r = {0};
	struct gw_frame f;
	enum gw_frame_event last;

	gw_frame_init(&f, profile->style);
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = bytes[i];

		r.odd_bytes += gw_profile_strip(profile, &byte, 1);
		count_event(&r, &f, gw_frame_push(&f, byte));
	}
	last = gw_frame_idle(&f);
	r.ends_open = last != GW_FRAME_NONE;
	count_event(&r, &f, last);
	gw_scan_wipe(&f, sizeof(f));
	return r;
}

static bool any_high_bit(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((bytes[i] & 0x80) != 0)
			return true;
	return false;
}

static int score_of(const struct gw_profile *p, const struct reading *r, size_t len)
{
	int parity, frames, reads;

	if (r->scans == 0)
		return 0;
	parity = (int)(40 * (len - r->odd_bytes) / len);
	frames = 30 * r->scans / (r->scans + r->damaged);
	reads = 30 * r->good / r->scans;
	/* A packet's checksum, and the pair of STX and ETX, do not come about by chance. */
	if (p->style == GW_FRAME_SSI)
		parity = 40;
	if (p->style == GW_FRAME_LINES && r->ends_open && r->scans == 1)
		frames -= 10;
	if (p->style == GW_FRAME_LINES && frames > 0)
		frames -= 5;
	return parity + frames + reads;
}

static void explain(struct gw_profile_fit *fit, const struct reading *r, size_t len)
{
	struct gw_text t = gw_text_over(fit->reason, sizeof(fit->reason));
	const struct gw_profile *p = fit->profile;

	if (p->data_bits == 7 && p->parity != 'N')
		gw_text_addf(&t, "%zu of %zu bytes have %s parity in the eighth bit; ",
			     len - r->odd_bytes, len,
			     p->parity == 'E'   ? "even"
			     : p->parity == 'O' ? "odd"
						: "mark");
	if (p->style == GW_FRAME_STX)
		gw_text_add(&t, "STX and ETX around each scan; ");
	if (p->style == GW_FRAME_SSI)
		gw_text_add(&t, "packets with good checksums; ");
	gw_text_addf(&t, "%d of %d scans can be read", r->good, r->scans);
	if (r->damaged > 0)
		gw_text_addf(&t, ", %d damaged", r->damaged);
}

/* A few bytes may be noise; a parity that one in five does not have is none. */
static bool applies(const struct gw_profile *p, const uint8_t *bytes, size_t len)
{
	size_t wrong = 0;

	if (p->data_bits == 8)
		return true;
	for (size_t i = 0; i < len; i++)
		wrong += !has_parity(bytes[i], p->parity);
	return any_high_bit(bytes, len) && wrong * 5 < len;
}

static void insert(struct gw_profile_fit *fits, int *count, const struct gw_profile_fit *fit)
{
	int i = *count;

	while (i > 0 && fits[i - 1].score < fit->score) {
		fits[i] = fits[i - 1];
		i--;
	}
	fits[i] = *fit;
	(*count)++;
}

int gw_profile_guess(const uint8_t *bytes, size_t len,
		     struct gw_profile_fit fits[GW_PROFILE_FITS_MAX])
{
	int count = 0;

	_Static_assert(PROFILE_COUNT <= GW_PROFILE_FITS_MAX, "every profile may fit");
	if (len > GW_PROFILE_BYTES_MAX)
		len = GW_PROFILE_BYTES_MAX;
	for (size_t i = 0; len > 0 && i < PROFILE_COUNT; i++) {
		struct gw_profile_fit fit = {.profile = &profiles[i]};
		struct reading r;

		if (!applies(fit.profile, bytes, len))
			continue;
		r = read_as(fit.profile, bytes, len);
		fit.score = score_of(fit.profile, &r, len);
		fit.scans = r.scans;
		if (fit.score < 50 || r.good == 0)
			continue;
		explain(&fit, &r, len);
		insert(fits, &count, &fit);
	}
	return count;
}

static size_t count_bytes(const uint8_t *bytes, size_t len, const char *set, size_t set_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += memchr(set, bytes[i], set_len) != NULL;
	return n;
}

/*
 * At a wrong speed a receiver sees mostly bytes made of long runs of equal bits.  Above or below
 * the true one, few of them are printable.
 */
static bool looks_garbled(const uint8_t *bytes, size_t len)
{
	size_t printable = 0;

	for (size_t i = 0; i < len; i++)
		printable += (bytes[i] & 0x7F) >= 0x20 && bytes[i] != 0xFF && bytes[i] < 0x7F;
	return len >= 4 && printable * 2 < len;
}

/* A printable character that stands before identifiers where GS should: "^10", "|21". */
static char find_stand_in(const uint8_t *bytes, size_t len)
{
	static const char candidates[] = "|^~#{}\\`";

	if (memchr(bytes, 0x1D, len) != NULL)
		return '\0';
	for (const char *c = candidates; *c != '\0'; c++)
		for (size_t i = 18; i + 4 < len; i++) {
			unsigned number;

			if (bytes[i] == (uint8_t)*c && bytes[i + 1] != ']' &&
			    gw_ai_find((const char *)bytes + i + 1, len - i - 1, &number) != NULL)
				return *c;
		}
	return '\0';
}

static const char *find_maker(const uint8_t *bytes, size_t len)
{
	static const struct {
		enum gw_scan_code_ids ids;
		const char *name;
	} makers[] = {{GW_CODE_IDS_ZEBRA, "zebra"},
		      {GW_CODE_IDS_HONEYWELL, "honeywell"},
		      {GW_CODE_IDS_DATALOGIC, "datalogic"}};
	size_t end = 0;

	while (end < len && bytes[end] >= 0x20)
		end++;
	/* One letter and then digits only: an identifier before a number, not a code of a shop. */
	if (end < 9 || end > 19 || (bytes[0] >= '0' && bytes[0] <= '9') ||
	    count_bytes(bytes + 1, end - 1, "0123456789", 10) != end - 1)
		return NULL;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		struct gw_scan_config config = {.code_ids = makers[i].ids};
		struct gw_scan scan;

		if (gw_scan_decode(&config, bytes, end, &scan) == GW_OK && scan.gtin[0] != '\0')
			return makers[i].name;
	}
	return NULL;
}

char *gw_profile_advice(const uint8_t *bytes, size_t len, char *out, size_t size)
{
	struct gw_profile_fit fits[GW_PROFILE_FITS_MAX];
	const char *maker;
	char stand_in;

	out[0] = '\0';
	if (len > GW_PROFILE_BYTES_MAX)
		len = GW_PROFILE_BYTES_MAX;
	if (len == 0)
		return out;
	if (gw_profile_guess(bytes, len, fits) == 0 ||
	    (fits[0].score < 80 && looks_garbled(bytes, len))) {
		snprintf(out, size, "mostly noise: the scanner speaks at another speed");
		return out;
	}
	maker = find_maker(bytes, len);
	stand_in = find_stand_in(bytes, len);
	if (maker != NULL)
		snprintf(out, size, "a letter before each number: set code-ids = %s", maker);
	else if (stand_in != '\0')
		snprintf(out, size, "'%c' stands where GS should: set gs = %c", stand_in, stand_in);
	else if (fits[0].profile->style == GW_FRAME_LINES &&
		 count_bytes(bytes, len, "\r\n\t\x03\x8D\x8A\x83", 7) == 0)
		snprintf(out, size, "no terminator: scans are told apart by pauses only");
	return out;
}
