/*
 * Registers and helpers of the Cortex-M core (ARMv7-M Architecture Reference Manual, B3), for the
 * boards that have one.  Private to firmware/board.
 */
#ifndef FIRMWARE_CORTEXM_H
#define FIRMWARE_CORTEXM_H

#include <stdint.h>

#include "firmware/board.h"
#include "firmware/queue.h"

#define GW_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CSR           GW_REG(0xE000E010u)
#define SYST_RVR           GW_REG(0xE000E014u)
#define SYST_CVR           GW_REG(0xE000E018u)
#define NVIC_ISER(n)       GW_REG(0xE000E100u + 4u * (n))
#define SCB_ICSR           GW_REG(0xE000ED04u)
#define SCB_ICSR_PENDSTSET (1u << 26)
#define SCB_AIRCR          GW_REG(0xE000ED0Cu)

/*
 * What an interrupt handler is made of.  With a flash journal on a board whose flash stalls the
 * processor, these functions are in RAM; sections.ld has the place, check-ram.sh the proof.
 */
#if GW_FLASH_JOURNAL && GW_FLASH_STALLS
#define GW_FAST __attribute__((section(".fast"), noinline))
#else
#define GW_FAST
#endif

#define GW_TICK_MS     50u
#define GW_STACK_PAINT 0x57AC57ACu

void gw_tick_start(uint32_t clock_hz);
/* Whether a fault, or a watchdog that says so by interrupt, ended the life before. */
bool gw_crashed(void);

#ifdef __arm__
GW_QUEUE_INLINE void gw_irq_off(void)
{
	__asm__ volatile("cpsid i" ::: "memory");
}

GW_QUEUE_INLINE void gw_irq_on(void)
{
	__asm__ volatile("cpsie i" ::: "memory");
}

/* Until an interrupt is pending; it runs when they are on again. */
static inline void gw_wait_for_interrupt(void)
{
	__asm__ volatile("dsb\n\twfi" ::: "memory");
}
#else
/* A test's, which is the interrupts then. */
void gw_irq_off(void);
void gw_irq_on(void);
void gw_wait_for_interrupt(void);
#endif

static inline void gw_irq_enable(unsigned number)
{
	NVIC_ISER(number / 32u) = 1u << number % 32u;
}

/*
 * A UART with its queues.  Errors of the receiver are kept as the place in the byte stream where
 * they happened, so that they spoil the scan they belong to and no other.
 */
struct gw_uart {
	volatile uint32_t *regs;
	struct gw_queue rx, tx;
	volatile uint16_t error_at; /* rx.in when the first unread error came */
	volatile bool error;
	volatile uint16_t error_last; /* and the last one: all between is not to be trusted */
	uint8_t strip; /* bits of a received byte that are no data: parity, or the eighth of 7N2 */
	uint8_t fill;  /* bits to set in what is sent, for 7N2 */
};

/* What a transmitter holds: one byte going out and one behind it. */
#define GW_UART_HOLDS 2u

/* The driver, in the board's file. */
bool gw_uart_can_send(const struct gw_uart *u);
void gw_uart_send(const struct gw_uart *u, uint8_t byte);
/* Whether the transmitter shall interrupt when it can take a byte. */
void gw_uart_want_room(const struct gw_uart *u, bool wanted);

/*
 * Hands the transmitter what it takes now, and asks it to say when it takes more.  Called by the
 * handlers, which do not interrupt each other, and by the main loop inside irq_off; its run time is
 * bounded, so that it never keeps the scanner's handler waiting.
 */
GW_QUEUE_INLINE void gw_uart_pump(struct gw_uart *u)
{
	uint8_t byte;

	for (unsigned i = 0; i < GW_UART_HOLDS && gw_uart_can_send(u); i++)
		if (gw_queue_get(&u->tx, &byte))
			gw_uart_send(u, byte);
	gw_uart_want_room(u, gw_queue_used(&u->tx) > 0);
}

GW_QUEUE_INLINE void gw_uart_error(struct gw_uart *u)
{
	if (!u->error)
		u->error_at = u->rx.in;
	u->error_last = u->rx.in;
	u->error = true;
}

#endif
