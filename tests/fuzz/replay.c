/* Runs a fuzz target over the files and folders named, so that corpora are checked by any build. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size = 0, room = 1 << 20;
	uint8_t *data = malloc(room), *exact;

	if (f == NULL || data == NULL) {
		if (f != NULL)
			fclose(f);
		free(data);
		return -1;
	}
	size = fread(data, 1, room, f);
	fclose(f);
	/* A copy of the exact size, so that a sanitizer sees every byte read too far. */
	exact = malloc(size > 0 ? size : 1);
	if (exact != NULL)
		memcpy(exact, data, size);
	free(data);
	if (exact == NULL)
		return -1;
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 1;
}

static int replay(const char *path)
{
	struct stat st;
	struct dirent *entry;
	DIR *dir;
	int count = 0;

	if (stat(path, &st) != 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		char inner[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		int n = replay(inner);

		if (n < 0) {
			closedir(dir);
			return -1;
		}
		count += n;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	char corpus[4096];
	const char *name = strstr(argv[0], "replay_");
	int n;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			if (replay(argv[i]) < 0)
				return 1;
		return 0;
	}
	snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", name != NULL ? name + 7 : "");
	n = replay(corpus);
	printf("%s 1 - %s: %d files\n", n > 0 ? "ok" : "not ok", corpus, n);
	return n > 0 ? 0 : 1;
}
