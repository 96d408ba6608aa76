/*
 * What a board with UARTs of struct gw_uart gives to lines.c, and what lines.c gives to its
 * interrupt handlers.  Private to firmware/board.
 */
#ifndef FIRMWARE_LINES_H
#define FIRMWARE_LINES_H

#include "firmware/board/cortexm/cortexm.h"

/* The board's UART for a line, NULL when it has none. */
struct gw_uart *gw_line(enum gw_board_line line);

/* From the scanner's handler: queues a byte for the till and starts its transmitter. */
void gw_lines_forward(struct gw_uart *till, uint8_t byte);

#endif
