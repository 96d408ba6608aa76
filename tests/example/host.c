/*
 * The smallest till with goeswith inside: codes and commands on stdin, what to do on stdout.
 *
 *	cc host.c $(pkg-config --cflags --libs goeswith) -o host
 *	printf '%s\n' 05012345678900 yes total pay | ./host table.db
 *
 * A real till calls the engine from its own loop, wakes up at gw_engine_deadline(), keeps the
 * events where they are safe, and acts on GW_EV_INJECT instead of ringing accepted items itself.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <goeswith/engine.h>
#include <goeswith/table.h>

static int64_t now_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void show_line(const struct gw_ev_line *l)
{
	printf("%3d  %-30s %4" PRId32 " x %8" PRId64 "\n", l->line, l->name ? l->name : l->code,
	       l->qty, l->price_minor);
}

static void show_offer(const struct gw_ev_offer *o)
{
	printf("     ? %s for %" PRId64 "  (goes with", o->name, o->price_minor);
	for (int i = 0; i < GW_WHY_MAX && o->why[i] != NULL; i++)
		printf(" %s", o->why[i]);
	printf(")\n");
	if (o->script[0] != '\0')
		printf("       \"%s\"\n", o->script);
}

static void show(const struct gw_event *e)
{
	switch (e->kind) {
	case GW_EV_LINE:
		show_line(&e->u.line);
		break;
	case GW_EV_OFFER:
		show_offer(&e->u.offer);
		break;
	case GW_EV_OUTCOME:
		if (!e->u.outcome.ghost && e->u.outcome.result <= GW_RESULT_ACCEPTED_BY_SCAN)
			printf("     taken: %s\n", e->u.outcome.code);
		break;
	case GW_EV_INJECT:
		printf("     ring %s\n", e->u.code.code);
		break;
	case GW_EV_UNKNOWN:
		printf("     not in the table: %s\n", e->u.code.code);
		break;
	case GW_EV_CLOSE:
		printf("     %" PRId32 " items, %" PRId64 "\n", e->u.close.items,
		       e->u.close.total_minor);
		break;
	case GW_EV_REFUSED:
	case GW_EV_WARN:
	case GW_EV_ERROR:
		printf("     ! %s\n", e->u.text);
		break;
	default:
		break;
	}
}

/* One line from the cashier as an input; anything that is no command is a scan. */
static struct gw_input input_of(const char *line)
{
	static const struct {
		const char *word;
		enum gw_input_kind kind;
	} words[] = {{"yes", GW_IN_ACCEPT},  {"no", GW_IN_DECLINE}, {"void", GW_IN_VOID_LAST},
		     {"total", GW_IN_TOTAL}, {"pay", GW_IN_TENDER}, {"cancel", GW_IN_CANCEL}};
	struct gw_input in = {.kind = GW_IN_SCAN, .price_minor = -1};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line, words[i].word) == 0)
			in.kind = words[i].kind;
	in.data = (const uint8_t *)line;
	in.data_len = strlen(line);
	in.at_ms = now_ms(CLOCK_REALTIME);
	in.mono_ms = now_ms(CLOCK_MONOTONIC);
	return in;
}

static void serve(struct gw_engine *engine)
{
	const struct gw_event *events;
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct gw_input in;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0')
			continue;
		in = input_of(line);
		gw_engine_input(engine, &in);
		for (size_t i = 0, n = gw_engine_events(engine, &events); i < n; i++)
			show(&events[i]);
	}
}

int main(int argc, char **argv)
{
	struct gw_engine_config config = {.store = "S1", .terminal = "T1"};
	struct gw_engine *engine = NULL;
	struct gw_table *table = NULL;
	struct gw_err err = {0};

	if (argc != 2) {
		fprintf(stderr, "usage: host table.db\n");
		return 2;
	}
	if (gw_table_load(&table, argv[1], &err) == GW_OK &&
	    gw_engine_new(&engine, &config, &err) == GW_OK &&
	    gw_engine_set_table(engine, table, &err) == GW_OK)
		serve(engine);
	else
		fprintf(stderr, "host: %s\n", err.text);
	gw_engine_free(engine);
	gw_table_free(table);
	return gw_status_exit(err.code);
}
