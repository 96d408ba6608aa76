/* The STM32F1 board with a customer display on the scanner's transmit line. */
#define GW_DISPLAY
#include "firmware/board/stm32f1/board.c" /* NOLINT(bugprone-suspicious-include) */
