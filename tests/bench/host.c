/*
 * The engine protocol against bare JSON parsing of the same lines: what reading, deciding and
 * answering cost on top.  Nothing is journalled.  usage: host [SALES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "goeswith/table.h"
#include "host/answer.h"
#include "host/request.h"
#include "model/table_build.h"
#include "tools/sim/latency.h"

#define ITEMS        1000
#define RULES        10000
#define LINES        (ITEMS_A_SALE + 2)
#define ITEMS_A_SALE 8
#define LINE_SIZE    120

static void die(const char *what)
{
	fprintf(stderr, "host: %s\n", what);
	exit(1);
}

static uint32_t dice(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static struct gw_table *make_table(void)
{
	struct gw_table_build *b;
	struct gw_rule rule = gw_rule_blank();
	uint32_t state = 1;
	char code[16], id[16];

	if (gw_table_build_new(&b, NULL) != GW_OK)
		die("no memory");
	gw_table_build_head(b, &(struct gw_table_head){.version = "1", .currency = "EUR"}, NULL);
	for (int i = 0; i < ITEMS; i++) {
		snprintf(code, sizeof(code), "C%05d", i);
		gw_table_build_item(b,
				    &(struct gw_item){.code = code,
						      .name = "An item of the shop",
						      .price_minor = 250,
						      .cost_minor = -1,
						      .category = GW_NONE,
						      .stock = -1},
				    NULL);
	}
	for (int i = 0; i < RULES; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		rule.id = id;
		rule.condition_count = 1;
		rule.conditions[0].index = dice(&state) % ITEMS;
		rule.suggest = dice(&state) % ITEMS;
		rule.weight = (double)(dice(&state) % 1000 + 1) / 1000;
		if (rule.suggest != rule.conditions[0].index)
			gw_table_build_rule(b, &rule, NULL);
	}
	return gw_table_build_done(b);
}

static char (*make_lines(size_t count))[LINE_SIZE]
{
	char(*lines)[LINE_SIZE] = calloc(count, sizeof(*lines));
	uint32_t state = 2;

	if (lines == NULL)
		die("no memory");
	for (size_t i = 0; i < count; i++) {
		size_t at = i % LINES;
		int64_t ms = (int64_t)i * 3000;

		if (at < ITEMS_A_SALE)
			snprintf(lines[i], LINE_SIZE,
				 "{\"do\":\"line\",\"code\":\"C%05u\",\"qty\":1,\"at\":"
				 "\"2026-11-%02dT%02d:%02d:%02d.000Z\"}",
				 (unsigned)(dice(&state) % ITEMS), (int)(1 + ms / 86400000 % 28),
				 (int)(ms / 3600000 % 24), (int)(ms / 60000 % 60),
				 (int)(ms / 1000 % 60));
		else
			snprintf(lines[i], LINE_SIZE, "{\"do\":\"%s\"}",
				 at == ITEMS_A_SALE ? "total" : "tender");
	}
	return lines;
}

static double parse_only(char (*lines)[LINE_SIZE], size_t count)
{
	uint64_t began = gw_latency_now_ns();

	for (size_t i = 0; i < count; i++) {
		json_t *root = json_loadb(lines[i], strlen(lines[i]), 0, NULL);

		if (root == NULL)
			die("not JSON");
		json_decref(root);
	}
	return (double)(gw_latency_now_ns() - began) / 1e9;
}

static double read_only(char (*lines)[LINE_SIZE], size_t count)
{
	static struct gw_request r;
	uint64_t began = gw_latency_now_ns();

	for (size_t i = 0; i < count; i++) {
		if (gw_request_read(&r, lines[i], strlen(lines[i]), NULL) != GW_OK)
			die("not a request");
		gw_request_wipe(&r);
	}
	return (double)(gw_latency_now_ns() - began) / 1e9;
}

static double all(char (*lines)[LINE_SIZE], size_t count, struct gw_engine *engine, size_t *events)
{
	static struct gw_request r;
	static char room[GW_ANSWER_MAX];
	struct gw_sim_clock clock = {0};
	uint64_t began = gw_latency_now_ns();

	for (size_t i = 0; i < count; i++) {
		const struct gw_event *e;

		if (gw_request_read(&r, lines[i], strlen(lines[i]), NULL) != GW_OK)
			die("not a request");
		gw_sim_clock_stamp(&clock, &r, 0, 0);
		gw_engine_input(engine, &r.input);
		for (size_t k = 0, n = gw_engine_events(engine, &e); k < n; k++, ++*events) {
			struct gw_text t = gw_text_over(room, sizeof(room));

			gw_answer_event(&t, &e[k], 1, 1);
		}
		gw_request_wipe(&r);
	}
	return (double)(gw_latency_now_ns() - began) / 1e9;
}

int main(int argc, char **argv)
{
	size_t count = (size_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 20000) * LINES, events = 0;
	struct gw_engine_config config = {.store = "S1", .terminal = "T1"};
	char(*lines)[LINE_SIZE] = make_lines(count);
	struct gw_table *table = make_table();
	struct gw_engine *engine;
	double bare, read, whole;

	if (gw_engine_new(&engine, &config, NULL) != GW_OK ||
	    gw_engine_set_table(engine, table, NULL) != GW_OK)
		die("no engine");
	bare = parse_only(lines, count);
	read = read_only(lines, count);
	whole = all(lines, count, engine, &events);
	printf("%zu lines, %d rules, %zu answers\n", count, RULES, events);
	printf("parse the JSON (jansson)            %9.0f lines/s    1.00\n", (double)count / bare);
	printf("read the request, wiped behind      %9.0f lines/s    %.2f x the time\n",
	       (double)count / read, read / bare);
	printf("read, decide, print the answers     %9.0f lines/s    %.2f x the time\n",
	       (double)count / whole, whole / bare);
	gw_engine_free(engine);
	gw_table_free(table);
	free(lines);
	return 0;
}
