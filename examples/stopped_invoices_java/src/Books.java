import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.apache.kafka.common.TopicPartition;

/** Invoices, and how far the topic was read, in one SQLite file and in the same transactions. */
final class Books implements AutoCloseable {
    record Invoice(String source, long entry, String workspace, String recipient, String stoppedAt) {}

    private static final int PRICE = 12;
    private static final List<String> TABLES = List.of(
        """
        CREATE TABLE IF NOT EXISTS invoices (
            source text, entry bigint, workspace text, recipient text, stopped_at text, cents integer,
            PRIMARY KEY (source, entry))""",
        """
        CREATE TABLE IF NOT EXISTS positions (
            topic text, partition integer, next_offset bigint, PRIMARY KEY (topic, partition))""");

    private final Connection connection;

    Books(String path) throws SQLException {
        connection = DriverManager.getConnection(
            "jdbc:sqlite:" + path + "?journal_mode=WAL&busy_timeout=30000&transaction_mode=IMMEDIATE");
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            for (String each : TABLES) {
                statement.execute(each);
            }
        }
        connection.commit();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    /** The offset that comes next; that of the partition's first record where nobody was before. */
    long place(TopicPartition partition, long first) throws SQLException {
        try (PreparedStatement begin = connection.prepareStatement(
                    "INSERT INTO positions VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
                PreparedStatement ask = connection.prepareStatement(
                    "SELECT next_offset FROM positions WHERE topic = ? AND partition = ?")) {
            fill(begin, partition.topic(), partition.partition(), first).executeUpdate();
            try (ResultSet found = fill(ask, partition.topic(), partition.partition()).executeQuery()) {
                return found.getLong(1);
            }
        } finally {
            connection.commit();
        }
    }

    /** False, and nothing is kept, when another process has moved the position meanwhile. */
    boolean keep(TopicPartition partition, long before, long after, List<Invoice> invoices)
            throws SQLException {
        try (PreparedStatement move = connection.prepareStatement(
                    "UPDATE positions SET next_offset = ? "
                    + "WHERE topic = ? AND partition = ? AND next_offset = ?");
                PreparedStatement insert = connection.prepareStatement(
                    "INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?)")) {
            int moved = fill(
                move, after, partition.topic(), partition.partition(), before).executeUpdate();
            for (Invoice each : moved == 1 ? invoices : List.<Invoice>of()) {
                fill(insert, each.source(), each.entry(), each.workspace(), each.recipient(),
                    each.stoppedAt(), PRICE).executeUpdate();
            }
            connection.commit();
            return moved == 1;
        } catch (SQLException failed) {
            connection.rollback();
            throw failed;
        }
    }

    private static PreparedStatement fill(PreparedStatement statement, Object... values)
            throws SQLException {
        for (int number = 0; number < values.length; number++) {
            statement.setObject(number + 1, values[number]);
        }
        return statement;
    }
}
