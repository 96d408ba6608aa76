#include "offer/assign.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define SHOP_EXPERIMENT "shop"

uint64_t gw_assign_stage(const char *experiment, const char *stage, const char *secret,
			 const char *basket)
{
	char room[512];
	struct gw_text salt = gw_text_over(room, sizeof(room));

	gw_text_add(&salt, experiment);
	gw_text_add_char(&salt, ':');
	gw_text_add(&salt, stage);
	if (secret != NULL && *secret != '\0') {
		gw_text_add_char(&salt, ':');
		gw_text_add(&salt, secret);
	}
	return gw_assign_hash(room, basket);
}

static const char *secret_of(const struct gw_experiment *e, const char *secret)
{
	return e->salt != NULL && *e->salt != '\0' ? e->salt : secret;
}

bool gw_experiment_runs(const struct gw_experiment *e, int32_t day)
{
	return day >= e->from_day && day <= e->to_day;
}

const struct gw_arm *gw_assign_arm(const struct gw_experiment *e, const char *secret,
				   const char *basket)
{
	uint64_t hash = gw_assign_stage(e->id, GW_ASSIGN_STAGE_ARM, secret_of(e, secret), basket);
	int64_t bucket = gw_assign_bucket_ppm(hash), end = 0;

	for (uint32_t i = 0; i < e->arm_count; i++) {
		end += e->arms[i].share_ppm;
		if (bucket < end)
			return &e->arms[i];
	}
	return NULL;
}

static bool knows_arm(const struct gw_experiment *e, const char *arm)
{
	for (uint32_t i = 0; i < e->arm_count; i++)
		if (strcmp(e->arms[i].name, arm) == 0)
			return true;
	return false;
}

const struct gw_experiment *gw_assign_experiment(const struct gw_table *t, const char *arm,
						 int32_t day)
{
	for (uint32_t i = 0; i < t->experiment_count; i++) {
		const struct gw_experiment *e = &t->experiments[i];

		if (gw_experiment_runs(e, day) && (*arm == '\0' || knows_arm(e, arm)))
			return e;
	}
	return NULL;
}

bool gw_assign_has_arm(const struct gw_table *t, const char *arm, const char *secret,
		       const char *basket, int32_t day)
{
	const struct gw_experiment *e;
	const struct gw_arm *got;

	if (*arm == '\0')
		return true;
	e = gw_assign_experiment(t, arm, day);
	if (e == NULL)
		return false;
	got = gw_assign_arm(e, secret, basket);
	return got != NULL && strcmp(got->name, arm) == 0;
}

struct gw_assignment gw_assign(const struct gw_table *t, const char *rule_arm, int32_t holdout_ppm,
			       const char *secret, const char *basket, int32_t day)
{
	struct gw_assignment a = {.arm = "", .holdout_ppm = holdout_ppm};
	const struct gw_experiment *e = gw_assign_experiment(t, rule_arm, day);
	const char *name = SHOP_EXPERIMENT;

	if (e != NULL) {
		const struct gw_arm *arm = gw_assign_arm(e, secret, basket);

		a.experiment = e;
		a.arm = arm != NULL ? arm->name : "";
		if (e->holdout_ppm > a.holdout_ppm)
			a.holdout_ppm = e->holdout_ppm;
		name = e->id;
		secret = secret_of(e, secret);
	}
	a.bucket_ppm =
		gw_assign_bucket_ppm(gw_assign_stage(name, GW_ASSIGN_STAGE_HOLD, secret, basket));
	a.holdout = a.bucket_ppm < a.holdout_ppm;
	return a;
}
