"""Real press archives as input: their format into mentions."""
