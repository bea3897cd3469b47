"""Doors to real equipment; they do not know each other."""
