"""What the cards of the simulated site answer on the wire, family by family."""
