"""The contract: HubSpot's own SDKs, our client and plain HTTP, all against the sandbox.

A module is a row of the table that the run prints at its end; its docstring's first line says
which. What a test uses says which columns it speaks for: `plain` the sandbox, `ours` the client,
`sdk` the SDK.
"""

from collections.abc import Iterator

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account, running
from tests.contract.sdk import Sdk
from tests.contract.sdk_classic import ClassicSdk
from tests.contract.sdk_dated import DatedSdk
from tests.contract.table import COLUMNS, MARK
from workers.crm.calls import Api
from workers.crm.client import Client
from workers.settings import Portal


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[dict[str, Account]]:
    """One sandbox for each preset, for the whole run."""
    with running("strict") as strict, running("lenient") as lenient:
        yield {each.preset: each for each in (strict, lenient)}


@pytest.fixture(params=["strict", "lenient"])
def account(sandboxes: dict[str, Account], request: pytest.FixtureRequest) -> Account:
    """An empty account, that of either preset in turn."""
    found = sandboxes[request.param]
    found.control("POST", "reset")
    found.control("POST", "switches", preset=found.preset, search_lag_s=0)
    return found


@pytest.fixture(params=["classic", "2026-03"])
def family(request: pytest.FixtureRequest) -> str:
    """Either family of paths in turn."""
    return str(request.param)


@pytest.fixture
def plain(account: Account, family: str) -> Plain:
    """Plain HTTP."""
    return Plain(url=account.url, family=family)


@pytest.fixture
def ours(account: Account, family: str) -> Iterator[Ours]:
    """Our client and its builders."""
    portal = Portal(name="contract", base_url=account.url, token="ours", api=family)
    client = Client(portal)
    yield Ours(api=Api(family), client=client)
    client.close()


@pytest.fixture
def sdk(account: Account, family: str) -> Iterator[Sdk]:
    """The SDK that speaks the family."""
    found = (ClassicSdk if family == "classic" else DatedSdk)(account.url, token="sdk")
    yield found
    found.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        module = getattr(item, "module", None)
        if module is None or not module.__name__.startswith("tests.contract."):
            continue
        item.add_marker("contract")
        title = (module.__doc__ or "").partition("\n")[0].rstrip(".")
        fixtures = getattr(item, "fixturenames", ())
        columns = [name for fixture, name in COLUMNS.items() if fixture in fixtures]
        item.user_properties.append((MARK, (title, columns)))
