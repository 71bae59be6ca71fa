"""What goes out: HTTP API, projector, signed webhooks, console."""
