import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** An invoice for every recipient that was stopped: BROKER TOPIC DATABASE. */
public final class StoppedInvoices implements ConsumerRebalanceListener {
    private static final String STOPPED = "sendledger.RecipientStopped.v";
    private static final Map<String, Object> SETTINGS = Map.of(
        "group.id", "invoices-java",
        "isolation.level", "read_committed",
        "enable.auto.commit", false,
        "auto.offset.reset", "none",
        "partition.assignment.strategy", CooperativeStickyAssignor.class.getName(),
        "session.timeout.ms", 6_000,
        "heartbeat.interval.ms", 1_500,
        "allow.auto.create.topics", false,
        "key.deserializer", ByteArrayDeserializer.class.getName(),
        "value.deserializer", ByteArrayDeserializer.class.getName());
    private static final ObjectMapper JSON = new ObjectMapper();

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Books books;
    private final Map<TopicPartition, Long> places = new HashMap<>();

    private StoppedInvoices(KafkaConsumer<byte[], byte[]> consumer, Books books) {
        this.consumer = consumer;
        this.books = books;
    }

    public static void main(String[] words) throws Exception {
        if (words.length != 3) {
            System.err.println("Name three things: BROKER TOPIC DATABASE.");
            System.exit(2);
        }
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        Map<String, Object> settings = new HashMap<>(SETTINGS);
        settings.put("bootstrap.servers", words[0]);
        try (Books books = new Books(words[2]);
                KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            stopAtSignals(consumer);
            new StoppedInvoices(consumer, books).run(words[1]);
        } catch (WakeupException told) {
            System.out.println("Stopped.");
        } catch (OffsetOutOfRangeException lost) {
            throw new IllegalStateException("The topic no longer holds what comes next: it was made"
                + " anew, or has lost records. Start over with a new database.", lost);
        }
    }

    private static void stopAtSignals(KafkaConsumer<?, ?> consumer) {
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                main.join(10_000);
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    private void run(String topic) throws IOException, SQLException {
        consumer.subscribe(List.of(topic), this);
        System.out.println("Consuming " + topic + ".");
        while (true) {
            ConsumerRecords<byte[], byte[]> polled = consumer.poll(Duration.ofMillis(200));
            for (TopicPartition each : polled.partitions()) {
                take(each, polled.records(each));
            }
        }
    }

    /** In one transaction. Who was overtaken goes on from where the database says. */
    private void take(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records)
            throws IOException, SQLException {
        List<Books.Invoice> invoices = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> each : records) {
            if (header(each, "ce_type").startsWith(STOPPED)) {
                invoices.add(invoice(each));
            }
        }
        long next = records.get(records.size() - 1).offset() + 1;
        if (books.keep(partition, places.get(partition), next, invoices)) {
            places.put(partition, next);
        } else {
            goOn(List.of(partition));
        }
    }

    private static Books.Invoice invoice(ConsumerRecord<byte[], byte[]> record) throws IOException {
        JsonNode stopped = JSON.readTree(record.value());
        return new Books.Invoice(
            header(record, "ce_source"),
            Long.parseLong(header(record, "ce_entry")),
            header(record, "ce_partitionkey"),
            stopped.get("recipient_id").asText(),
            stopped.get("occurred_at").asText());
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header found = record.headers().lastHeader(name);
        if (found == null) {
            throw new IllegalStateException("Partition " + record.partition() + ", offset "
                + record.offset() + ": no event of a store, it has no " + name + ".");
        }
        return new String(found.value(), StandardCharsets.UTF_8);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        try {
            goOn(partitions);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** From the database's position; what the group says is not asked. */
    private void goOn(Collection<TopicPartition> partitions) throws SQLException {
        Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
        for (TopicPartition each : partitions) {
            long place = books.place(each, first.get(each));
            places.put(each, place);
            consumer.seek(each, place);
        }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        places.keySet().removeAll(partitions);
    }
}
