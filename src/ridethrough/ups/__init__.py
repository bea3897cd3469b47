"""What every way to ask a UPS shares: how it is named, and what becomes of an answer. Pure."""
