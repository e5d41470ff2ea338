"""The inbox's statements, with ``%s`` for values as in psycopg."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS inbox_positions (
        consumer text NOT NULL, topic text NOT NULL, partition integer NOT NULL,
        next_offset bigint NOT NULL, entry bigint NOT NULL,
        PRIMARY KEY (consumer, topic, partition))""",
    """CREATE TABLE IF NOT EXISTS inbox_dead_letters (
        consumer text NOT NULL, topic text NOT NULL, partition integer NOT NULL,
        record_offset bigint NOT NULL, error text NOT NULL, attempts integer NOT NULL,
        passed boolean NOT NULL, told_at text NOT NULL,
        key {octets}, headers text NOT NULL, value {octets},
        PRIMARY KEY (consumer, topic, partition, record_offset))""",
)
POSITION = (
    "SELECT next_offset, entry FROM inbox_positions "
    "WHERE consumer = %s AND topic = %s AND partition = %s"
)
PLACE = (
    "INSERT INTO inbox_positions (consumer, topic, partition, next_offset, entry) "
    "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
MOVE = (
    "UPDATE inbox_positions SET next_offset = %s, entry = %s "
    "WHERE consumer = %s AND topic = %s AND partition = %s AND next_offset = %s"
)
LEAVE = "DELETE FROM inbox_positions WHERE consumer = %s AND topic = %s"
BURY = (
    "INSERT INTO inbox_dead_letters (consumer, topic, partition, record_offset, error, attempts, "
    "passed, told_at, key, headers, value) VALUES (%s, %s, %s, %s, %s, 1, %s, %s, %s, %s, %s) "
    "ON CONFLICT (consumer, topic, partition, record_offset) DO UPDATE SET "
    "attempts = inbox_dead_letters.attempts + 1, error = excluded.error, "
    "passed = excluded.passed, told_at = excluded.told_at"
)
REVIVE = (
    "DELETE FROM inbox_dead_letters WHERE consumer = %s AND topic = %s AND partition = %s "
    "AND record_offset >= %s AND record_offset < %s"
)
IS_BURIED = (
    "SELECT 1 FROM inbox_dead_letters WHERE consumer = %s AND topic = %s AND partition = %s "
    "AND record_offset >= %s AND NOT passed"
)
BURIED = (
    "SELECT topic, partition, record_offset, key, headers, value, error, attempts, passed "
    "FROM inbox_dead_letters WHERE consumer = %s ORDER BY topic, partition, record_offset"
)
