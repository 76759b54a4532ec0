"""What a portal is made of, read from its answers."""

from workers.crm import described, tenant
from workers.crm.replies import Reply


def _reply(body: dict[str, object]) -> Reply:
    return Reply(status=200, body=body)


def test_pipelines_and_stages_come_in_the_order_in_which_they_are_shown() -> None:
    stages: list[object] = [
        {"id": "closedwon", "label": "Won", "displayOrder": 5, "metadata": {"isClosed": "true"}},
        {"id": "new", "label": "New", "displayOrder": 0, "metadata": {"isClosed": False}},
    ]
    body: dict[str, object] = {
        "results": [{"id": "default", "label": "Sales", "displayOrder": 1, "stages": stages}]
    }
    [pipeline] = described.pipelines(_reply(body))
    assert [stage.id for stage in pipeline.stages] == ["new", "closedwon"]
    assert [stage.metadata["isClosed"] for stage in pipeline.stages] == ["false", "true"]


def test_a_property_says_whether_it_can_be_set_and_whether_it_is_unique() -> None:
    definition = described.property_of(
        _reply(
            {
                "name": "order_no",
                "type": "enumeration",
                "fieldType": "select",
                "groupName": "orders",
                "hasUniqueValue": True,
                "modificationMetadata": {"readOnlyValue": True},
                "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}],
            }
        )
    )
    assert (definition.unique, definition.read_only) == (True, True)
    assert definition.options == ("a", "b")


def test_a_token_does_not_show_itself() -> None:
    body = {"access_token": "secret-1", "refresh_token": "secret-2", "expires_in": 1800}
    token = tenant.token(_reply(dict(body)))
    assert (token.access_token, token.expires_in_s) == ("secret-1", 1800)
    assert "secret" not in repr(token)


def test_only_the_types_that_need_activation_are_named() -> None:
    body = {"enablementByObjectTypeId": {"0-420": False, "0-421": True}}
    assert tenant.enablement(_reply(dict(body))) == {"0-420": False, "0-421": True}
