/*
 * budget.h: what is counted of a new record, inside store/.
 *
 *	budgets_resolve(…)      before its row is made: what becomes of it
 *	budgets_count(…)        behind it: what it adds to the counts
 */
#ifndef STORE_BUDGET_H
#define STORE_BUDGET_H

#include "store/sql.h"

/* What becomes of a record. */
struct ruling {
	enum record_state state;
	const char *verdict, *rule;
};

/* A budget of the record that is being put. */
struct tally {
	int64_t key; /* of event */
	int64_t n;   /* the last of this key */
	bool over;
};

/* tallies has room for the record's budgets, zeroed; ruling is what policy said. Sets marked. */
int budgets_resolve(struct store *store, struct store_new_record *record, int64_t at_ms,
		    struct tally *tallies, struct ruling *ruling, struct error *err);
/* Sets storm_began and storm_of. */
int budgets_count(struct store *store, struct store_new_record *record, int64_t at_ms,
		  const struct tally *tallies, const struct ruling *ruling, struct error *err);

#endif
