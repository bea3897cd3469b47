"""The history of the UPSs' readings."""
