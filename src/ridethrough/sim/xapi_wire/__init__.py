"""XenAPI as it travels: names, kinds, envelopes, sockets, sessions, records and events."""
