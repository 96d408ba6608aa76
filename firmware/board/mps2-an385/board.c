/*
 * Arm MPS2 AN385 (Cortex-M3), the second port: in the emulator it has a real watchdog, transmit
 * interrupts and a UART to spare for the customer display.
 *
 *	UART0 register   UART1 scanner   UART2 till   UART3 display
 *
 * Registers: Arm DDI 0479 (CMSDK), DAI 0385.  A chip of this size would have 8 KiB of RAM too.
 */
#include "firmware/board/cortexm/lines.h"

#define CLOCK_HZ       25000000u
#define WDOG_LOAD      GW_REG(0x40008000u)
#define WDOG_CONTROL   GW_REG(0x40008008u)
#define WDOG_INTCLR    GW_REG(0x4000800Cu)
#define WDOG_LOCK      GW_REG(0x40008C00u)
#define SYSCON_RSTINFO GW_REG(0x4001F010u)
#define FPGAIO_LED     GW_REG(0x40028000u)

enum { UART_DATA, UART_STATE, UART_CTRL, UART_INTSTATUS, UART_BAUDDIV };
enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, STATE_RX_OVERRUN = 8 };
enum { CTRL_TX = 1, CTRL_RX = 2, CTRL_TX_INT = 4, CTRL_RX_INT = 8 };
enum { INT_TX = 1, INT_RX = 2 };
enum { IRQ_UART0 = 0, IRQ_UART1 = 2, IRQ_UART2 = 4, IRQ_UART3 = 18 }; /* sending: one above */

#if GW_FLASH_JOURNAL
#define RING_SIZE 3968u
#else
#define RING_SIZE 4160u
#endif

static union {
	struct gw_ring_store store;
	uint8_t room[sizeof(struct gw_ring_store) + RING_SIZE];
} memory __attribute__((section(".noinit")));

static struct {
	uint8_t host_rx[256], host_tx[512], scanner_rx[256], scanner_tx[64], till_rx[64],
		till_tx[256], display_rx[2], display_tx[128];
} room;

static struct gw_uart lines[4] = {
	[GW_BOARD_SCANNER] = {.regs = (volatile uint32_t *)0x40005000u,
			      .rx = {room.scanner_rx, 255, 0, 0},
			      .tx = {room.scanner_tx, 63, 0, 0}},
	[GW_BOARD_TILL] = {.regs = (volatile uint32_t *)0x40006000u,
			   .rx = {room.till_rx, 63, 0, 0},
			   .tx = {room.till_tx, 255, 0, 0}},
	[GW_BOARD_HOST] = {.regs = (volatile uint32_t *)0x40004000u,
			   .rx = {room.host_rx, 255, 0, 0},
			   .tx = {room.host_tx, 511, 0, 0}},
	[GW_BOARD_DISPLAY] = {.regs = (volatile uint32_t *)0x40007000u,
			      .rx = {room.display_rx, 1, 0, 0},
			      .tx = {room.display_tx, 127, 0, 0}},
};

struct gw_uart *gw_line(enum gw_board_line line)
{
	return (unsigned)line < 4 ? &lines[line] : NULL;
}

bool gw_uart_can_send(const struct gw_uart *u)
{
	return (u->regs[UART_STATE] & STATE_TX_FULL) == 0;
}

void gw_uart_send(const struct gw_uart *u, uint8_t byte)
{
	u->regs[UART_DATA] = byte;
}

/* The interrupt is an edge, when the buffer falls empty; it is always on. */
void gw_uart_want_room(const struct gw_uart *u, bool wanted)
{
	(void)u;
	(void)wanted;
}

static void receive(struct gw_uart *u, struct gw_uart *forward)
{
	uint32_t state;

	u->regs[UART_INTSTATUS] = INT_RX;
	while (((state = u->regs[UART_STATE]) & STATE_RX_FULL) != 0) {
		uint8_t byte = (uint8_t)u->regs[UART_DATA];

		if (forward != NULL)
			gw_lines_forward(forward, byte);
		if ((state & STATE_RX_OVERRUN) != 0) {
			u->regs[UART_STATE] = STATE_RX_OVERRUN;
			gw_uart_error(u);
		} else if (!gw_queue_put(&u->rx, byte)) {
			gw_uart_error(u);
		}
	}
}

static void irq_host(void)
{
	receive(&lines[GW_BOARD_HOST], NULL);
}

static void irq_scanner(void)
{
	receive(&lines[GW_BOARD_SCANNER], &lines[GW_BOARD_TILL]);
}

static void irq_till(void)
{
	receive(&lines[GW_BOARD_TILL], NULL);
}

static void sent(struct gw_uart *u)
{
	u->regs[UART_INTSTATUS] = INT_TX;
	gw_uart_pump(u);
}

static void irq_host_sent(void)
{
	sent(&lines[GW_BOARD_HOST]);
}

static void irq_scanner_sent(void)
{
	sent(&lines[GW_BOARD_SCANNER]);
}

static void irq_till_sent(void)
{
	sent(&lines[GW_BOARD_TILL]);
}

static void irq_display_sent(void)
{
	sent(&lines[GW_BOARD_DISPLAY]);
}

static void irq_none(void)
{
}

__attribute__((section(".vectors.irq"), used)) static void (*const irqs[])(void) = {
	irq_host,      irq_host_sent, irq_scanner, irq_scanner_sent, irq_till,
	irq_till_sent, irq_none,      irq_none,    irq_none,         irq_none,
	irq_none,      irq_none,      irq_none,    irq_none,         irq_none,
	irq_none,      irq_none,      irq_none,    irq_none,         irq_display_sent,
};
_Static_assert(sizeof(irqs) / sizeof(irqs[0]) == IRQ_UART3 + 2, "one vector a number");

static void start_uart(const struct gw_uart *u, uint32_t baud, bool receives)
{
	u->regs[UART_BAUDDIV] = CLOCK_HZ / baud;
	u->regs[UART_CTRL] = CTRL_TX | CTRL_TX_INT | (receives ? CTRL_RX | CTRL_RX_INT : 0u);
}

void gw_board_init(void)
{
	start_uart(&lines[GW_BOARD_HOST], 115200, true);
	start_uart(&lines[GW_BOARD_SCANNER], 9600, true);
	start_uart(&lines[GW_BOARD_TILL], 9600, true);
	start_uart(&lines[GW_BOARD_DISPLAY], 9600, false);
	for (unsigned i = IRQ_UART0; i <= IRQ_UART2 + 1; i++)
		gw_irq_enable(i);
	gw_irq_enable(IRQ_UART3 + 1);
	gw_tick_start(CLOCK_HZ);
	/* The first time-out only raises the NMI, which starts us again; the second resets. */
	WDOG_LOCK = 0x1ACCE551u;
	WDOG_LOAD = 2u * CLOCK_HZ;
	WDOG_CONTROL = 3;
}

/* This UART knows 8N1 only. */
bool gw_board_set_lines(uint32_t baud, uint8_t bits, uint8_t parity)
{
	if (bits != 8 || parity != 0 || baud > CLOCK_HZ / 16u)
		return false;
	lines[GW_BOARD_SCANNER].regs[UART_BAUDDIV] = CLOCK_HZ / baud;
	lines[GW_BOARD_TILL].regs[UART_BAUDDIV] = CLOCK_HZ / baud;
	return true;
}

struct gw_ring_store *gw_board_store(uint32_t *size)
{
	*size = RING_SIZE;
	return &memory.store;
}

void gw_board_unit(uint8_t unit[8])
{
	static const uint8_t name[8] = "an385";

	for (unsigned i = 0; i < 8; i++)
		unit[i] = name[i];
}

bool gw_board_was_watchdog(void)
{
	return gw_crashed() || (SYSCON_RSTINFO & 2u) != 0;
}

void gw_board_watchdog(void)
{
	WDOG_INTCLR = 1;
}

void gw_board_lamp(bool on)
{
	FPGAIO_LED = on ? 1u : 0u;
}

/* The board has none. */
void gw_board_buzzer(bool on)
{
	(void)on;
}
