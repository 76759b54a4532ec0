"""Who may, by the API: users, tokens, and the trail of what was done."""

from dataclasses import replace

from tests.app.api.conftest import Caller, Callers


def test_only_admins_see_and_change_who_may(callers: Callers) -> None:
    for path in ("/users", "/tokens", "/audit"):
        callers.operator.get(path, status=403)
        callers.admin.get(path)
    callers.operator.post("/users", {"name": "eve", "role": "admin"}, status=403)
    callers.operator.post("/tokens", {"label": "x", "role": "admin"}, status=403)


def test_a_user_comes_changes_and_goes(callers: Callers) -> None:
    told = callers.admin.post("/users", {"name": "Ada", "role": "viewer"}, status=201)
    assert told["user"] == {**told["user"], "name": "ada", "role": "viewer", "must_change": True}
    assert len(told["password"]) > 10
    callers.admin.post("/users", {"name": "ada", "role": "viewer"}, status=422)
    callers.admin.post("/users", {"name": "no name", "role": "viewer"}, status=422)
    assert callers.admin.post("/users/ada/role", {"role": "admin"})["role"] == "admin"
    callers.admin.post("/users/ada/role", {"role": "viewer"}, status=422)  # the only admin
    again = callers.admin.post("/users/ada/password")
    assert again["password"] != told["password"]
    callers.admin.post("/users", {"name": "bea", "role": "admin"}, status=201)
    callers.admin.delete("/users/ada")
    callers.admin.post("/users/ada/password", status=404)
    assert [each["name"] for each in callers.admin.get("/users")["users"]] == ["bea"]
    whats = [each["what"] for each in callers.admin.get("/audit")["deeds"]]
    assert whats == ["remove user", "add user", "reset password", "change role", "add user"]


def test_a_token_is_made_used_and_revoked(callers: Callers) -> None:
    asked = {"label": "a script", "role": "viewer", "days": 3, "portal": "emea"}
    made = callers.admin.post("/tokens", asked, status=201)
    script: Caller = replace(callers.stranger, token=made["text"])
    assert [each["name"] for each in script.get("/portals")["portals"]] == ["emea"]
    listed = {each["id"]: each for each in callers.admin.get("/tokens")["tokens"]}
    assert listed[made["token"]["id"]]["label"] == "a script"
    assert made["text"] not in str(listed)
    callers.admin.delete(f"/tokens/{made['token']['id']}")
    script.get("/portals", status=401)
    callers.admin.delete(f"/tokens/{made['token']['id']}", status=404)
    callers.admin.post("/tokens", {**asked, "portal": "none"}, status=404)
    callers.admin.post("/tokens", {**asked, "days": 0}, status=422)


def test_the_trail_goes_page_by_page(callers: Callers) -> None:
    for number in range(5):
        callers.admin.post("/users", {"name": f"u{number}", "role": "viewer"}, status=201)
    first = callers.admin.get("/audit", limit=3)
    second = callers.admin.get("/audit", limit=3, before=first["next"])
    ons = [each["on"] for page in (first, second) for each in page["deeds"]]
    assert ons == ["u4", "u3", "u2", "u1", "u0"]
    assert first["deeds"][0]["detail"] == {"role": "viewer"}
    callers.admin.get("/audit", status=422, before="x")
