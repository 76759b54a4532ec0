"""One frozen `Settings`, from one YAML file and the environment."""

from workers.settings.loading import load, shipped
from workers.settings.model import Endpoint, Portal, Settings, Sync, Written
from workers.settings.notices import Notices, Smtp, Target

__all__ = [
    "Endpoint",
    "Notices",
    "Portal",
    "Settings",
    "Smtp",
    "Sync",
    "Target",
    "Written",
    "load",
    "shipped",
]
