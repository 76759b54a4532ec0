"""One frozen `Settings`, from one YAML file and the environment."""

from workers.settings.loading import load, shipped
from workers.settings.model import Endpoint, Portal, Settings, Written

__all__ = ["Endpoint", "Portal", "Settings", "Written", "load", "shipped"]
