"""The rules of browsing: pure functions of the curriculum and a snapshot of the learner."""
