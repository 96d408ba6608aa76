/*
 * The screen without a register behind it: shows one scene (tests/unit/ui_scenes.c) on the
 * terminal, and says on stderr what each key would make the register do.
 * usage: ui_preview [-t TTY] [-a] [-l] [-k ACT=KEYS] SCENE... 2>log
 * More than one scene: each key action goes on to the next one.  Ends at Quit and at hang-up.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ui_scenes.h"

#define ROOM 8

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void report(const struct gw_ui_action *a)
{
	static const char *const kinds[] = {"input",      "scan",       "want_today",
					    "want_scans", "left_scans", "quit"};

	if (a->kind == GW_UI_INPUT)
		fprintf(stderr, "input %d qty %d line %d text '%s'\n", (int)a->input, (int)a->qty,
			a->line, a->text);
	else if (a->kind == GW_UI_SCAN)
		fprintf(stderr, "scan %.*s\n", (int)a->data_len, a->data);
	else
		fprintf(stderr, "%s\n", kinds[a->kind]);
}

static int options_from(int argc, char **argv, struct gw_ui_options *options,
			struct gw_keymap *keys)
{
	struct gw_err err = {0};
	int c;

	gw_keymap_init(keys);
	options->keys = keys;
	while ((c = getopt(argc, argv, "t:alck:p:")) != -1) {
		if (c == 't')
			options->tty = optarg;
		else if (c == 'a')
			options->ascii = GW_UI_YES;
		else if (c == 'l')
			options->line_mode = true;
		else if (c == 'c')
			options->idle_clock = true;
		else if (c == 'p')
			options->pin = optarg;
		else if (c == 'k' && strchr(optarg, '=') != NULL) {
			char *value = strchr(optarg, '=');

			*value++ = '\0';
			if (gw_keymap_set(keys, optarg, value, &err) != GW_OK) {
				fprintf(stderr, "%s\n", err.text);
				return -1;
			}
		} else {
			return -1;
		}
	}
	return optind;
}

int main(int argc, char **argv)
{
	static struct scene scene;
	struct gw_ui_options options = {0};
	struct gw_keymap keys;
	struct gw_err err = {0};
	struct gw_ui *ui;
	int at = options_from(argc, argv, &options, &keys), status = 0;
	static struct gw_ui_action actions[ROOM];

	if (at < 0 || at >= argc || !scene_make(&scene, argv[at]))
		return 2;
	setvbuf(stderr, NULL, _IOLBF, 0);
	signal(SIGHUP, SIG_IGN); /* the terminal itself must tell */
	if (gw_ui_new(&ui, &options, &err) != GW_OK) {
		fprintf(stderr, "%s\n", err.text);
		return gw_status_exit(err.code);
	}
	for (;;) {
		struct pollfd p = {.fd = gw_ui_fd(ui), .events = POLLIN};
		int64_t due;
		int n;

		gw_ui_draw(ui, &scene.view, &scene.status, mono_ms());
		due = gw_ui_deadline(ui);
		due = due < 0 ? -1 : due - mono_ms();
		if (poll(&p, 1, due < -1 ? 0 : (int)due) < 0 && errno != EINTR)
			break;
		fprintf(stderr, "woke\n");
		while ((n = gw_ui_read(ui, &scene.view, mono_ms(), actions, ROOM)) > 0)
			for (int i = 0; i < n; i++) {
				report(&actions[i]);
				if (actions[i].kind == GW_UI_QUIT)
					goto out;
				if (at + 1 < argc && actions[i].kind == GW_UI_INPUT &&
				    !scene_make(&scene, argv[++at]))
					goto out;
			}
		if (n < 0) {
			status = gw_status_exit(n);
			fprintf(stderr, "gone\n");
			break;
		}
	}
out:
	gw_ui_free(ui);
	return status;
}
