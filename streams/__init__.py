"""What arrives and is counted: mentions, Vietnamese text, matching, windows, the Kafka stream."""
