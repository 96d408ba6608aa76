/*
 * The emulated board's flash: 16 KiB of its memory that nothing else touches, behind rules of flash
 * (flash.c).  There is no NOR in it: nothing stalls, nothing wears, and what an emulator forgets
 * when it ends must be saved and loaded by whoever wants a power loss.
 */
#ifndef FIRMWARE_BOARD_FLASH_H
#define FIRMWARE_BOARD_FLASH_H

#define GW_FLASH_AREA        0x00100000u
#define GW_FLASH_SECTOR      1024u
#define GW_FLASH_SECTORS     16u
#define GW_FLASH_ENDURANCE_K 10u
#define GW_FLASH_STALLS      0
#define GW_FLASH_HANDLERS    0

#endif
