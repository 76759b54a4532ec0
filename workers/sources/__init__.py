"""Sources: one YAML file for each kind of sender; the ones shipped lie beside this module."""

from workers.sources.arrivals import arrivals
from workers.sources.loading import load, shipped
from workers.sources.model import Reading, Source, Step, Verb
from workers.sources.schema import json_schema

__all__ = ["Reading", "Source", "Step", "Verb", "arrivals", "json_schema", "load", "shipped"]
