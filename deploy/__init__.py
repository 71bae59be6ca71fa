"""How the parts run together: the haidang command, embedded Kafka, the demo."""
