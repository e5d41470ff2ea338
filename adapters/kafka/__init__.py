"""The stream's topics in Kafka: made and verified, written exactly once, and read."""
