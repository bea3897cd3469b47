"""The upsd of this machine: a UPS on its USB or serial port, written into NUT's files, started and read back."""
