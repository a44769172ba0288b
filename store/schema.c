/*
 * schema.c: the shape of the file, as an append-only list of migrations.
 *
 * message  bytes that came once, and what they say
 * body     the bytes themselves, apart, so that scans do not meet them
 * record   one envelope recipient of a message
 * outbox   exactly the records that are sending or releasing
 * journal  each change of a record's state after it came in; how it came in
 *          is derived from record and message, which saves a row a record
 * batch    numbers for changes ordered together
 * policy   the text of each revision that ever judged
 *
 * Times are milliseconds since 1970 UTC. States are names (state.c).
 *
 * record.key finds a redelivery: eight bytes made of sha256 and recipient
 * (put.c), verified against both. An index on it is a third the size of one
 * on sha256, and does not slow down when one text goes to many.
 */
#include "store/schema.h"

#define STATE_NAMES "('held','deleted','sending','sent','releasing','released','failed')"

/* clang-format off */
static const char version_1[] =
"CREATE TABLE policy ("
"	id INTEGER PRIMARY KEY,"
"	revision TEXT NOT NULL UNIQUE,"
"	text BLOB," /* NULL: a record names it, but it was never put */
"	at INTEGER NOT NULL"
") STRICT;"

"CREATE TABLE message ("
"	id INTEGER PRIMARY KEY,"
"	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
"	size INTEGER NOT NULL,"
"	received_at INTEGER NOT NULL,"
"	instance INTEGER NOT NULL," /* the run of the daemon that took it */
"	intake TEXT NOT NULL,"
"	route TEXT NOT NULL CHECK (route IN ('release','submit')),"
"	truncated INTEGER NOT NULL,"
"	smtputf8 INTEGER NOT NULL,"
"	mail_body TEXT,"
"	ret TEXT,"
"	envid TEXT,"
"	class TEXT NOT NULL,"
"	facts TEXT NOT NULL,"
"	subject TEXT,"
"	message_id TEXT,"
"	original_message_id TEXT,"
"	policy INTEGER REFERENCES policy (id)"
") STRICT;"
"CREATE INDEX message_received ON message (received_at);"
"CREATE INDEX message_original ON message (original_message_id)"
"	WHERE original_message_id IS NOT NULL;"

"CREATE TABLE body ("
"	message INTEGER PRIMARY KEY REFERENCES message (id),"
"	data BLOB NOT NULL"
") STRICT;"

"CREATE TABLE record ("
"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
"	message INTEGER NOT NULL REFERENCES message (id),"
"	key INTEGER NOT NULL,"
"	rcpt BLOB NOT NULL,"
"	domain TEXT,"
"	orcpt TEXT,"
"	notify TEXT,"
"	state TEXT NOT NULL CHECK (state IN " STATE_NAMES "),"
"	verdict TEXT NOT NULL,"
"	rule TEXT NOT NULL,"
"	token BLOB NOT NULL DEFAULT (randomblob(8)),"
"	changed_at INTEGER NOT NULL," /* the state */
"	purged_at INTEGER,"
"	loop_of INTEGER,"
"	relay_reply TEXT,"
"	release_to TEXT"
") STRICT;"
"CREATE INDEX record_message ON record (message);"
"CREATE INDEX record_key ON record (key);"
"CREATE INDEX record_state ON record (state);" /* and id, the rowid: so with all below */
"CREATE INDEX record_domain ON record (domain) WHERE domain IS NOT NULL;"
"CREATE INDEX record_whole ON record (state, changed_at) WHERE purged_at IS NULL;"
"CREATE INDEX record_purged ON record (changed_at) WHERE purged_at IS NOT NULL;"

"CREATE TABLE outbox ("
"	record INTEGER PRIMARY KEY REFERENCES record (id),"
"	due_at INTEGER NOT NULL,"
"	attempts INTEGER NOT NULL DEFAULT 0,"
"	leased_by INTEGER" /* an instance; NULL: free */
") STRICT;"
"CREATE INDEX outbox_due ON outbox (due_at) WHERE leased_by IS NULL;"

"CREATE TABLE batch ("
"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
"	at INTEGER NOT NULL"
") STRICT;"

"CREATE TABLE journal ("
"	record INTEGER NOT NULL REFERENCES record (id),"
"	n INTEGER NOT NULL," /* 1, 2, 3 … of this record */
"	at INTEGER NOT NULL,"
"	who TEXT NOT NULL,"
"	why TEXT,"
"	from_state TEXT NOT NULL CHECK (from_state IN " STATE_NAMES "),"
"	to_state TEXT NOT NULL CHECK (to_state IN " STATE_NAMES "),"
"	batch INTEGER REFERENCES batch (id),"
"	PRIMARY KEY (record, n)"
") STRICT, WITHOUT ROWID;";
/* clang-format on */

const char *const schema_migrations[] = { version_1 };
const int schema_version = sizeof(schema_migrations) / sizeof(schema_migrations[0]);
