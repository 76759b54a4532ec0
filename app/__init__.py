"""The edge: what the outside talks to."""

__version__ = "0.1.0"
