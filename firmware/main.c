/* The dock on a microcontroller: one loop between the board and dock.c. */
#include "firmware/board.h"
#include "firmware/display.h"
#include "firmware/dock.h"

#define CHUNK 32u

/* How the scanner speaks until the register says, and what display there is; set otherwise by make
 * FW_DEFINES=-D... */
#ifndef GW_SCANNER_FRAMING
#define GW_SCANNER_FRAMING GW_FRAMING_PLAIN
#endif
#ifndef GW_BOARD_NAME
#define GW_BOARD_NAME "box"
#endif
#ifndef GW_SCANNER_ANSWER
#define GW_SCANNER_ANSWER false /* the till does */
#endif
#ifndef GW_SCANNER_GAP_MS
#define GW_SCANNER_GAP_MS 200
#endif
#ifndef GW_DISPLAY_TYPE
#define GW_DISPLAY_TYPE GW_DISPLAY_ESCPOS
#endif
#ifndef GW_DISPLAY_PAGE
#define GW_DISPLAY_PAGE GW_DISPLAY_CP858
#endif

#ifndef GW_FLASH_HOLD_MS
#define GW_FLASH_HOLD_MS 150
#endif

/* Kept out of main(), on whose frame every call stands. */
#define OWN_FRAME __attribute__((noinline))

int main(void);

/* Beeps are steps of 60 ms, bit 0 first: short, long, twice short. */
static const uint8_t beep_patterns[] = {0x01, 0x3F, 0x05};

struct box {
	struct gw_dock dock;
	struct gw_dock_config config;
	struct gw_display display;
	uint8_t lines[2][GW_DISPLAY_COLUMNS]; /* not yet sent, in the display's code page */
	bool lines_wait;
	uint8_t beep; /* what is left of a pattern */
	uint32_t beep_ms;
	uint32_t fed_ms; /* the watchdog, last */
};

/* How the register said the scanner speaks, over a reset. */
static struct {
	struct gw_link_setup setup;
	uint32_t crc;
} kept __attribute__((section(".noinit")));

static uint32_t setup_crc(const struct gw_link_setup *s)
{
	uint8_t bytes[GW_LINK_SETUP_LEN];

	gw_link_setup_put(bytes, s);
	return gw_link_crc32c(1, bytes, sizeof(bytes));
}

static bool set_lines(const struct gw_link_setup *s)
{
	return s->baud_100 == 0 || gw_board_set_lines(s->baud_100 * 100u, s->bits, s->parity);
}

static bool on_setup(void *ctx, const struct gw_link_setup *s)
{
	uint32_t crc = setup_crc(s);

	(void)ctx;
	if (kept.crc == crc && crc == setup_crc(&kept.setup))
		return true;
	if (!set_lines(s))
		return false;
	kept.setup = *s;
	kept.crc = crc;
	return true;
}

/* A setup from before a reset. */
static void recall_setup(struct gw_scanner_config *c)
{
	const struct gw_link_setup *s = &kept.setup;

	if (kept.crc != setup_crc(s) || !set_lines(s)) {
		kept.crc = ~setup_crc(s);
		return;
	}
	c->framing = s->framing;
	c->terminators = s->terminators;
	c->answer = s->answer != 0;
	c->idle_gap_ms = s->idle_gap_ms;
}

static size_t io_till(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	return gw_board_put_quiet(bytes, len);
}

static size_t io_till_pending(void *ctx)
{
	(void)ctx;
	return gw_board_pending(GW_BOARD_TILL);
}

static void io_scanner(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	(void)gw_board_put(GW_BOARD_SCANNER, bytes, len);
}

static size_t io_host_room(void *ctx)
{
	(void)ctx;
	return gw_board_room(GW_BOARD_HOST);
}

static void io_host(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	(void)gw_board_put(GW_BOARD_HOST, bytes, len);
}

/* Keeps the newest text; it is sent when the display's line is free. */
static bool io_display(void *ctx, const uint8_t *line1, size_t len1, const uint8_t *line2,
		       size_t len2)
{
	struct box *b = ctx;

	if (!gw_board_has(GW_BOARD_DISPLAY))
		return false;
	gw_display_line(&b->display, b->lines[0], line1, len1);
	gw_display_line(&b->display, b->lines[1], line2, len2);
	b->lines_wait = true;
	return true;
}

static bool io_beep(void *ctx, enum gw_link_beep kind)
{
	struct box *b = ctx;

	b->beep = beep_patterns[(unsigned)kind % 3u];
	b->beep_ms = gw_board_now_ms();
	gw_board_buzzer(true);
	return true;
}

static uint8_t io_state(void *ctx)
{
	(void)ctx;
	/* A UART cannot tell whether anybody is at the other end. */
	return (uint8_t)(GW_LINK_ST_SCANNER | GW_LINK_ST_TILL |
			 (gw_board_has(GW_BOARD_DISPLAY) ? GW_LINK_ST_DISPLAY : 0));
}

static const struct gw_dock_io io = {io_till, io_till_pending, io_scanner, io_host_room,
				     io_host, io_display,      io_beep,    io_state};

static void configure(struct gw_dock_config *c)
{
	c->scanner.framing = GW_SCANNER_FRAMING;
	c->scanner.terminators = GW_TERM_ALL;
	c->scanner.answer = GW_SCANNER_ANSWER;
	c->scanner.idle_gap_ms = GW_SCANNER_GAP_MS;
	c->scanner.scan_max = GW_LINK_SCAN_MAX;
	recall_setup(&c->scanner);
	c->setup = on_setup;
	c->caps = (uint8_t)(GW_LINK_CAP_TILL | GW_LINK_CAP_INJECT | GW_LINK_CAP_BEEP |
			    GW_LINK_CAP_BACK | GW_LINK_CAP_SETUP |
			    (gw_board_has(GW_BOARD_DISPLAY) ? GW_LINK_CAP_DISPLAY : 0));
	c->rto_ms = 200;
	c->quiet_ms = 100;
	c->inject_ms = 2000;
	c->beep_on_ack = true;
	c->new_clock = true;
	c->forwarded = true;
	c->watchdog = gw_board_was_watchdog();
#if GW_FLASH_JOURNAL
	c->flash = gw_board_flash();
	c->flash_hold_ms = GW_FLASH_HOLD_MS;
#endif
	c->board = GW_BOARD_NAME;
	gw_board_unit(c->unit);
}

static bool read_scanner(struct box *b, uint32_t now_ms)
{
	uint8_t bytes[CHUNK];
	bool error = false;
	size_t n = gw_board_get(GW_BOARD_SCANNER, bytes, sizeof(bytes), &error);

	if (n > 0)
		gw_dock_scanner_in(&b->dock, bytes, n, now_ms);
	if (error)
		gw_dock_scanner_error(&b->dock, now_ms);
	return n > 0 || error;
}

static bool read_others(struct box *b, uint32_t now_ms)
{
	uint8_t bytes[CHUNK];
	bool error;
	size_t host = gw_board_get(GW_BOARD_HOST, bytes, sizeof(bytes), &error), till;

	if (host > 0)
		gw_dock_host_in(&b->dock, bytes, host, now_ms);
	till = gw_board_get(GW_BOARD_TILL, bytes, sizeof(bytes), &error);
	if (till > 0)
		gw_dock_till_in(&b->dock, bytes, till, now_ms);
	return host > 0 || till > 0;
}

static void run_beep(struct box *b, uint32_t now_ms)
{
	if (b->beep == 0 || now_ms - b->beep_ms < 60)
		return;
	b->beep_ms = now_ms;
	b->beep >>= 1;
	gw_board_buzzer((b->beep & 1u) != 0);
}

static OWN_FRAME void run_display(struct box *b)
{
	uint8_t out[GW_DISPLAY_MAX];
	size_t n;

	if (!b->lines_wait || gw_board_pending(GW_BOARD_DISPLAY) > 0)
		return;
	n = gw_display_show_lines(&b->display, out, b->lines[0], b->lines[1]);
	b->lines_wait = gw_board_put(GW_BOARD_DISPLAY, out, n) == 0;
}

static OWN_FRAME void start_display(struct box *b)
{
	uint8_t out[GW_DISPLAY_MAX];

	b->display.type = GW_DISPLAY_TYPE;
	b->display.page = GW_DISPLAY_PAGE;
	if (gw_board_has(GW_BOARD_DISPLAY))
		(void)gw_board_put(GW_BOARD_DISPLAY, out, gw_display_start(&b->display, out));
}

int main(void)
{
	static struct box b;
	struct gw_ring_store *store;
	uint32_t size;

	gw_board_init();
	configure(&b.config);
	start_display(&b);
	store = gw_board_store(&size);
	gw_dock_init(&b.dock, &b.config, &io, &b, store, size, gw_board_now_ms());
	for (;;) {
		uint32_t now_ms = gw_board_now_ms();
		bool busy = read_scanner(&b, now_ms);

		busy = read_others(&b, now_ms) || busy;
		b.dock.till_dropped += gw_board_till_dropped();
		gw_dock_tick(&b.dock, now_ms);
		run_beep(&b, now_ms);
		run_display(&b);
		gw_board_lamp(b.dock.ring.now.used > 0 || (b.beep & 1u) != 0);
		gw_board_poll();
		/* Only by a loop that goes round with a clock that goes on. */
		if (now_ms != b.fed_ms)
			gw_board_watchdog();
		b.fed_ms = now_ms;
		if (!busy && b.beep == 0)
			gw_board_sleep();
	}
}
