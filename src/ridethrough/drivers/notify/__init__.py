"""Doors to people and logs: notifications through Apprise, the system's journal, syslog."""
