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
 * sidecar  what came beside the bytes (a Badmail's .bdr and .bdp)
 * event    what the counting rules of policy count, for as long as their window
 * storm    a group of records that share something, made by a counting rule
 * harvester a client that tried many recipients that do not exist
 * digest   the periods the postmaster has had a digest of
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

/* A record has its own route, since policy may have it altered on its way out; NULL is "release". */
static const char version_2[] =
"CREATE TABLE storm ("
"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
"	key INTEGER NOT NULL," /* of event: rule and what is shared */
"	rule TEXT NOT NULL,"
"	shared TEXT NOT NULL,"
"	began_at INTEGER NOT NULL,"
"	last_at INTEGER NOT NULL,"
"	members INTEGER NOT NULL"
") STRICT;"
"CREATE INDEX storm_key ON storm (key);"
"CREATE INDEX storm_last ON storm (last_at);"

"CREATE TABLE event ("
"	key INTEGER NOT NULL," /* a hash of the rule's name and what is shared */
"	n INTEGER NOT NULL," /* 1, 2, 3 … of this key */
"	at INTEGER NOT NULL,"
"	until INTEGER NOT NULL," /* then it is out of the window */
"	record INTEGER," /* NULL: of a value */
"	value INTEGER," /* of those who count different values: its hash */
"	PRIMARY KEY (key, n)"
") STRICT, WITHOUT ROWID;"
"CREATE UNIQUE INDEX event_value ON event (key, value) WHERE value IS NOT NULL;"
"CREATE INDEX event_until ON event (until);"

"CREATE TABLE harvester ("
"	client TEXT NOT NULL,"
"	rule TEXT NOT NULL,"
"	first_at INTEGER NOT NULL,"
"	last_at INTEGER NOT NULL,"
"	until INTEGER NOT NULL,"
"	recipients INTEGER NOT NULL," /* different ones, since it is marked */
"	notifications INTEGER NOT NULL,"
"	PRIMARY KEY (client, rule)"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX harvester_until ON harvester (until);"

"CREATE TABLE digest ("
"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
"	from_at INTEGER NOT NULL,"
"	until_at INTEGER NOT NULL UNIQUE,"
"	last_id INTEGER NOT NULL," /* the last record it told of */
"	record INTEGER" /* NULL: there was nothing to say */
") STRICT;"

"CREATE TABLE sidecar ("
"	message INTEGER NOT NULL REFERENCES message (id),"
"	name TEXT NOT NULL,"
"	data BLOB NOT NULL,"
"	PRIMARY KEY (message, name)"
") STRICT, WITHOUT ROWID;"

"ALTER TABLE policy ADD COLUMN observes INTEGER;" /* NULL: not known */
"ALTER TABLE message ADD COLUMN client TEXT;" /* the border's, of the returned message */
"ALTER TABLE message ADD COLUMN error_code TEXT;" /* of a Badmail */
"ALTER TABLE record ADD COLUMN route TEXT;"
"ALTER TABLE record ADD COLUMN proof TEXT CHECK (proof IN ('proved','forged'));"
"ALTER TABLE record ADD COLUMN storm INTEGER REFERENCES storm (id);"
"ALTER TABLE record ADD COLUMN copy_of INTEGER;"
"ALTER TABLE record ADD COLUMN returned TEXT CHECK (returned IN ('headers','none'));"
"ALTER TABLE record ADD COLUMN no_diagnostics INTEGER NOT NULL DEFAULT 0;"
"UPDATE record SET route = 'submit'"
"	WHERE message IN (SELECT id FROM message WHERE route = 'submit');"
"ALTER TABLE message DROP COLUMN route;"
"CREATE INDEX record_storm ON record (storm) WHERE storm IS NOT NULL;"
"CREATE INDEX message_code ON message (error_code) WHERE error_code IS NOT NULL;"
"CREATE INDEX message_copy ON message (received_at) WHERE class = 'copy';"

"ALTER TABLE outbox ADD COLUMN route TEXT NOT NULL DEFAULT 'release';"
"UPDATE outbox SET route = coalesce((SELECT route FROM record WHERE id = outbox.record), route);"
"DROP INDEX outbox_due;"
"CREATE INDEX outbox_due ON outbox (route, due_at) WHERE leased_by IS NULL;";
/* clang-format on */

const char *const schema_migrations[] = { version_1, version_2 };
const int schema_version = sizeof(schema_migrations) / sizeof(schema_migrations[0]);
