"""What is wrong with a mapping that loads: judged by itself, and against a portal's schema. Pure.

    found = unreachable(source)
    described = describe(needs([source], portal="acme"), portal="acme", api=api, ask=ask)
    found += judge(source, described)

`describe` alone asks, through what it is given; all else is values in, values out.
"""

from workers.checking.asking import describe
from workers.checking.finding import Finding
from workers.checking.judging import judge
from workers.checking.needs import Needs, needs
from workers.checking.portal import Described, ObjectType
from workers.checking.reach import unreachable

__all__ = [
    "Described",
    "Finding",
    "Needs",
    "ObjectType",
    "describe",
    "judge",
    "needs",
    "unreachable",
]
