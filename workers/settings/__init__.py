"""One frozen `Settings`, from one YAML file and the environment."""

from workers.settings.loading import load, shipped
from workers.settings.model import Endpoint, Portal, Settings, Written
from workers.settings.notices import Notices, Smtp, Target

__all__ = [
    "Endpoint",
    "Notices",
    "Portal",
    "Settings",
    "Smtp",
    "Target",
    "Written",
    "load",
    "shipped",
]
