"""Parts of a turn touch no record in common, and leave no job out."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from workers.changes import Associate, Change, Keyed, Link, Numbered, Step, Update, Upsert
from workers.events import Event
from workers.knowledge import identity
from workers.plan.jobs import Job
from workers.plan.parts import parts
from workers.plan.requirements import identities

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def contact(value: str, *, property_: str = "email") -> Keyed:
    return Keyed(object_type="contacts", property=property_, value=value)


def company(value: str) -> Keyed:
    return Keyed(object_type="companies", property="domain", value=value)


def upsert(name: str, key: Keyed) -> Upsert:
    return Upsert(name=name, where="m:1", key=key, properties={key.property: key.value})


def job(number: int, *changes: Change) -> Job:
    event = Event(
        id=f"p.e-{number}-0",
        portal="p",
        endpoint="e",
        source="s",
        source_id=str(number),
        type="t",
        time=NOW,
        received=NOW,
        headers={},
        body=b"{}",
    )
    return Job(event=event, changes=changes)


def joined(number: int, email: str, domain: str) -> Job:
    link = Associate(
        name="link", where="m:3", source=Step(name="a"), to=Step(name="b"), link=Link()
    )
    return job(number, upsert("a", contact(email)), upsert("b", company(domain)), link)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=60),
    st.integers(1, 4),
    st.dictionaries(st.integers(0, 30), st.integers(0, 5)),
)
def test_parts_share_no_record_and_hold_every_job_once(
    pairs: list[tuple[int, int]], wanted: int, known: dict[int, int]
) -> None:
    jobs = [joined(n, f"C{c}@x.example", f"{d}.example") for n, (c, d) in enumerate(pairs)]
    ids = {identity(contact(f"c{c}@x.example")): str(id_) for c, id_ in known.items()}
    found = parts(jobs, ids, wanted=wanted, least=1)
    assert len(found) <= wanted
    assert sorted(each.event.id for part in found for each in part) == sorted(
        each.event.id for each in jobs
    )
    touched = [{ids.get(key, key) for key in identities(part)} for part in found]
    for number, these in enumerate(touched):
        for those in touched[number + 1 :]:
            assert these.isdisjoint(those)


def test_what_has_nothing_in_common_is_divided_in_whole_rounds() -> None:
    jobs = [job(n, upsert("a", contact(f"c{n}@x.example"))) for n in range(1_100)]
    assert [len(part) for part in parts(jobs, {}, wanted=2, least=500)] == [600, 500]


def test_few_jobs_are_one_part() -> None:
    jobs = [job(n, upsert("a", contact(f"c{n}@x.example"))) for n in range(999)]
    assert len(parts(jobs, {}, wanted=2, least=500)) == 1


def test_records_that_are_named_in_two_ways_are_not_divided() -> None:
    by_email = [job(n, upsert("a", contact(f"c{n}@x.example"))) for n in range(10)]
    by_phone = [job(20, upsert("a", contact("+1", property_="phone")))]
    by_id = [
        job(
            21,
            Update(
                name="a",
                where="m:1",
                target=Numbered(object_type="contacts", id="7"),
                properties={"city": "Oslo"},
            ),
        )
    ]
    assert len(parts(by_email, {}, wanted=2, least=1)) == 1  # one whole round
    many = [job(n, upsert("a", contact(f"c{n}@x.example"))) for n in range(200)]
    assert len(parts(many, {}, wanted=2, least=1)) == 2
    assert len(parts(many + by_phone, {}, wanted=2, least=1)) == 1
    assert len(parts(many + by_id, {}, wanted=2, least=1)) == 1
