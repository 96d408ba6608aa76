/* Preloaded into a shell: what it starts begins late, as it may on a busy machine.  A player in the
 * background is a copy of the shell for a while, a register in front of it nothing yet.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void sleep_through(time_t s, long ns)
{
	struct timespec left = {s, ns};

	while (nanosleep(&left, &left) != 0)
		;
}

pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
	pid_t pid = real();

	if (pid == 0 && strcmp(program_invocation_short_name, "sh") == 0)
		sleep_through(1, 0);
	return pid;
}

int execve(const char *path, char *const args[], char *const env[])
{
	int (*real)(const char *, char *const[], char *const[]) =
		(int (*)(const char *, char *const[], char *const[]))dlsym(RTLD_NEXT, "execve");
	const char *name = strrchr(path, '/');

	if (name != NULL && strcmp(name, "/goeswith") == 0)
		sleep_through(0, 500000000);
	return real(path, args, env);
}
