"""The learner model's rules: pure functions of a snapshot and the present time."""
