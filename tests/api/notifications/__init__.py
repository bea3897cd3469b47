"""Notifications, from the journal to the wire."""
