"""Every call of the object API, as data, in either family of paths."""

from workers.crm.account import AccountCalls
from workers.crm.associations import AssociationCalls
from workers.crm.batches import BatchCalls
from workers.crm.call import Call, CreateRow, LinkTo, PairRow, UpdateRow, UpsertRow
from workers.crm.definitions import DefinitionCalls
from workers.crm.paths import CLASSIC, Paths
from workers.crm.pipelines import PipelineCalls
from workers.crm.records import RecordCalls

__all__ = ["Api", "Call", "CreateRow", "LinkTo", "PairRow", "UpdateRow", "UpsertRow"]


class Api(BatchCalls, RecordCalls, AssociationCalls, DefinitionCalls, PipelineCalls, AccountCalls):
    """Makes calls; sends nothing.

    `family` is "classic" (v3, with v4 associations), or a dated one such as "2026-03".
    """

    def __init__(self, family: str = CLASSIC) -> None:
        self.family = family
        self.paths = Paths(family)
