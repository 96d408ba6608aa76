#include "tools/sync/steady.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/when.h"
#include "tools/sync/sync.h"

static int64_t up_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t head_office_ms(struct state *state)
{
	char at[GW_WHEN_MAX];
	int64_t ms = 0;

	state_noted(state, "ack_at", at, sizeof(at));
	return gw_when_parse(at, strlen(at), &ms) == GW_OK ? ms : 0;
}

int64_t steady_step(const struct steady *before, int64_t wall_ms, int64_t up_ms, int64_t office_ms)
{
	int64_t passed = up_ms >= before->up_ms ? (up_ms - before->up_ms) * 101 / 100 : SYNC_DAY_MS;
	int64_t now = before->ms + passed > office_ms ? before->ms + passed : office_ms;

	return now < wall_ms ? now : wall_ms;
}

int64_t steady_now_ms(struct state *state)
{
	int64_t now = sync_now_ms(), up = up_ms();
	struct steady before;
	char note[64];

	state_noted(state, "steady", note, sizeof(note));
	if (sscanf(note, "%" SCNd64 " %" SCNd64, &before.ms, &before.up_ms) == 2)
		now = steady_step(&before, now, up, head_office_ms(state));
	snprintf(note, sizeof(note), "%" PRId64 " %" PRId64, now, up);
	state_note(state, "steady", note, NULL);
	return now;
}
