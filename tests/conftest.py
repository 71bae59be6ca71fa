"""What every test may use: the fixtures of ``tests/support``."""

pytest_plugins = ["kafka_support", "store_support"]
