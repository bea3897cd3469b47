"""The simulated site against what the laboratory saw."""
