"""From what a UPS says to a reading, whichever way it was asked. Pure."""
