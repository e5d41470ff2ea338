"""The stream's topics in Kafka: created and verified, written exactly once, and read."""
