"""YAML and JSON files that people write: what is wrong is told with its line."""
