/*
 * The upper 32 KiB of a 64 KiB chip, in pages of 1 KiB (low and medium density).  A program of two
 * bytes takes 40 to 70 us, an erase 20 to 40 ms, a page stands 10,000 erases (ST DS5319 and DS5944,
 * table "Flash memory characteristics" and "Flash memory endurance").  There is one bank: whoever
 * fetches or reads flash meanwhile stands still (ST PM0063 and PM0075).  So vectors, handlers and
 * the driver's inner loop are in RAM, which firmware/check-ram.sh proves for each image.
 */
#ifndef FIRMWARE_BOARD_FLASH_H
#define FIRMWARE_BOARD_FLASH_H

#define GW_FLASH_AREA        0x08008000u
#define GW_FLASH_SECTOR      1024u
#define GW_FLASH_SECTORS     32u
#define GW_FLASH_ENDURANCE_K 10u
#define GW_FLASH_STALLS      1
#define GW_FLASH_HANDLERS    1

#endif
