"""The edge: what the outside talks to."""
