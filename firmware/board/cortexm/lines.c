/*
 * The part of board.h that is the same for every board with UARTs of struct gw_uart: moving bytes
 * between queues and the main loop.
 */
#include "firmware/board/cortexm/lines.h"

static uint32_t dropped;

GW_FAST void gw_lines_forward(struct gw_uart *till, uint8_t byte)
{
	if (!gw_queue_put(&till->tx, byte))
		dropped++;
	gw_uart_pump(till);
}

uint32_t gw_board_till_dropped(void)
{
	uint32_t n;

	gw_irq_off();
	n = dropped;
	dropped = 0;
	gw_irq_on();
	return n;
}

/* The error here is told; if more came since, every byte up to the last of them is followed by one.
 */
static void next_error(struct gw_uart *u)
{
	gw_irq_off();
	if (u->error_at == u->error_last)
		u->error = false;
	else
		u->error_at++;
	gw_irq_on();
}

size_t gw_board_get(enum gw_board_line line, uint8_t *bytes, size_t size, bool *error)
{
	struct gw_uart *u = gw_line(line);
	size_t n = 0;

	while (u != NULL && n < size) {
		/* Up to the place of an error, then the error, then on.  It may come, with a byte
		 * behind it, when we have already looked: late is not never. */
		if (u->error && (int16_t)(uint16_t)(u->rx.out - u->error_at) >= 0) {
			next_error(u);
			*error = true;
			break;
		}
		if (!gw_queue_get(&u->rx, &bytes[n]))
			break;
		n++;
	}
	return n;
}

static void pump(struct gw_uart *u)
{
	gw_irq_off();
	gw_uart_pump(u);
	gw_irq_on();
}

size_t gw_board_put(enum gw_board_line line, const uint8_t *bytes, size_t len)
{
	struct gw_uart *u = gw_line(line);

	/* The main loop alone fills these queues, so copying needs no mask. */
	if (u == NULL || line == GW_BOARD_TILL || gw_queue_free(&u->tx) < len)
		return 0;
	for (size_t i = 0; i < len; i++)
		(void)gw_queue_put(&u->tx, bytes[i]);
	pump(u);
	return len;
}

size_t gw_board_put_quiet(const uint8_t *bytes, size_t len)
{
	struct gw_uart *scanner = gw_line(GW_BOARD_SCANNER), *till = gw_line(GW_BOARD_TILL);
	uint16_t in = till->tx.in;
	bool quiet = true;

	if (len == 0 || len > till->tx.mask + 1u || gw_queue_used(&till->tx) > 0)
		return 0;
	/* Laid down behind the queue's end first, made part of it at one stroke: the scanner's
	 * handler shares this queue and must not wait while we copy.  A byte of the scanner that
	 * comes meanwhile goes first, alone; none of ours may be laid over it. */
	for (uint16_t i = 0; quiet && i < len; i++) {
		gw_irq_off();
		quiet = gw_queue_lay(&till->tx, in, i, bytes[i]);
		gw_irq_on();
	}
	gw_irq_off();
	quiet = gw_queue_used(&scanner->rx) == 0 && !scanner->error && till->tx.in == in &&
		gw_queue_used(&till->tx) == 0;
	if (quiet)
		gw_queue_add(&till->tx, (uint16_t)len);
	gw_uart_pump(till);
	gw_irq_on();
	return quiet ? len : 0;
}

size_t gw_board_room(enum gw_board_line line)
{
	const struct gw_uart *u = gw_line(line);

	return u != NULL ? gw_queue_free(&u->tx) : 0;
}

size_t gw_board_pending(enum gw_board_line line)
{
	const struct gw_uart *u = gw_line(line);

	return u != NULL ? gw_queue_used(&u->tx) : 0;
}

bool gw_board_has(enum gw_board_line line)
{
	return gw_line(line) != NULL;
}

void gw_board_poll(void)
{
	for (unsigned i = GW_BOARD_SCANNER; i <= GW_BOARD_DISPLAY; i++) {
		struct gw_uart *u = gw_line((enum gw_board_line)i);
		uint16_t out;

		if (u == NULL)
			continue;
		/* Only where the transmitter's interrupt does not come (QEMU up to 8) is there
		 * anything to do. */
		do {
			out = u->tx.out;
			if (gw_queue_used(&u->tx) > 0)
				pump(u);
		} while (u->tx.out != out);
	}
}

void gw_board_sleep(void)
{
	bool idle = true;

	/* Off, so that a byte between the look and the sleep is not slept over. */
	gw_irq_off();
	for (unsigned i = GW_BOARD_SCANNER; i <= GW_BOARD_DISPLAY; i++) {
		const struct gw_uart *u = gw_line((enum gw_board_line)i);

		if (u != NULL &&
		    (gw_queue_used(&u->tx) > 0 || gw_queue_used(&u->rx) > 0 || u->error))
			idle = false;
	}
	if (idle)
		gw_wait_for_interrupt();
	gw_irq_on();
}
