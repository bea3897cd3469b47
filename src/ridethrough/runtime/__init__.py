"""The shell around the core: loop, executor, journal and clock."""
