/*
 * A file that stands for flash, so that the software dock's scans survive a power cut of the
 * machine: sectors of 8 KiB, written through to the disk record by record.  The journal itself does
 * not care what a cut leaves of them.
 *
 * A write waits for the disk, in the dock's only thread.  It happens only while the register does
 * not answer and between scans; one that begins in this very moment reaches the till that much
 * later (about a millisecond, on a disk that is busy or spins more).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "firmware/board/posix/posix.h"

enum { SECTOR = 8192, SECTORS = 64 };

static bool flash_read(void *ctx, uint32_t at, void *bytes, uint32_t len)
{
	const struct posix *p = ctx;

	memcpy(bytes, p->flash_map + at, len);
	return true;
}

static bool write_through(struct posix *p, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	return pwrite(p->flash_fd, bytes, len, (off_t)at) == (ssize_t)len &&
	       fdatasync(p->flash_fd) == 0;
}

static bool flash_program(void *ctx, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	return write_through(ctx, at, bytes, len);
}

static bool flash_erase(void *ctx, uint32_t sector)
{
	uint8_t blank[SECTOR];

	memset(blank, 0xFF, sizeof(blank));
	return write_through(ctx, sector * SECTOR, blank, sizeof(blank));
}

static bool flash_safe(void *ctx, bool erase)
{
	(void)ctx, (void)erase;
	return true;
}

int gw_posix_flash_open(struct posix *p, struct gw_err *err)
{
	static const struct gw_flash_io io = {SECTOR,        SECTORS,     0,         flash_read,
					      flash_program, flash_erase, flash_safe};
	void *map;
	int rc;

	if (p->flash_path == NULL)
		return GW_OK;
	p->flash_fd = open(p->flash_path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	rc = p->flash_fd >= 0 ? posix_fallocate(p->flash_fd, 0, SECTOR * SECTORS) : errno;
	if (rc != 0)
		return gw_err_errno(err, rc == EACCES ? GW_E_DENIED : GW_E_STORAGE, rc,
				    "%s: cannot keep scans there", p->flash_path);
	if (flock(p->flash_fd, LOCK_EX | LOCK_NB) != 0)
		return gw_err_set(err, GW_E_DEVICE, "%s: another dock keeps its scans there",
				  p->flash_path);
	map = mmap(NULL, SECTOR * SECTORS, PROT_READ, MAP_SHARED, p->flash_fd, 0);
	if (map == MAP_FAILED)
		return gw_err_errno(err, GW_E_MEMORY, errno, "%s", p->flash_path);
	p->flash_map = map;
	p->config.flash = &io;
	p->config.flash_hold_ms = 150;
	return GW_OK;
}

void gw_posix_flash_close(struct posix *p)
{
	if (p->flash_map != NULL)
		munmap((void *)(uintptr_t)p->flash_map, SECTOR * SECTORS);
	if (p->flash_fd >= 0)
		close(p->flash_fd);
	p->flash_map = NULL;
	p->flash_fd = -1;
}
