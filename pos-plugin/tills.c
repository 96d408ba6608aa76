#include "tills.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/answer.h"
#include "host/clients.h"
#include "host/request.h"

/* Lines of tills taken before scanner, keys and time have their turn again. */
#define LINES_A_TURN 32

struct gw_tills {
	const struct gw_options *options; /* borrowed */
	struct gw_clients *clients;
	struct gw_sim_clock sim;
	bool on_stdio; /* headless for a program on stdin; its end is ours */
	char room[GW_ANSWER_MAX];
	struct gw_request request;
	const char *line; /* the one being taken, of clients */
	size_t line_len;
};

/* A service that only listens is started with /dev/null: there is nobody on stdin to go. */
static bool somebody_on_stdin(const struct gw_options *o)
{
	struct stat in, null;

	return o->listen == NULL || fstat(STDIN_FILENO, &in) != 0 ||
	       stat("/dev/null", &null) != 0 || !S_ISCHR(in.st_mode) || in.st_rdev != null.st_rdev;
}

static int open_doors(struct gw_tills *t, struct gw_err *err)
{
	const struct gw_options *o = t->options;
	int rc = gw_clients_new(&t->clients, err);

	if (rc == GW_OK && o->listen != NULL)
		rc = gw_clients_listen(t->clients, o->listen, err);
	t->on_stdio = o->headless && somebody_on_stdin(o);
	if (rc == GW_OK && t->on_stdio)
		rc = gw_clients_attach(t->clients, STDIN_FILENO, STDOUT_FILENO, err);
	return rc;
}

int gw_tills_new(struct gw_tills **out, const struct gw_options *options, struct gw_err *err)
{
	struct gw_tills *t;
	int rc;

	*out = NULL;
	if (!options->headless && options->listen == NULL)
		return GW_OK;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	t->options = options;
	rc = open_doors(t, err);
	if (rc != GW_OK) {
		gw_tills_free(t);
		return rc;
	}
	*out = t;
	return GW_OK;
}

void gw_tills_free(struct gw_tills *t)
{
	if (t == NULL)
		return;
	gw_clients_free(t->clients);
	free(t);
}

bool gw_tills_simulate(const struct gw_tills *t)
{
	return t != NULL && t->sim.simulated;
}

struct gw_now gw_tills_now(const struct gw_tills *t, struct gw_now now)
{
	if (t != NULL)
		gw_sim_clock_now(&t->sim, &now.at_ms, &now.mono_ms);
	return now;
}

size_t gw_tills_poll(const struct gw_tills *t, struct pollfd *fds, size_t room)
{
	return t != NULL ? gw_clients_poll(t->clients, fds, room) : 0;
}

bool gw_tills_pending(const struct gw_tills *t)
{
	return t != NULL && gw_clients_pending(t->clients);
}

void gw_tills_tell(struct gw_tills *t, int who, const struct gw_event *event, int64_t seq,
		   int64_t ack)
{
	struct gw_text text;

	if (t == NULL)
		return;
	text = gw_text_over(t->room, sizeof(t->room));
	gw_answer_event(&text, event, seq, ack);
	if (text.len == 0)
		return;
	if (!gw_answer_is_private(event->kind))
		gw_clients_send_all(t->clients, text.at, text.len);
	else if (who != GW_NOBODY)
		gw_clients_send(t->clients, who, text.at, text.len);
}

static void answer_error(struct gw_tills *t, int who, const char *why)
{
	struct gw_text text = gw_text_over(t->room, sizeof(t->room));

	gw_answer_error(&text, why);
	gw_clients_send(t->clients, who, text.at, text.len);
}

static void answer_state(struct gw_tills *t, int who, const struct gw_register *reg)
{
	struct gw_text text = gw_text_over(t->room, sizeof(t->room));

	gw_answer_state(&text, gw_register_view(reg));
	gw_clients_send(t->clients, who, text.at, text.len);
}

static void take_request(struct gw_tills *t, struct gw_register *reg, struct gw_now now, int who)
{
	struct gw_input tick;
	int64_t before = gw_tills_now(t, now).mono_ms;

	gw_sim_clock_stamp(&t->sim, &t->request, now.at_ms, now.mono_ms);
	while (gw_sim_clock_tick_due(&t->request, gw_register_deadline(reg), before, &tick)) {
		before = tick.mono_ms;
		(void)gw_register_take(reg, &tick, GW_NOBODY);
	}
	if (t->request.kind == GW_REQUEST_STATE)
		answer_state(t, who, reg);
	else if (gw_register_take(reg, &t->request.input, who) == GW_E_BUG)
		answer_error(t, who, "the engine refused this line");
}

static void take_line(struct gw_tills *t, struct gw_register *reg, struct gw_now now, int who)
{
	const char *line = t->line;
	struct gw_err err = {0};

	if (t->line_len == GW_CLIENTS_TOO_LONG)
		answer_error(t, who, "line longer than 65536 bytes: thrown away");
	else if (gw_request_read(&t->request, line, t->line_len, &err) != GW_OK)
		answer_error(t, who, err.text);
	else
		take_request(t, reg, now, who);
	gw_request_wipe(&t->request);
}

bool gw_tills_serve(struct gw_tills *t, struct gw_register *reg, struct gw_now now,
		    const struct pollfd *fds, size_t n)
{
	char news[200];
	int who;

	if (t == NULL)
		return true;
	gw_clients_ready(t->clients, fds, n);
	for (int i = 0;
	     i < LINES_A_TURN && (who = gw_clients_next(t->clients, &t->line, &t->line_len)) >= 0;
	     i++)
		take_line(t, reg, now, who);
	while (gw_clients_news(t->clients, news, sizeof(news)))
		if (t->options->verbose > 0)
			fprintf(stderr, "goeswith: %s\n", news);
	return !t->on_stdio || gw_clients_attached(t->clients);
}
