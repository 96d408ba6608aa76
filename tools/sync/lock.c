#include "tools/sync/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/home.h"

int lock_take(int *fd, const char *path, const char *busy, struct gw_err *err)
{
	char lock[GW_PATH_MAX + 8];

	snprintf(lock, sizeof(lock), "%s.lock", path);
	*fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (*fd < 0)
		return gw_err_errno(err, errno == EACCES ? GW_E_DENIED : GW_E_STORAGE, errno,
				    "cannot create %s", lock);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return GW_OK;
	close(*fd);
	*fd = -1;
	return gw_err_set(err, GW_E_AGAIN, "%s (%s)", busy, lock);
}
