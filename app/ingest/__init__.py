"""The HTTP door: verifies a delivery, keeps its events, and only then says so."""
