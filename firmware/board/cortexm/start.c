/*
 * What every Cortex-M board shares: the vector table, what comes before main(), memory functions
 * the compiler calls, and the time of day from SysTick.
 *
 * Time: a tick each 50 ms, with the counter's value between ticks.  Under an emulator ticks come
 * late and several at once, and an interrupt may be pending while the counter has already begun
 * anew; so the result is clamped never to go back.
 */
#include "firmware/board/cortexm/cortexm.h"

#include <stddef.h>

extern uint32_t link_data_load[], link_data[], link_data_end[], link_bss[], link_bss_end[];
extern uint32_t link_stack[], link_stack_top[];

int main(void);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);
void *memmove(void *to, const void *from, size_t n);
void gw_reset(void);
void gw_fault(void);
void gw_tick(void);

#define CRASHED 0xC4A54EDu

static volatile uint32_t ticks;
static uint32_t last_ms, cycles_per_ms;
static uint32_t note __attribute__((section(".noinit"))); /* CRASHED, for the life to come */
static bool crashed;

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	for (size_t i = 0; i < n; i++)
		t[i] = f[i];
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (t <= f)
		return memcpy(to, from, n);
	while (n-- > 0)
		t[n] = f[n];
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	uint8_t *t = to;

	for (size_t i = 0; i < n; i++)
		t[i] = (uint8_t)byte;
	return to;
}

static void fill(uint32_t *p, const uint32_t *end, uint32_t word)
{
	while (p < end)
		*(volatile uint32_t *)p++ = word;
}

static void copy(uint32_t *p, const uint32_t *end, const uint32_t *from)
{
	while (p < end)
		*p++ = *from++;
}

void gw_reset(void)
{
	/* The unused stack is painted, so that a test can see how deep it went. */
	fill(link_stack, (uint32_t *)__builtin_frame_address(0) - 16, GW_STACK_PAINT);
	copy(link_data, link_data_end, link_data_load);
	fill(link_bss, link_bss_end, 0);
	crashed = note == CRASHED;
	note = 0;
	main();
	gw_fault();
}

bool gw_crashed(void)
{
	return crashed;
}

/* Anything unforeseen: start again; the scans are in memory that survives it. */
void gw_fault(void)
{
	*(volatile uint32_t *)&note = CRASHED;
	__asm__ volatile("dsb" ::: "memory"); /* it is in memory before the reset begins */
	SCB_AIRCR = 0x05FA0004u;
	for (;;)
		;
}

GW_FAST void gw_tick(void)
{
	ticks++;
}

void gw_tick_start(uint32_t clock_hz)
{
	cycles_per_ms = clock_hz / 1000u;
	SYST_RVR = cycles_per_ms * GW_TICK_MS - 1u;
	SYST_CVR = 0;
	SYST_CSR = 7; /* processor clock, interrupt, on */
}

uint32_t gw_board_now_ms(void)
{
	uint32_t n, value, ms;

	do {
		n = ticks;
		value = SYST_CVR;
		if ((SCB_ICSR & SCB_ICSR_PENDSTSET) != 0) {
			value = SYST_CVR; /* of the new round */
			ms = (n + 1) * GW_TICK_MS;
		} else {
			ms = n * GW_TICK_MS;
		}
	} while (n != ticks);
	ms += (SYST_RVR - value) / cycles_per_ms;
	if ((int32_t)(ms - last_ms) > 0)
		last_ms = ms;
	return last_ms;
}

typedef void (*handler)(void);

/* The processor's own; the board's section .vectors.irq follows. */
__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
	(handler)(uintptr_t)link_stack_top,
	gw_reset,
	gw_fault, /* NMI */
	gw_fault, /* hard fault */
	gw_fault,
	gw_fault,
	gw_fault,
	NULL,
	NULL,
	NULL,
	NULL,
	gw_fault,
	gw_fault,
	NULL,
	gw_fault,
	gw_tick,
};
