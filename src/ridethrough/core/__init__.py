"""Decisions: pure functions of time, snapshot, memory and site."""
