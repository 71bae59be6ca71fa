"""What decides: pure detectors, alert decisions and events."""
