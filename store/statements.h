/*
 * statements.h: every SQL statement but the migrations and the pragmas of
 * open.c, by name.
 *
 * All are prepared when the store opens, so a typo dies at start-up.
 * Parameters are bound in the order of their numbers, columns are read in the
 * order written. INDEXED BY pins what was measured: without statistics the
 * planner guesses, and a wrong guess is a scan of everything.
 */
#ifndef STORE_STATEMENTS_H
#define STORE_STATEMENTS_H

/* clang-format off */

/* What store_record holds, in the order read.c reads it. */
#define RECORD_COLUMNS \
	"record.id, record.message, record.state, record.rcpt, record.domain, record.orcpt," \
	" record.notify, record.verdict, record.rule, policy.revision, message.intake," \
	" message.class, message.facts, message.subject, message.message_id," \
	" message.original_message_id, message.mail_body, message.ret, message.envid," \
	" record.relay_reply, record.release_to, message.smtputf8, message.truncated," \
	" coalesce(record.route, 'release'), message.size, message.received_at, record.changed_at," \
	" record.purged_at, record.loop_of, outbox.attempts, record.proof, message.error_code," \
	" record.copy_of, record.storm, record.no_diagnostics, record.returned"

/* One branch of the merge that lists several states newest first without sorting. */
#define PICK_STATE(name) \
	"SELECT id FROM record INDEXED BY record_state" \
	" WHERE state = '" name "' AND instr(?1, '/" name "/') AND id < ?2 AND id >= ?3"

/* Stands in the journal before the rule that decided until then (rejudge.c). */
#define REJUDGED_BEFORE "; before: "

#define STATEMENTS(X) \
	X(BEGIN, "BEGIN IMMEDIATE") \
	X(COMMIT, "COMMIT") \
	X(ROLLBACK, "ROLLBACK") \
	X(SNAPSHOT, "BEGIN") \
	X(SAVE_CALLER, "SAVEPOINT caller") \
	X(RELEASE_CALLER, "RELEASE caller") \
	X(UNDO_CALLER, "ROLLBACK TO caller") \
	X(SAVE_STEP, "SAVEPOINT step") \
	X(RELEASE_STEP, "RELEASE step") \
	X(UNDO_STEP, "ROLLBACK TO step") \
	\
	X(PAGES_ALL, "PRAGMA page_count") \
	X(PAGES_FREE, "PRAGMA freelist_count") \
	X(PAGES_GIVE_BACK, "PRAGMA incremental_vacuum(2048)") \
	\
	X(POLICY_FIND, "SELECT id, text IS NOT NULL AND observes IS NOT NULL FROM policy WHERE revision = ?1") \
	X(POLICY_ADD, \
	  "INSERT INTO policy (revision, text, observes, at) VALUES (?1, ?2, ?3, ?4)" \
	  " ON CONFLICT (revision) DO UPDATE SET text = excluded.text," \
	  " observes = excluded.observes, at = excluded.at" \
	  " WHERE policy.text IS NULL OR policy.observes IS NULL") \
	X(HIT, \
	  "SELECT record.id, record.state, message.instance" \
	  " FROM record INDEXED BY record_key" \
	  " CROSS JOIN message ON message.id = record.message" \
	  " WHERE record.key = ?1 AND record.rcpt = ?2 AND message.sha256 = ?3" \
	  " AND message.received_at > ?4 ORDER BY record.id DESC LIMIT 1") \
	X(TRACE_MATCH, "SELECT 1 FROM record WHERE id = ?1 AND token = ?2") \
	X(MESSAGE_ADD, \
	  "INSERT INTO message (sha256, size, received_at, instance, intake, truncated," \
	  " smtputf8, mail_body, ret, envid, class, facts, subject, message_id," \
	  " original_message_id, policy, client, error_code)" \
	  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17," \
	  " ?18)") \
	X(BODY_ADD, "INSERT INTO body (message, data) VALUES (?1, ?2)") \
	X(SIDECAR_LIST, \
	  "SELECT sidecar.name, sidecar.data FROM record" \
	  " JOIN sidecar ON sidecar.message = record.message WHERE record.id = ?1" \
	  " ORDER BY sidecar.name") \
	X(SIDECAR_ADD, "INSERT INTO sidecar (message, name, data) VALUES (?1, ?2, ?3)") \
	X(ROUTE_OF, "SELECT coalesce(route, 'release') FROM record WHERE id = ?1") \
	X(RECORD_ADD, \
	  "INSERT INTO record (message, key, rcpt, domain, orcpt, notify, state, verdict, rule," \
	  " changed_at, loop_of, route, proof, copy_of, no_diagnostics, returned)" \
	  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)") \
	\
	X(EVENT_BACK, "SELECT n, at FROM event WHERE key = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2") \
	X(EVENT_GET, "SELECT at, record FROM event WHERE key = ?1 AND n = ?2") \
	X(EVENT_ADD, \
	  "INSERT INTO event (key, n, at, until, record, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
	X(EVENT_TRIM, "DELETE FROM event WHERE key = ?1 AND n <= ?2") \
	X(EVENT_DROP_VALUE, "DELETE FROM event INDEXED BY event_value WHERE key = ?1 AND value = ?2") \
	X(EVENT_OLD, "SELECT 1 FROM event INDEXED BY event_until WHERE until < ?1 LIMIT 1") \
	X(EVENT_FORGET, \
	  "DELETE FROM event WHERE (key, n) IN (SELECT key, n FROM event INDEXED BY event_until" \
	  " WHERE until < ?1 ORDER BY until LIMIT ?2)") \
	X(HARVESTER_OLD, \
	  "SELECT 1 FROM harvester INDEXED BY harvester_until WHERE until < ?1 LIMIT 1") \
	X(HARVESTER_FORGET, \
	  "DELETE FROM harvester WHERE (client, rule) IN (SELECT client, rule" \
	  " FROM harvester INDEXED BY harvester_until WHERE until < ?1 ORDER BY until LIMIT ?2)") \
	X(HARVESTER_MARK, \
	  "INSERT INTO harvester (client, rule, first_at, last_at, until, recipients," \
	  " notifications) VALUES (?1, ?2, ?3, ?3, ?4, ?5, 1)" \
	  " ON CONFLICT (client, rule) DO UPDATE SET last_at = excluded.last_at," \
	  " first_at = CASE WHEN until > ?3 THEN first_at ELSE excluded.first_at END," \
	  " recipients = CASE WHEN until > ?3 THEN recipients + ?6 ELSE excluded.recipients END," \
	  " notifications = CASE WHEN until > ?3 THEN notifications ELSE 1 END," \
	  " until = max(until, excluded.until)") \
	X(HARVESTER_NOTE, \
	  "UPDATE harvester SET notifications = notifications + 1, last_at = ?3" \
	  " WHERE client = ?1 AND rule = ?2 AND until > ?3") \
	X(HARVESTER_LIST, \
	  "SELECT client, rule, first_at, last_at, until, recipients, notifications" \
	  " FROM harvester WHERE until > ?1 ORDER BY client, rule") \
	X(STORM_FIND, \
	  "SELECT id, last_at FROM storm INDEXED BY storm_key WHERE key = ?1" \
	  " ORDER BY id DESC LIMIT 1") \
	X(STORM_ADD, \
	  "INSERT INTO storm (key, rule, shared, began_at, last_at, members)" \
	  " VALUES (?1, ?2, ?3, ?4, ?4, 0)") \
	X(STORM_ATTACH, \
	  "UPDATE record SET storm = ?1 WHERE storm IS NULL AND id IN" \
	  " (SELECT record FROM event WHERE key = ?2 AND n >= ?3 AND at > ?4)") \
	X(STORM_BEGIN, \
	  "UPDATE storm SET members = ?2, began_at = min(began_at, coalesce(" \
	  "(SELECT at FROM event WHERE key = ?3 AND n = ?4), began_at)) WHERE id = ?1") \
	X(STORM_MEMBER, "UPDATE record SET storm = ?2 WHERE id = ?1") \
	X(STORM_GROW, \
	  "UPDATE storm SET last_at = max(last_at, ?2), members = members + 1 WHERE id = ?1") \
	X(STORM_GET, \
	  "SELECT id, rule, shared, began_at, last_at, members FROM storm WHERE id = ?1") \
	X(STORM_LIST, \
	  "SELECT id, rule, shared, began_at, last_at, members FROM storm" \
	  " ORDER BY id DESC LIMIT ?1") \
	X(STORM_REMOVE, \
	  "DELETE FROM storm WHERE id = ?1 AND NOT EXISTS" \
	  " (SELECT 1 FROM record INDEXED BY record_storm WHERE record.storm = ?1)") \
	X(PICK_STORM, \
	  "SELECT id FROM record INDEXED BY record_storm" \
	  " WHERE storm = ?5 AND id < ?2 AND id >= ?3" \
	  " AND (?1 IS NULL OR instr(?1, '/' || state || '/')) ORDER BY id DESC LIMIT ?4") \
	\
	X(PICK_ALL, \
	  "SELECT id FROM record NOT INDEXED WHERE id < ?2 AND id >= ?3 AND ?1 IS NULL" \
	  " ORDER BY id DESC LIMIT ?4") \
	X(PICK_STATES, \
	  PICK_STATE("held") " UNION ALL " PICK_STATE("deleted") " UNION ALL " \
	  PICK_STATE("sending") " UNION ALL " PICK_STATE("sent") " UNION ALL " \
	  PICK_STATE("releasing") " UNION ALL " PICK_STATE("released") " UNION ALL " \
	  PICK_STATE("failed") " ORDER BY id DESC LIMIT ?4") \
	X(PICK_DOMAIN, \
	  "SELECT id FROM record INDEXED BY record_domain" \
	  " WHERE domain = ?5 AND id < ?2 AND id >= ?3" \
	  " AND (?1 IS NULL OR instr(?1, '/' || state || '/')) ORDER BY id DESC LIMIT ?4") \
	X(PICK_ORIGINAL, \
	  "SELECT record.id FROM message INDEXED BY message_original" \
	  " CROSS JOIN record INDEXED BY record_message ON record.message = message.id" \
	  " WHERE message.original_message_id IN (?5, '<' || ?5 || '>')" \
	  " AND record.id < ?2 AND record.id >= ?3" \
	  " AND (?1 IS NULL OR instr(?1, '/' || record.state || '/'))" \
	  " ORDER BY record.id DESC LIMIT ?4") \
	X(FIRST_SINCE, \
	  "SELECT id FROM record INDEXED BY record_message WHERE message >=" \
	  " (SELECT min(id) FROM message INDEXED BY message_received WHERE received_at >= ?1)" \
	  " ORDER BY message, id LIMIT 1") \
	X(RECORD_GET, \
	  "SELECT " RECORD_COLUMNS " FROM record" \
	  " JOIN message ON message.id = record.message" \
	  " LEFT JOIN policy ON policy.id = message.policy" \
	  " LEFT JOIN outbox ON outbox.record = record.id WHERE record.id = ?1") \
	X(BODY_OF, \
	  "SELECT message FROM record WHERE id = ?1 AND purged_at IS NULL") \
	X(ARRIVAL, \
	  "SELECT message.received_at, coalesce((SELECT substr(why, instr(why, '" REJUDGED_BEFORE "')" \
	  " + length('" REJUDGED_BEFORE "')) FROM journal WHERE record = ?1 AND who = 'policy'" \
	  " AND instr(why, '" REJUDGED_BEFORE "') ORDER BY n LIMIT 1), record.rule), coalesce((SELECT from_state FROM journal" \
	  " WHERE record = ?1 ORDER BY n LIMIT 1), record.state)" \
	  " FROM record JOIN message ON message.id = record.message WHERE record.id = ?1") \
	X(JOURNAL_LIST, \
	  "SELECT at, coalesce(batch, 0), who, why, from_state, to_state" \
	  " FROM journal WHERE record = ?1 ORDER BY n") \
	\
	X(JOURNAL_ADD, \
	  "INSERT INTO journal (record, n, at, who, why, from_state, to_state, batch)" \
	  " SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7" \
	  " FROM journal WHERE record = ?1") \
	X(STATE_SET, "UPDATE record SET state = ?3, changed_at = ?4 WHERE id = ?1 AND state = ?2") \
	X(BATCH_ADD, "INSERT INTO batch (at) VALUES (?1)") \
	X(CHANGE_LOOK, \
	  "SELECT state, purged_at IS NOT NULL, length(rcpt) > 0 AND NOT instr(rcpt, x'00')" \
	  " FROM record WHERE id = ?1") \
	X(RELEASE_TO_SET, "UPDATE record SET release_to = ?2 WHERE id = ?1") \
	X(REPLY_SET, "UPDATE record SET relay_reply = ?2 WHERE id = ?1") \
	\
	X(OUTBOX_ADD, \
	  "INSERT INTO outbox (record, due_at, route)" \
	  " SELECT id, ?2, coalesce(route, 'release') FROM record WHERE id = ?1") \
	X(OUTBOX_DUE, \
	  "SELECT record FROM outbox INDEXED BY outbox_due" \
	  " WHERE leased_by IS NULL AND route = ?1 AND due_at <= ?2" \
	  " ORDER BY due_at, record LIMIT ?3") \
	X(OUTBOX_NEXT, \
	  "SELECT due_at FROM outbox INDEXED BY outbox_due" \
	  " WHERE leased_by IS NULL AND route = ?1 ORDER BY due_at LIMIT 1") \
	X(OUTBOX_ROUTES, "SELECT route, count(*) FROM outbox GROUP BY route ORDER BY route") \
	X(LEASE_SET, "UPDATE outbox SET leased_by = ?2 WHERE record = ?1 AND leased_by IS NULL") \
	X(LEASE_GET, \
	  "SELECT record.token, coalesce(record.release_to, record.rcpt)," \
	  " record.release_to IS NOT NULL, record.orcpt, record.notify, message.mail_body," \
	  " message.ret, message.envid, message.smtputf8, message.truncated," \
	  " outbox.attempts, message.size, message.received_at, record.no_diagnostics," \
	  " record.returned" \
	  " FROM record JOIN message ON message.id = record.message" \
	  " JOIN outbox ON outbox.record = record.id WHERE record.id = ?1") \
	X(LEASE_FIND, \
	  "SELECT record.state FROM outbox JOIN record ON record.id = outbox.record" \
	  " WHERE outbox.record = ?1 AND outbox.leased_by = ?2") \
	X(LEASE_STALE, \
	  "SELECT outbox.record, record.state" \
	  " FROM outbox CROSS JOIN record ON record.id = outbox.record" \
	  " WHERE outbox.leased_by IS NOT NULL AND outbox.leased_by <> ?1" \
	  " AND outbox.record > ?2 ORDER BY outbox.record LIMIT 1") \
	X(LEASE_CLEAR, "UPDATE outbox SET leased_by = NULL WHERE record = ?1") \
	X(OUTBOX_RETRY, \
	  "UPDATE outbox SET leased_by = NULL, attempts = attempts + 1, due_at = ?2" \
	  " WHERE record = ?1") \
	X(OUTBOX_REMOVE, "DELETE FROM outbox WHERE record = ?1") \
	\
	X(WAITING_LOOK, \
	  "SELECT outbox.record, outbox.leased_by IS NULL AND record.state = 'sending'" \
	  " AND record.copy_of IS NULL AND " NOT_OURS \
	  " AND policy.revision IS NOT ?1" \
	  " FROM outbox NOT INDEXED CROSS JOIN record ON record.id = outbox.record" \
	  " CROSS JOIN message ON message.id = record.message" \
	  " LEFT JOIN policy ON policy.id = message.policy" \
	  " WHERE outbox.record > ?2 ORDER BY outbox.record LIMIT ?3") \
	X(WAITING_RULE, \
	  "SELECT record.rule FROM outbox JOIN record ON record.id = outbox.record" \
	  " WHERE outbox.record = ?1 AND outbox.leased_by IS NULL AND record.state = 'sending'") \
	X(VERDICT_SET, "UPDATE record SET verdict = ?2, rule = ?3, proof = ?4 WHERE id = ?1") \
	X(SHORTEN, \
	  "UPDATE record SET no_diagnostics = max(no_diagnostics, ?2)," \
	  " returned = CASE WHEN ?3 IS NULL OR returned = 'none' THEN returned ELSE ?3 END," \
	  " route = coalesce(route, '" STORE_ROUTE_SUBMIT "')" \
	  " WHERE id = ?1 AND (no_diagnostics < ?2 OR" \
	  " (?3 IS NOT NULL AND coalesce(returned, '') NOT IN ('none', ?3)))") \
	X(OUTBOX_REROUTE, \
	  "UPDATE outbox SET route = (SELECT coalesce(route, 'release') FROM record WHERE id = ?1)" \
	  " WHERE record = ?1") \
	\
	X(PURGE_PICK, \
	  "SELECT id, message, 0 FROM record INDEXED BY record_whole" \
	  " WHERE state = ?1 AND purged_at IS NULL AND changed_at < ?2" \
	  " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.record = record.id)" \
	  " ORDER BY changed_at LIMIT ?3") \
	X(PURGE_COUNT, \
	  "WITH candidate AS MATERIALIZED (SELECT id, message FROM record INDEXED BY record_whole" \
	  "  WHERE purged_at IS NULL AND instr(?1, '/' || state || '/') AND changed_at < ?2" \
	  "  AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.record = record.id) LIMIT ?3)" \
	  " SELECT (SELECT count(*) FROM candidate)," \
	  " (SELECT coalesce(sum(length(body.data)), 0) FROM body" \
	  "  WHERE message IN (SELECT message FROM candidate)" \
	  "  AND NOT EXISTS (SELECT 1 FROM record WHERE record.message = body.message" \
	  "   AND purged_at IS NULL AND id NOT IN (SELECT id FROM candidate)))") \
	X(PURGE_SET, "UPDATE record SET purged_at = ?2 WHERE id = ?1 AND purged_at IS NULL") \
	X(BODY_UNUSED, \
	  "SELECT length(data) FROM body WHERE message = ?1 AND NOT EXISTS" \
	  " (SELECT 1 FROM record WHERE record.message = ?1 AND purged_at IS NULL)") \
	X(BODY_REMOVE, "DELETE FROM body WHERE message = ?1") \
	X(SIDECAR_REMOVE, "DELETE FROM sidecar WHERE message = ?1") \
	X(FORGET_PICK, \
	  "SELECT id, message, coalesce(storm, 0) FROM record INDEXED BY record_purged" \
	  " WHERE purged_at IS NOT NULL AND changed_at < ?1" \
	  " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.record = record.id)" \
	  " ORDER BY changed_at LIMIT ?2") \
	X(JOURNAL_REMOVE, "DELETE FROM journal WHERE record = ?1") \
	X(RECORD_REMOVE, "DELETE FROM record WHERE id = ?1") \
	X(MESSAGE_REMOVE, \
	  "DELETE FROM message WHERE id = ?1" \
	  " AND NOT EXISTS (SELECT 1 FROM record WHERE record.message = ?1)") \
	\
	X(STATS_STATE, STATS("record.state")) \
	X(STATS_CLASS, STATS("message.class")) \
	X(STATS_DOMAIN, STATS("coalesce(record.domain, '')")) \
	X(STATS_RULE, STATS("record.rule")) \
	X(STATS_VERDICT, STATS("record.verdict")) \
	X(STATS_ERROR_CODE, \
	  "SELECT message.error_code AS name, count(*) AS records," \
	  " sum(CASE WHEN record.purged_at IS NULL THEN message.size ELSE 0 END)" \
	  " FROM message INDEXED BY message_code" \
	  " JOIN record INDEXED BY record_message ON record.message = message.id" \
	  " WHERE message.error_code IS NOT NULL" \
	  " GROUP BY name ORDER BY records DESC, name LIMIT ?1") \
	X(STATS_OBSERVED, \
	  "SELECT record.verdict AS name, count(*) AS records," \
	  " sum(CASE WHEN record.purged_at IS NULL THEN message.size ELSE 0 END)" \
	  " FROM record NOT INDEXED CROSS JOIN message ON message.id = record.message" \
	  " CROSS JOIN policy ON policy.id = message.policy AND policy.observes" \
	  " WHERE record.loop_of IS NULL AND record.copy_of IS NULL" \
	  " AND " NOT_OURS \
	  " GROUP BY name ORDER BY records DESC, name LIMIT ?1") \
	\
	X(COPIES_SINCE, \
	  "SELECT count(*) FROM message INDEXED BY message_copy" \
	  " WHERE class = 'copy' AND received_at > ?1") \
	X(RECORD_LAST, "SELECT max(id) FROM record") \
	X(DIGEST_COUNTS, \
	  "SELECT message.class, record.verdict, record.state, count(*)" DIGEST_FROM \
	  " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3") \
	X(DIGEST_DOMAINS, DIGEST_TOP("coalesce(record.domain, '')")) \
	X(DIGEST_STATUSES, DIGEST_TOP("coalesce(" FACT("$.recipients[0].status") ", '')")) \
	X(DIGEST_HELD, \
	  "SELECT record.id, message.received_at, record.rcpt," \
	  " " FACT("$.recipients[0].status") ", " FACT("$.recipients[0].final") "," \
	  " " FACT("$.original.from") "," \
	  " coalesce(" FACT("$.original.subject") ", message.subject)" \
	  " FROM record INDEXED BY record_state CROSS JOIN message" \
	  " ON message.id = record.message WHERE record.state = 'held'" \
	  " AND record.id BETWEEN ?1 AND ?2 AND message.received_at >= ?3 AND " NOT_OURS \
	  " ORDER BY record.id DESC LIMIT ?4") \
	X(DIGEST_HELD_ALL, \
	  "SELECT count(*) FROM record INDEXED BY record_state WHERE state = 'held'") \
	X(DIGEST_COPIES, \
	  "SELECT coalesce(sum(record.state IN ('sent', 'released')), 0)," \
	  " coalesce(sum(record.state IN ('sending', 'releasing')), 0)," \
	  " coalesce(sum(record.state = 'failed'), 0)" \
	  " FROM record NOT INDEXED CROSS JOIN message ON message.id = record.message" \
	  " WHERE record.id BETWEEN ?1 AND ?2 AND message.received_at >= ?3" \
	  " AND message.class = 'copy'") \
	X(DIGEST_STORMS, \
	  "SELECT id, rule, shared, began_at, last_at, members FROM storm INDEXED BY storm_last" \
	  " WHERE last_at >= ?1 AND began_at < ?2 ORDER BY members DESC, id LIMIT ?3") \
	X(DIGEST_LATEST, \
	  "SELECT from_at, until_at, last_id FROM digest ORDER BY until_at DESC LIMIT 1") \
	X(DIGEST_ADD, \
	  "INSERT INTO digest (from_at, until_at, last_id, record) SELECT ?1, ?2, ?3, ?4" \
	  " WHERE NOT EXISTS (SELECT 1 FROM digest WHERE until_at >= ?2)") \
	X(DIGEST_LEFT_OUT, \
	  "SELECT count(*) FROM journal CROSS JOIN record ON record.id = journal.record" \
	  " CROSS JOIN message ON message.id = record.message" \
	  " WHERE journal.record BETWEEN ?1 AND ?2 AND journal.why = ?4" \
	  " AND message.received_at >= ?3")

#define STATS(key) \
	"SELECT " key " AS name, count(*) AS records," \
	" sum(CASE WHEN record.purged_at IS NULL THEN message.size ELSE 0 END)" \
	" FROM record NOT INDEXED CROSS JOIN message ON message.id = record.message" \
	" WHERE " NOT_OURS " GROUP BY name ORDER BY records DESC, name LIMIT ?1"

/* What ndrq wrote itself is no notification, and nowhere counted as one. */
#define NOT_OURS "message.class NOT IN ('copy', 'digest')"

/* The records of a stretch (digest.h), by id. */
#define DIGEST_FROM \
	" FROM record NOT INDEXED CROSS JOIN message ON message.id = record.message" \
	" WHERE record.id BETWEEN ?1 AND ?2 AND message.received_at >= ?3 AND " NOT_OURS

#define DIGEST_TOP(key) \
	"SELECT " key " AS name, count(*) AS records, sum(record.state = 'held')" DIGEST_FROM \
	" GROUP BY name ORDER BY records DESC, name LIMIT ?4"

/* A fact; NULL where it is not said. */
#define FACT(path) \
	"CASE WHEN json_valid(message.facts) THEN json_extract(message.facts, '" path "') END"

/* clang-format on */

#endif
