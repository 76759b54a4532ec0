"""Answers as values: results by key, never by position; errors with what they name. Pure."""

from workers.crm.accounting import unaccounted
from workers.crm.faults import RowError, error, hints
from workers.crm.linked import (
    Label,
    Linked,
    LinkedPage,
    Pair,
    PairsReply,
    associations,
    labels,
    linked,
    pairs,
    unfinished,
)
from workers.crm.quota import Limits, limits
from workers.crm.rows import (
    BatchReply,
    Link,
    Page,
    Reply,
    Row,
    Version,
    batch,
    matched,
    record,
    row,
    search,
)

__all__ = [
    "BatchReply",
    "Label",
    "Limits",
    "Link",
    "Linked",
    "LinkedPage",
    "Page",
    "Pair",
    "PairsReply",
    "Reply",
    "Row",
    "RowError",
    "Version",
    "associations",
    "batch",
    "error",
    "hints",
    "labels",
    "limits",
    "linked",
    "matched",
    "pairs",
    "record",
    "row",
    "search",
    "unaccounted",
    "unfinished",
]
