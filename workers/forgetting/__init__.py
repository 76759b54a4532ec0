"""Forgetting a person: what the store has of one, taking it out, and asking the CRM to as well."""

from workers.forgetting.asking import NotDeleted, delete, pseudonym
from workers.forgetting.search import Known, Recollection, Search

__all__ = ["Known", "NotDeleted", "Recollection", "Search", "delete", "pseudonym"]
