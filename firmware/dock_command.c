/*
 * What the register orders: a beep, a text, a code for the till, a self-test, a capture, a setup.
 * One at a time, each carried out at most once: its number is used up before it is begun.
 */
#include "firmware/dock_inside.h"

#define LOOP_MS 500u /* how long the self-test waits for its bytes from the till's line */

static void send_cmdack(struct gw_dock *d, uint32_t seq, uint8_t code)
{
	uint8_t payload[4] = {code, d->cmd_result, d->tested, d->test_failed};
	struct gw_link_frame f = {.type = GW_LINK_CMDACK,
				  .session = d->ring.now.session,
				  .seq = seq,
				  .payload = payload,
				  .payload_len = code == GW_LINK_CMD_SELFTEST ? 4 : 2};

	gw_dock_send(d, &f);
}

static void finish_command(struct gw_dock *d, enum gw_link_result result)
{
	d->cmd_busy = d->inject_out = d->loop = false;
	d->inject_len = 0;
	if (d->cmd_code == GW_LINK_CMD_INJECT)
		gw_dock_count(result == GW_LINK_DONE        ? &d->injected
			      : result == GW_LINK_TIMED_OUT ? &d->inject_timed_out
							    : &d->inject_refused);
	d->cmd_result = (uint8_t)result;
	send_cmdack(d, d->ring.now.cmd_next - 1, d->cmd_code);
}

static bool injectable(const uint8_t *code, size_t len)
{
	if (len == 0 || len > GW_DOCK_INJECT_MAX - 8)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((code[i] < 0x20 && code[i] != 0x1D) || code[i] == 0x7F)
			return false;
	return true;
}

static void start_inject(struct gw_dock *d, const uint8_t *code, size_t len, uint32_t now_ms)
{
	if ((d->config->caps & GW_LINK_CAP_INJECT) == 0 ||
	    (d->io->state(d->ctx) & GW_LINK_ST_TILL) == 0 || !injectable(code, len) ||
	    !gw_flash_commands(&d->flash)) {
		finish_command(d, GW_LINK_REFUSED);
		return;
	}
	for (size_t i = 0; i < len; i++)
		d->inject[i] = code[i];
	d->inject_len = (uint8_t)len;
	d->inject_start_ms = now_ms;
}

/* The self-test's bytes are out and have not all come back. */
bool gw_dock_loop_open(const struct gw_dock *d)
{
	return d->loop && d->loop_at < d->inject_len;
}

static bool line_quiet(const struct gw_dock *d, uint32_t now_ms)
{
	return gw_scanner_between(&d->scanner) && d->io->till_pending(d->ctx) == 0 &&
	       now_ms - d->line_ms >= d->config->quiet_ms;
}

void gw_dock_inject(struct gw_dock *d, uint32_t now_ms)
{
	uint8_t dressed[GW_DOCK_INJECT_MAX];
	size_t len, taken;

	if (d->inject_len == 0)
		return;
	if (d->inject_out) {
		if (d->io->till_pending(d->ctx) == 0 && !gw_dock_loop_open(d)) {
			finish_command(d, GW_LINK_DONE);
		} else if (d->loop && now_ms - d->line_ms >= LOOP_MS) {
			d->test_failed |= GW_LINK_TEST_TILL;
			finish_command(d, GW_LINK_DONE);
		} else if (now_ms - d->inject_start_ms >= d->config->inject_ms) {
			finish_command(d, GW_LINK_TIMED_OUT);
		}
		return;
	}
	if (now_ms - d->inject_start_ms >= d->config->inject_ms) {
		finish_command(d, GW_LINK_TIMED_OUT);
		return;
	}
	if (!line_quiet(d, now_ms))
		return;
	len = gw_scanner_dress(&d->scanner, dressed, sizeof(dressed), d->inject, d->inject_len);
	taken = len > 0 ? d->io->till(d->ctx, dressed, len) : 0;
	if (len == 0 || (taken > 0 && taken < len)) {
		finish_command(d, GW_LINK_REFUSED);
		return;
	}
	if (taken == 0) /* a scan began in this very moment, or the till is full: try again */
		return;
	d->inject_out = true;
	d->line_ms = now_ms;
}

static enum gw_link_result show(struct gw_dock *d, const uint8_t *p, size_t len)
{
	size_t len1 = len > 0 ? p[0] : 0;

	if (len == 0 || len1 > len - 1)
		return GW_LINK_REFUSED;
	return d->io->display(d->ctx, p + 1, len1, p + 1 + len1, len - 1 - len1)
		       ? GW_LINK_DONE
		       : GW_LINK_UNSUPPORTED;
}

/*
 * Whether eyes and ears notice beeper, lamp and display, a person must say; memory and checks are
 * tried here.  Refused while a scan is under way: nothing is tested at a customer's expense.
 */
static void self_test(struct gw_dock *d, bool loop, uint32_t now_ms)
{
	static const uint8_t top[] = "goeswith self-test",
			     low[] = "1234567890 ABC \xC3\xA9\xE2\x82\xAC";

	d->tested = d->test_failed = 0;
	if (!gw_scanner_between(&d->scanner)) {
		finish_command(d, GW_LINK_REFUSED);
		return;
	}
	d->tested = GW_LINK_TEST_CRC | GW_LINK_TEST_RING;
	if (gw_link_crc32c(0, "123456789", 9) != 0xE3069283u)
		d->test_failed |= GW_LINK_TEST_CRC;
	if (!gw_ring_whole(&d->ring))
		d->test_failed |= GW_LINK_TEST_RING;
	if (d->io->display(d->ctx, top, sizeof(top) - 1, low, sizeof(low) - 1))
		d->tested |= GW_LINK_TEST_DISPLAY;
	if (d->io->beep(d->ctx, GW_LINK_BEEP_OFFER))
		d->tested |= GW_LINK_TEST_BEEP;
	if (!loop || (d->io->state(d->ctx) & GW_LINK_ST_TILL) == 0) {
		finish_command(d, GW_LINK_DONE);
		return;
	}
	d->tested |= GW_LINK_TEST_TILL;
	d->loop = true;
	d->loop_at = 0;
	for (d->inject_len = 0; d->inject_len < sizeof(top) - 1; d->inject_len++)
		d->inject[d->inject_len] = top[d->inject_len];
	d->inject_start_ms = now_ms;
	gw_dock_inject(d, now_ms);
}

static enum gw_link_result set_up(struct gw_dock *d, const uint8_t *p, size_t len, uint32_t now_ms)
{
	struct gw_link_setup s;
	struct gw_scanner_config how = d->how;

	if (d->config->setup == NULL)
		return GW_LINK_UNSUPPORTED;
	if (!gw_link_setup_get(&s, p, len) || !d->config->setup(d->ctx, &s))
		return GW_LINK_REFUSED;
	how.framing = s.framing;
	how.terminators = s.terminators;
	how.answer = s.answer != 0;
	how.idle_gap_ms = s.idle_gap_ms;
	if (how.framing != d->how.framing || how.terminators != d->how.terminators ||
	    how.answer != d->how.answer || how.idle_gap_ms != d->how.idle_gap_ms) {
		d->how = how;
		gw_dock_begin_anew(d, now_ms);
	}
	return GW_LINK_DONE;
}

static void run_command(struct gw_dock *d, const uint8_t *p, size_t len, uint32_t now_ms)
{
	enum gw_link_result result = GW_LINK_UNSUPPORTED;

	d->cmd_code = p[0];
	d->cmd_busy = true;
	switch (p[0]) {
	case GW_LINK_CMD_INJECT:
		start_inject(d, p + 1, len - 1, now_ms);
		gw_dock_inject(d, now_ms);
		return;
	case GW_LINK_CMD_BEEP:
		if (len > 1 && p[1] <= GW_LINK_BEEP_OFFER)
			result = d->io->beep(d->ctx, (enum gw_link_beep)p[1]) ? GW_LINK_DONE
									      : GW_LINK_UNSUPPORTED;
		break;
	case GW_LINK_CMD_DISPLAY:
		result = show(d, p + 1, len - 1);
		break;
	case GW_LINK_CMD_CAPTURE:
		d->capture = len > 1 && p[1] != 0;
		result = GW_LINK_DONE;
		break;
	case GW_LINK_CMD_SELFTEST:
		self_test(d, len > 1 && p[1] == GW_LINK_TEST_LOOP, now_ms);
		return;
	case GW_LINK_CMD_SETUP:
		result = set_up(d, p + 1, len - 1, now_ms);
		break;
	default:
		break;
	}
	finish_command(d, result);
}

void gw_dock_command(struct gw_dock *d, const struct gw_link_frame *f, uint32_t now_ms)
{
	uint32_t next = d->ring.now.cmd_next;

	if (f->session != d->ring.now.session || f->session == 0 || f->payload_len == 0) {
		d->hello_due = true;
	} else if (f->seq == next && !d->cmd_busy) {
		/* Used up before it is carried out: a reset in between must not ring it twice. */
		gw_ring_take_command(&d->ring);
		run_command(d, f->payload, f->payload_len, now_ms);
	} else if (f->seq == next - 1) {
		if (!d->cmd_busy)
			send_cmdack(d, f->seq, f->payload[0]);
	} else {
		d->hello_due = true;
	}
}
