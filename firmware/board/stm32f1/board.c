/*
 * STM32F100/F103: ST's VLDISCOVERY, NUCLEO-F103RB, Blue Pill.
 *
 *	USART1  PA9 out, PA10 in   register (host link), 115200 8N1
 *	USART2  PA2 out, PA3 in    scanner, 9600 8N1
 *	USART3  PB10 out, PB11 in  till, 9600 8N1
 *	PB0     buzzer (active)    PC9 lamp
 *
 * With -DGW_DISPLAY the customer display hangs on the scanner's transmit line (PA2), which only a
 * scanner that is answered needs.
 *
 * Registers: ST RM0041 (F100) and RM0008 (F103), which agree on everything used here.
 */
#include "firmware/board/cortexm/lines.h"

#define RCC_CR      GW_REG(0x40021000u)
#define RCC_CFGR    GW_REG(0x40021004u)
#define RCC_APB2ENR GW_REG(0x40021018u)
#define RCC_APB1ENR GW_REG(0x4002101Cu)
#define RCC_CSR     GW_REG(0x40021024u)
#define GPIOA_CRL   GW_REG(0x40010800u)
#define GPIOA_CRH   GW_REG(0x40010804u)
#define GPIOA_ODR   GW_REG(0x4001080Cu)
#define GPIOB_CRL   GW_REG(0x40010C00u)
#define GPIOB_CRH   GW_REG(0x40010C04u)
#define GPIOB_ODR   GW_REG(0x40010C0Cu)
#define GPIOB_BSRR  GW_REG(0x40010C10u)
#define GPIOC_CRH   GW_REG(0x40011004u)
#define GPIOC_BSRR  GW_REG(0x40011010u)
#define IWDG_KR     GW_REG(0x40003000u)
#define IWDG_PR     GW_REG(0x40003004u)
#define IWDG_RLR    GW_REG(0x40003008u)
#define FLASH_ACR   GW_REG(0x40022000u)
#define UNIT_ID     0x1FFFF7E8u

#define HSI_HZ   8000000u
#define PLL_HZ   24000000u
#define PLL_WAIT 20000u

enum { USART_SR, USART_DR, USART_BRR, USART_CR1, USART_CR2, USART_CR3 };
enum { SR_PE = 1, SR_FE = 2, SR_NE = 4, SR_ORE = 8, SR_RXNE = 32, SR_TXE = 128 };
enum { CR1_RE = 4, CR1_TE = 8, CR1_RXNEIE = 32, CR1_TXEIE = 128, CR1_PS = 512, CR1_PCE = 1024 };
enum { CR1_M = 4096, CR1_UE = 8192 };
enum { IRQ_USART1 = 37, IRQ_USART2 = 38, IRQ_USART3 = 39 };

/* With a flash journal the handlers are in RAM too, and take some of it. */
#if GW_FLASH_JOURNAL
#define RING_SIZE 3392u
#else
#define RING_SIZE 4288u
#endif

static union {
	struct gw_ring_store store;
	uint8_t room[sizeof(struct gw_ring_store) + RING_SIZE];
} memory __attribute__((section(".noinit")));

static struct {
	uint8_t host_rx[256], host_tx[512], scanner_rx[256], scanner_tx[64], till_rx[64],
		till_tx[256];
} room;

static struct gw_uart host = {.regs = (volatile uint32_t *)0x40013800u,
			      .rx = {room.host_rx, 255, 0, 0},
			      .tx = {room.host_tx, 511, 0, 0}};
static struct gw_uart scanner = {.regs = (volatile uint32_t *)0x40004400u,
				 .rx = {room.scanner_rx, 255, 0, 0},
				 .tx = {room.scanner_tx, 63, 0, 0}};
static struct gw_uart till = {.regs = (volatile uint32_t *)0x40004800u,
			      .rx = {room.till_rx, 63, 0, 0},
			      .tx = {room.till_tx, 255, 0, 0}};
static bool emulated, watchdog_start;
static uint32_t clock_hz, lines_set; /* speed, bits and parity of scanner's and till's line */

struct gw_uart *gw_line(enum gw_board_line line)
{
	switch (line) {
	case GW_BOARD_SCANNER:
		return &scanner;
	case GW_BOARD_TILL:
		return &till;
	case GW_BOARD_HOST:
		return &host;
	case GW_BOARD_DISPLAY:
	default:
#ifdef GW_DISPLAY
		return line == GW_BOARD_DISPLAY ? &scanner : NULL;
#else
		return NULL;
#endif
	}
}

GW_FAST bool gw_uart_can_send(const struct gw_uart *u)
{
	return (u->regs[USART_SR] & SR_TXE) != 0;
}

GW_FAST void gw_uart_send(const struct gw_uart *u, uint8_t byte)
{
	u->regs[USART_DR] = byte | u->fill;
}

/* With interrupts off or from a handler. */
GW_FAST void gw_uart_want_room(const struct gw_uart *u, bool wanted)
{
	uint32_t now = u->regs[USART_CR1];
	uint32_t then = wanted ? now | CR1_TXEIE : now & ~(uint32_t)CR1_TXEIE;

	if (now != then)
		u->regs[USART_CR1] = then;
}

/*
 * Takes all there is: more may have come while the first was read.  Reading the status, then the
 * data, clears the errors.  Parity, framing and noise belong to the byte; an overrun says that the
 * byte behind it was lost, and may stand alone, when the data register holds nothing new.
 */
static GW_FAST void receive(struct gw_uart *u, struct gw_uart *forward)
{
	uint32_t status;

	while (((status = u->regs[USART_SR]) & (SR_RXNE | SR_ORE)) != 0) {
		uint8_t byte = (uint8_t)u->regs[USART_DR];
		bool fresh = (status & SR_RXNE) != 0;

		if (fresh && forward != NULL)
			gw_lines_forward(forward, byte);
		if ((status & (SR_PE | SR_FE | SR_NE | SR_ORE)) != 0 ||
		    (fresh && !gw_queue_put(&u->rx, (uint8_t)(byte & ~u->strip))))
			gw_uart_error(u);
	}
}

static GW_FAST void irq_host(void)
{
	receive(&host, NULL);
	gw_uart_pump(&host);
}

static GW_FAST void irq_scanner(void)
{
	receive(&scanner, &till);
	gw_uart_pump(&scanner);
}

static GW_FAST void irq_till(void)
{
	receive(&till, NULL);
	gw_uart_pump(&till);
}

static GW_FAST void irq_none(void)
{
}

__attribute__((section(".vectors.irq"), used)) static void (*const irqs[])(void) = {
	irq_none, irq_none, irq_none, irq_none, irq_none, irq_none, irq_none,    irq_none,
	irq_none, irq_none, irq_none, irq_none, irq_none, irq_none, irq_none,    irq_none,
	irq_none, irq_none, irq_none, irq_none, irq_none, irq_none, irq_none,    irq_none,
	irq_none, irq_none, irq_none, irq_none, irq_none, irq_none, irq_none,    irq_none,
	irq_none, irq_none, irq_none, irq_none, irq_none, irq_host, irq_scanner, irq_till,
};
_Static_assert(sizeof(irqs) / sizeof(irqs[0]) == IRQ_USART3 + 1, "one vector a number");

/* 24 MHz from the internal oscillator; without a PLL in time we stay at 8 MHz and say so. */
static uint32_t start_clock(void)
{
	/* A chip always shows its oscillator on; the emulator's clock block reads 0 and its core
	 * runs at 24 MHz whatever is written there. */
	emulated = RCC_CR == 0;
	if (emulated)
		return PLL_HZ;
	watchdog_start = (RCC_CSR & (1u << 29)) != 0;
	RCC_CSR |= 1u << 24;
	FLASH_ACR = 0x10; /* prefetch, no wait state up to 24 MHz */
	RCC_CFGR = (RCC_CFGR & ~(0xFu << 18 | 1u << 16)) | 4u << 18; /* HSI / 2 * 6 */
	RCC_CR |= 1u << 24;
	for (uint32_t i = 0; i < PLL_WAIT; i++)
		if ((RCC_CR & (1u << 25)) != 0) {
			RCC_CFGR = (RCC_CFGR & ~3u) | 2u;
			for (uint32_t k = 0; k < PLL_WAIT; k++)
				if ((RCC_CFGR & 12u) == 8u)
					return PLL_HZ;
			break;
		}
	RCC_CFGR &= ~3u;
	return HSI_HZ;
}

static void start_pins(void)
{
	RCC_APB2ENR |= 1u << 14 | 1u << 4 | 1u << 3 | 1u << 2 | 1u;
	RCC_APB1ENR |= 1u << 18 | 1u << 17;
	/* outputs: alternate function push-pull, 2 MHz (A); inputs: pull-up (8), so that an open
	 * line rests */
	GPIOA_CRL = (GPIOA_CRL & ~0xFF00u) | 0x8A00u;
	GPIOA_CRH = (GPIOA_CRH & ~0x0FF0u) | 0x08A0u;
	GPIOA_ODR |= 1u << 10 | 1u << 3;
	GPIOB_CRL = (GPIOB_CRL & ~0xFu) | 2u;
	GPIOB_CRH = (GPIOB_CRH & ~0xFF00u) | 0x8A00u;
	GPIOB_ODR |= 1u << 11;
	GPIOC_CRH = (GPIOC_CRH & ~0xF0u) | 0x20u;
}

static void start_uart(const struct gw_uart *u, uint32_t baud, uint32_t format)
{
	u->regs[USART_CR1] = 0;
	u->regs[USART_BRR] = (clock_hz + baud / 2u) / baud;
	u->regs[USART_CR1] = CR1_UE | CR1_TE | CR1_RE | CR1_RXNEIE | format;
}

/* The chip counts parity as a bit of the character: 7E1 is eight bits, 8E1 nine, and 7N2 is 8N1
 * whose eighth bit is always one. */
bool gw_board_set_lines(uint32_t baud, uint8_t bits, uint8_t parity)
{
	uint32_t format = parity == 0 ? 0 : parity == 1 ? CR1_PCE | CR1_PS : (uint32_t)CR1_PCE;
	uint32_t wanted = baud << 8 | (uint32_t)bits << 4 | parity;

	if (baud < clock_hz / 0xFFFFu + 1u || baud > clock_hz / 16u)
		return false;
	if (wanted == lines_set) /* a byte may be on its way: it is not cut for nothing */
		return true;
	lines_set = wanted;
	if (bits == 8 && parity != 0)
		format |= CR1_M;
	gw_irq_off();
	scanner.strip = till.strip = bits == 7 ? 0x80 : 0;
	scanner.fill = till.fill = bits == 7 && parity == 0 ? 0x80 : 0;
	start_uart(&scanner, baud, format);
	start_uart(&till, baud, format);
	gw_irq_on();
	return true;
}

void gw_board_init(void)
{
	clock_hz = start_clock();
	start_pins();
	start_uart(&host, 115200, 0);
	(void)gw_board_set_lines(9600, 8, 0);
	gw_irq_enable(IRQ_USART1);
	gw_irq_enable(IRQ_USART2);
	gw_irq_enable(IRQ_USART3);
	gw_tick_start(clock_hz);
	IWDG_KR = 0x5555;
	IWDG_PR = 4;     /* 40 kHz / 64; the clock is 30 to 60 kHz (ST DS5319) */
	IWDG_RLR = 1250; /* 2 s: 1.3 to 2.7 */
	IWDG_KR = 0xCCCC;
}

struct gw_ring_store *gw_board_store(uint32_t *size)
{
	*size = RING_SIZE;
	return &memory.store;
}

void gw_board_unit(uint8_t unit[8])
{
	static const uint8_t qemu[8] = "qemu-f1";

	for (unsigned i = 0; i < 8; i++)
		unit[i] = emulated ? qemu[i]
				   : (uint8_t)(*(volatile uint8_t *)(uintptr_t)(UNIT_ID + i) ^
					       *(volatile uint8_t *)(uintptr_t)(UNIT_ID + 4u + i));
}

bool gw_board_was_watchdog(void)
{
	return gw_crashed() || watchdog_start;
}

void gw_board_watchdog(void)
{
	IWDG_KR = 0xAAAA;
}

void gw_board_lamp(bool on)
{
	GPIOC_BSRR = 1u << (on ? 9u : 25u);
}

void gw_board_buzzer(bool on)
{
	GPIOB_BSRR = 1u << (on ? 0u : 16u);
}
