"""What members type into /start, read leniently: pure functions."""
