"""Sources: one YAML file for each kind of sender; the ones shipped lie beside this module."""

from workers.sources.arrivals import arrivals
from workers.sources.loading import load, shipped
from workers.sources.model import Reading, Source, Step, Verb

__all__ = ["Reading", "Source", "Step", "Verb", "arrivals", "load", "shipped"]
