/* Preloaded into a shell: its children begin late, as they may on a busy machine. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
	struct timespec left = {1, 0};
	pid_t pid = real();

	if (pid == 0 && strcmp(program_invocation_short_name, "sh") == 0)
		while (nanosleep(&left, &left) != 0)
			;
	return pid;
}
