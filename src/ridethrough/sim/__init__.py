"""A whole site in memory: utility power, UPSs, hosts and guests that behave as real ones were seen to."""
