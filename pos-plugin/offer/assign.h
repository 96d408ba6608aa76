/*
 * Which baskets see offers, and which arm of an experiment they get: a hash of the basket's id, not
 * a random generator, so that head office can recompute every assignment.
 *
 * Salts are "<experiment>:hold", "<experiment>:arm", each followed by ":<secret>" where the table
 * has a secret part (so that nobody at the till can guess): the experiment's own, else the table's.
 * Baskets in a 2 % holdout are also in the 5 % one.  Pure functions over a table.
 */
#ifndef OFFER_ASSIGN_H
#define OFFER_ASSIGN_H

#include "model/table.h"

#define GW_ASSIGN_STAGE_HOLD "hold"
#define GW_ASSIGN_STAGE_ARM  "arm"
#define GW_ASSIGN_STAGE_PICK "pick"

/* Hash of one stage.  secret may be "" or NULL. */
uint64_t gw_assign_stage(const char *experiment, const char *stage, const char *secret,
			 const char *basket);

/* True on a day (since 1970, local) within the experiment's dates. */
bool gw_experiment_runs(const struct gw_experiment *e, int32_t day);

/*
 * The arm of a basket: arms take their shares of the bucket in their order.  NULL when the shares
 * leave the basket out.
 */
const struct gw_arm *gw_assign_arm(const struct gw_experiment *e, const char *secret,
				   const char *basket);

/* The experiment a rule belongs to on that day: the first running one with the rule's arm, or the
 * first running one for a rule of all arms.  NULL: none. */
const struct gw_experiment *gw_assign_experiment(const struct gw_table *t, const char *arm,
						 int32_t day);

/* True if baskets may see rules of this arm: "" always, else when an experiment gave it to them. */
bool gw_assign_has_arm(const struct gw_table *t, const char *arm, const char *secret,
		       const char *basket, int32_t day);

struct gw_assignment {
	const struct gw_experiment *experiment; /* NULL: none runs */
	const char *arm;                        /* "" for none */
	int32_t holdout_ppm, bucket_ppm;
	bool holdout; /* bucket_ppm < holdout_ppm */
};

/*
 * Assigns a basket for a rule.  holdout_ppm: the shop's own, for when no experiment asks for more;
 * it then uses the experiment name "shop" where none runs.
 */
struct gw_assignment gw_assign(const struct gw_table *t, const char *rule_arm, int32_t holdout_ppm,
			       const char *secret, const char *basket, int32_t day);

#endif
