"""Whatever is sent to the API: no fault of ours, and only what the document says, to who may."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.app.agency import ACME, SHOP, Agency
from tests.app.api.conftest import Caller, Callers

EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    negative_data_rejection,
    content_type_conformance,
    response_schema_conformance,
]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the checker itself


@pytest.fixture
def known(office: Agency) -> Mapping[str, str]:
    """Names that there are, for the places of paths."""
    office.saved(range(2), stage="nonsense")
    office.saved(range(2, 4), note=True)
    office.drain()
    ids = office.saved([9])
    dead = office.store.groups(ACME)[0].sample
    return {
        "id": dead or ids[0],
        "portal": ACME,
        "name": SHOP,
        "endpoint": SHOP,
        "object_type": "contacts",
        "record": "p2@example.com",
    }


def operations(app: Flask, caller: Caller) -> Iterator[Any]:
    """Every operation of the document."""
    headers = {"Authorization": f"Bearer {caller.token}"}
    document: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, headers=headers)
    found = [each.ok() for each in document.get_all_operations()]
    assert len(found) >= 35
    yield from found


def try_all(
    app: Flask,
    callers: Callers,
    known: Mapping[str, str],
    answered: Any,
    *,
    mode: GenerationMode = GenerationMode.POSITIVE,
) -> None:
    """Have `answered` look at what each operation makes of many requests."""
    for operation in operations(app, callers.admin):
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
            continue  # there is nothing to get wrong

        @settings(
            max_examples=EXAMPLES,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def try_one(case: Any, real: bool) -> None:  # noqa: FBT001 (hypothesis's way)
            if real:
                for name in case.path_parameters or {}:
                    case.path_parameters[name] = known[name]
            answered(case)

        try_one()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_finds_a_fault_of_ours(
    app: Flask, callers: Callers, known: Mapping[str, str], mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {callers.admin.token}"}

    def answered(case: Any) -> None:
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)

    try_all(app, callers, known, answered, mode=mode)


def test_nobody_is_answered_who_has_not_said_who_he_is(
    app: Flask, callers: Callers, known: Mapping[str, str]
) -> None:
    def answered(case: Any) -> None:
        for headers in ({}, {"Authorization": "Bearer hlt_000000000000_wrong"}):
            response = case.call(headers=headers)
            assert response.status_code in (400, 401, 404, 405), (response.status_code, case)
            assert "evt_" not in response.text

    try_all(app, callers, known, answered)


def test_who_may_only_look_changes_nothing(
    app: Flask, callers: Callers, known: Mapping[str, str], office: Agency
) -> None:
    headers = {"Authorization": f"Bearer {callers.viewer.token}"}
    before = office.store.counts(ACME)

    def answered(case: Any) -> None:
        response = case.call(headers=headers)
        assert response.status_code < 500
        if case.operation.method.upper() != "GET":
            assert response.status_code in (400, 403, 404, 405), (response.status_code, case)

    try_all(app, callers, known, answered)
    assert office.store.counts(ACME) == before
    assert office.store.stopped(ACME) is None
    assert office.store.chores(ACME) == []
