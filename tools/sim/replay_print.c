#include "tools/sim/replay_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "model/event_json.h"

#define JSON_ROOM (1u << 20)

static const struct {
	const char *name;
	uint32_t share_ppm;
} quantiles[] = {{"p50", 500000}, {"p90", 900000}, {"p99", 990000}, {"p999", 999000}};

static double us(uint64_t ns)
{
	return (double)ns / 1000;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void add_latency(struct gw_json *j, const char *key, const struct gw_latency *l)
{
	if (l->count == 0)
		return;
	gw_json_key(j, key);
	gw_json_begin(j, '{');
	gw_json_member_int(j, "count", (int64_t)l->count);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		gw_json_member_double(j, quantiles[i].name,
				      us(gw_latency_quantile(l, quantiles[i].share_ppm)), 4);
	gw_json_member_double(j, "max", us(l->max_ns), 4);
	gw_json_member_double(j, "mean", us(l->sum_ns / l->count), 4);
	gw_json_end(j, '}');
}

static void add_till(struct gw_json *j, const struct gw_till *till)
{
	gw_json_member_int(j, "inputs", (int64_t)till->inputs);
	gw_json_member_int(j, "events", (int64_t)till->kept);
	gw_json_member_int(j, "lines", (int64_t)till->kinds[GW_EV_LINE]);
	gw_json_member_int(j, "unknown", (int64_t)till->kinds[GW_EV_UNKNOWN]);
	gw_json_member_int(j, "refused", (int64_t)till->kinds[GW_EV_REFUSED]);
	gw_json_member_int(j, "offers", (int64_t)till->kinds[GW_EV_OFFER]);
	gw_json_member_int(j, "ghosts", (int64_t)till->kinds[GW_EV_GHOST]);
	gw_json_key(j, "outcomes");
	gw_json_begin(j, '{');
	for (int i = 0; i < GW_RESULT_COUNT; i++)
		gw_json_member_int(j, gw_result_word((enum gw_result)i), (int64_t)till->results[i]);
	gw_json_end(j, '}');
	add_latency(j, "engine_us", &till->engine_ns);
	add_latency(j, "journal_us", &till->journal_ns);
}

static void add_check(struct gw_json *j, const struct gw_baskets_check *check)
{
	gw_json_key(j, "check");
	gw_json_begin(j, '{');
	gw_json_member_bool(j, "ok", check->wrong == 0 && check->chain_bad == 0);
	gw_json_member_int(j, "baskets", (int64_t)check->baskets);
	gw_json_member_int(j, "items", (int64_t)check->items);
	gw_json_member_int(j, "wrong", (int64_t)check->wrong);
	gw_json_member_int(j, "chain_bad", check->chain_bad);
	if (check->first[0] != '\0')
		gw_json_member_string(j, "first", check->first);
	gw_json_end(j, '}');
}

static void add_stories(struct gw_json *j, const struct gw_baskets *run)
{
	if (run->explain == 0)
		return;
	gw_json_key(j, "explained");
	gw_json_begin(j, '[');
	for (uint32_t i = 0; i < run->story_count; i++)
		gw_json_string(j, run->stories[i]);
	gw_json_end(j, ']');
}

static void add_baskets(struct gw_json *j, const struct gw_baskets *run, const struct gw_till *till,
			uint64_t took_ns, const struct gw_baskets_check *check)
{
	gw_json_member_int(j, "baskets", (int64_t)run->baskets);
	gw_json_member_int(j, "items", (int64_t)run->items);
	gw_json_member_double(j, "seconds", (double)took_ns / 1e9, 4);
	add_till(j, till);
	if (check != NULL)
		add_check(j, check);
	add_stories(j, run);
}

static void add_again(struct gw_json *j, const struct gw_again *again, const struct gw_till *till,
		      bool check)
{
	gw_json_member_int(j, "baskets", (int64_t)again->sales);
	gw_json_member_int(j, "items", (int64_t)again->lines);
	gw_json_key(j, "check");
	gw_json_begin(j, '{');
	gw_json_member_bool(j, "ok", again->equal == again->decisions && again->astray == 0);
	gw_json_member_bool(j, "asked", check);
	gw_json_member_int(j, "decisions", (int64_t)again->decisions);
	gw_json_member_int(j, "equal", (int64_t)again->equal);
	gw_json_member_int(j, "other_table", (int64_t)again->elsewhere);
	gw_json_member_int(j, "astray", (int64_t)again->astray);
	gw_json_key(j, "differences");
	gw_json_begin(j, '[');
	for (uint32_t i = 0; i < again->shown; i++)
		gw_json_string(j, again->differences[i]);
	gw_json_end(j, ']');
	gw_json_end(j, '}');
	add_till(j, till);
}

static void add_hits(struct gw_json *j, const struct gw_hits *hits)
{
	gw_json_member_int(j, "cases", (int64_t)hits->cases);
	gw_json_member_int(j, "first", (int64_t)hits->at_rank[0]);
	gw_json_member_int(j, "silent", (int64_t)hits->silent);
	gw_json_member_double(j, "hit1", gw_hits_at(hits, 1), 6);
	gw_json_member_double(j, "hit3", gw_hits_at(hits, 3), 6);
	gw_json_member_double(j, "hit5", gw_hits_at(hits, 5), 6);
	gw_json_member_double(j, "mrr10", gw_hits_mrr(hits), 6);
}

/* --- for people ------------------------------------------------------------------------------- */

static void say_latency(const char *what, const struct gw_latency *l)
{
	if (l->count == 0)
		return;
	printf("%s, us:", what);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		printf("  %s %.1f", quantiles[i].name,
		       us(gw_latency_quantile(l, quantiles[i].share_ppm)));
	printf("  max %.1f\n", us(l->max_ns));
}

static void say_till(const struct gw_till *till)
{
	printf("%" PRIu64 " inputs, %" PRIu64 " events, %" PRIu64 " lines, %" PRIu64 " unknown\n",
	       till->inputs, till->kept, till->kinds[GW_EV_LINE], till->kinds[GW_EV_UNKNOWN]);
	printf("%" PRIu64 " offers (%" PRIu64 " ghosts besides):", till->kinds[GW_EV_OFFER],
	       till->kinds[GW_EV_GHOST]);
	for (int i = 0; i < GW_RESULT_COUNT; i++)
		if (till->results[i] > 0)
			printf("  %s %" PRIu64, gw_result_word((enum gw_result)i),
			       till->results[i]);
	printf("\n");
	say_latency("engine", &till->engine_ns);
	say_latency("engine and journal", &till->journal_ns);
}

static void say_baskets(const struct gw_baskets *run, const struct gw_till *till, uint64_t took_ns,
			const struct gw_baskets_check *check)
{
	printf("%" PRIu64 " baskets, %" PRIu64 " items in %.2f s\n", run->baskets, run->items,
	       (double)took_ns / 1e9);
	say_till(till);
	for (uint32_t i = 0; i < run->story_count; i++)
		printf("%3" PRIu32 ". %s\n", i + 1, run->stories[i]);
	if (check == NULL)
		return;
	if (check->wrong == 0 && check->chain_bad == 0)
		printf("check: every item of %" PRIu64
		       " baskets is in the journal once, in order\n",
		       check->baskets);
	else
		printf("check: %" PRIu64 " baskets are wrong; %s; first bad link of the chain: "
		       "%" PRId64 "\n",
		       check->wrong, check->first, check->chain_bad);
}

static void say_again(const struct gw_again *again, const struct gw_till *till)
{
	printf("%" PRIu64 " sales, %" PRIu64 " lines\n", again->sales, again->lines);
	say_till(till);
	printf("decisions: %" PRIu64 " compared, %" PRIu64 " equal, %" PRIu64
	       " of another table; %" PRIu64 " sales went another way\n",
	       again->decisions, again->equal, again->elsewhere, again->astray);
	for (uint32_t i = 0; i < again->shown; i++)
		printf("  %s\n", again->differences[i]);
}

/* --- either ----------------------------------------------------------------------------------- */

/* One object on a line; room for the stories is what makes it large. */
struct page {
	char *room;
	struct gw_text text;
	struct gw_json json;
};

static bool begin(struct page *p)
{
	p->room = malloc(JSON_ROOM);
	if (p->room == NULL)
		return false;
	p->text = gw_text_over(p->room, JSON_ROOM);
	p->json = gw_json_over(&p->text);
	gw_json_begin(&p->json, '{');
	return true;
}

static void end(struct page *p)
{
	gw_json_end(&p->json, '}');
	puts(p->text.cut ? "{\"error\":\"too many explanations for one line\"}" : p->room);
	free(p->room);
}

void gw_replay_print_baskets(bool json, const struct gw_baskets *run, const struct gw_till *till,
			     uint64_t took_ns, const struct gw_baskets_check *check)
{
	struct page p;

	if (!json) {
		say_baskets(run, till, took_ns, check);
	} else if (begin(&p)) {
		add_baskets(&p.json, run, till, took_ns, check);
		end(&p);
	}
}

void gw_replay_print_journal(bool json, const struct gw_again *again, const struct gw_till *till,
			     bool check)
{
	struct page p;

	if (!json) {
		say_again(again, till);
	} else if (begin(&p)) {
		add_again(&p.json, again, till, check);
		end(&p);
	}
}

void gw_replay_print_hits(bool json, const struct gw_hits *hits)
{
	struct page p;

	if (!json)
		printf("%" PRIu64 " cases: hit@1 %.4f, hit@3 %.4f, hit@5 %.4f, MRR@10 %.4f\n",
		       hits->cases, gw_hits_at(hits, 1), gw_hits_at(hits, 3), gw_hits_at(hits, 5),
		       gw_hits_mrr(hits));
	else if (begin(&p)) {
		add_hits(&p.json, hits);
		end(&p);
	}
}
