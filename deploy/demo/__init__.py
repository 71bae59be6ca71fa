"""The demonstration: an invented ministry, province and crises, replayed and then in real time."""
