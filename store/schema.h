/* schema.h: the migrations that make the file, in order. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#define SCHEMA_APPLICATION_ID 0x6e647271 /* "ndrq" */

/* migrations[n] makes version n + 1 (user_version) of version n; the last is what this program
 * speaks. Append only: a released one is never changed. */
extern const char *const schema_migrations[];
extern const int schema_version;

#endif
