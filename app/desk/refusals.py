"""Why a request of an operator is not done; each is told as it stands."""

from workers.errors import Permanent


class Missing(Permanent):
    """Raised when what is asked about is not kept, or is not for whoever asks."""


class Misasked(Permanent):
    """Raised when the question itself is wrong."""


class Impossible(Permanent):
    """Raised when the thing is there, and stands otherwise than the action needs."""
