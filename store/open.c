/*
 * open.c: opening, checking, creating and closing the file.
 *
 * Promises that a store that opened is ours, whole in its schema, synced at
 * each commit, and writable when a daemon opened it; that nothing is changed
 * in a file that is not ours; and that only a daemon creates or migrates. A
 * creation that was cut short is finished by the next daemon. The WAL and its
 * index take mode and group from the file (SQLite sees to that).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/schema.h"
#include "store/sql.h"

#define STRING(x)  #x
#define LITERAL(x) STRING(x)

/* Creates the file with mode 0660 whatever the umask; one that is there is left alone. */
static int
create_file(const struct store *store, struct error *err)
{
	AUTO(closep) int fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0 || fchmod(fd, 0660) < 0)
		return error_errno(err, "store %s", store->path);
	return file_sync_folder(store->folder, err);
}

static int
run_text(struct store *store, const char *sql, struct error *err)
{
	int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sql_error(store, rc, err);
}

/* The first column of the first row of sql, as a number. */
static int
ask_text(struct store *store, const char *sql, int64_t *ret_value, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : sql_error(store, rc, err);
}

/* Whose file it is: 1 ours, 0 empty, -1 a stranger's. */
static int
identify(struct store *store, int64_t *ret_version, struct error *err)
{
	int64_t application, tables;

	if (ask_text(store, "PRAGMA application_id", &application, err) < 0 ||
	    ask_text(store, "PRAGMA user_version", ret_version, err) < 0 ||
	    ask_text(store, "SELECT count(*) FROM sqlite_schema", &tables, err) < 0)
		return -1;
	if (application == SCHEMA_APPLICATION_ID)
		return 1;
	if (application == 0 && *ret_version == 0 && tables == 0)
		return 0;
	return error_set(err, ERROR_PERM, "store %s: a database, but not of ndrq", store->path);
}

static int
migrate_from(struct store *store, int64_t version, struct error *err)
{
	AUTO(freep) char *mark = xasprintf("PRAGMA user_version = %d", schema_version);

	for (; version < schema_version; version++)
		if (run_text(store, schema_migrations[version], err) < 0)
			return -1;
	if (run_text(store, mark, err) < 0)
		return -1;
	return run_text(store, "PRAGMA application_id = " LITERAL(SCHEMA_APPLICATION_ID), err);
}

/* All migrations in one transaction; the version is read again inside it. */
static int
migrate(struct store *store, struct error *err)
{
	int64_t version;

	if (run_text(store, "PRAGMA auto_vacuum = INCREMENTAL", err) < 0 ||
	    run_text(store, "PRAGMA journal_mode = WAL", err) < 0 ||
	    run_text(store, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (identify(store, &version, err) < 0 || migrate_from(store, version, err) < 0 ||
	    run_text(store, "COMMIT", err) < 0) {
		(void)run_text(store, "ROLLBACK", NULL);
		return -1;
	}
	return 0;
}

static int
check_schema(struct store *store, enum store_mode mode, struct error *err)
{
	int64_t version;

	if (identify(store, &version, err) < 0)
		return -1;
	if (version > schema_version)
		return error_set(err, ERROR_PERM,
				 "store %s: schema %d is newer than this program, which knows %d; "
				 "install the newer ndrq",
				 store->path, (int)version, schema_version);
	if (version == schema_version)
		return 0;
	if (mode == STORE_TOOL)
		return error_set(err, ERROR_TEMP,
				 "store %s: schema %d is older than %d; ndrqd brings it up when "
				 "it starts",
				 store->path, (int)version, schema_version);
	return migrate(store, err);
}

/*
 * The settings of a connection. FULL: a commit is synced (with NORMAL a power
 * cut could take answered mail). temp_store: savepoints keep what they may
 * undo in memory. A longer WAL than SQLite's 1000 pages saves checkpoints.
 */
static int
configure(struct store *store, int busy_timeout_ms, struct error *err)
{
	static const char pragmas[] = "PRAGMA synchronous = FULL;"
				      "PRAGMA foreign_keys = ON;"
				      "PRAGMA temp_store = MEMORY;"
				      "PRAGMA wal_autocheckpoint = 16000;"
				      "PRAGMA journal_size_limit = 67108864;";

	(void)sqlite3_extended_result_codes(store->db, 1);
	(void)sqlite3_busy_timeout(store->db, busy_timeout_ms);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return run_text(store, pragmas, err);
}

static int
connect_file(struct store *store, enum store_mode mode, struct error *err)
{
	int rc = sqlite3_open_v2(store->path, &store->db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return error_set(err, ERROR_TEMP, "store %s: %s", store->path, sqlite3_errstr(rc));
	/* SQLite falls back to reading only, for good: a daemon could take no mail with it. */
	if (mode == STORE_DAEMON && sqlite3_db_readonly(store->db, "main") == 1)
		return error_set(err, ERROR_TEMP, "store %s: no permission to write", store->path);
	return 0;
}

static int
draw_instance(int64_t *ret_instance, struct error *err)
{
	int64_t drawn;

	do {
		if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
			return error_errno(err, "random number");
		drawn &= INT64_MAX;
	} while (drawn == 0);
	*ret_instance = drawn;
	return 0;
}

int
store_open(const struct store_options *options, struct store **ret_store, struct error *err)
{
	AUTO(store_closep) struct store *store = xcalloc(1, sizeof(*store));

	store->path = xstrdup(options->path);
	store->folder = file_folder_of(options->path);
	store->min_free_bytes = options->min_free_bytes;
	store->max_size_bytes = options->max_size_bytes;
	if (options->mode == STORE_DAEMON) {
		if (create_file(store, err) < 0 || draw_instance(&store->instance, err) < 0)
			return -1;
		store->lost = answers_new();
	}
	if (connect_file(store, options->mode, err) < 0 ||
	    configure(store, options->busy_timeout_ms, err) < 0 ||
	    check_schema(store, options->mode, err) < 0 || sql_prepare_all(store, err) < 0)
		return -1;
	*ret_store = TAKE(store);
	return 0;
}

void
store_closep(struct store **store)
{
	struct store *s = TAKE(*store);

	if (s == NULL)
		return;
	sql_finalize_all(s);
	(void)sqlite3_close(s->db);
	answers_freep(&s->lost);
	free(s->folder);
	free(s->path);
	free(s);
}

int64_t
store_instance(const struct store *store)
{
	return store->instance;
}
