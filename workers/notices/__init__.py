"""Notices: a person is told when something needs one, and when it does no more."""

from workers.notices.round import look_around

__all__ = ["look_around"]
