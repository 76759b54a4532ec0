"""Does an answer account for every input? What it is silent about has not succeeded. Pure."""

from workers.crm.call import Call
from workers.crm.linked import pairs
from workers.crm.rows import Reply, inputs, matched
from workers.crm.shapes import items, mapping, text

NO_CONTENT = 204


def unaccounted(call: Call, reply: Reply) -> tuple[str, ...]:
    """Return the inputs that are in neither the results nor the errors of an answer.

    Each is named by its trace, else by its key in lower case or its id; one that has no name, by
    "input N" from 1, as long as the answer does not hold as many results and errors as there are
    inputs. A pair of records is named "from/to". An answer that says nothing by design (an
    archive's 204) accounts for all; so does a read of associations, since nothing said about a
    record there means that it has none.
    """
    if "inputs" not in mapping(call.body) or reply.status == NO_CONTENT:
        return ()
    if call.name.startswith("associations"):
        return _pairs(call, reply)
    parsed = matched(call, reply)
    spoken = {each.input for each in parsed.results}
    for error in parsed.errors:
        spoken.update(error.traces)
        spoken.update(each.lower() for each in error.ids)
        spoken.update(error.ids)
    asked = inputs(call)
    silent = tuple(
        each.name
        for each in asked
        if each.name
        and each.name not in spoken
        and each.value not in (spoken if each.value else ())
    )
    nameless = [number for number, each in enumerate(asked, start=1) if not each.name]
    if nameless and len(parsed.results) + len(parsed.errors) < len(asked):
        silent += tuple(f"input {number}" for number in nameless)
    return silent


def _pairs(call: Call, reply: Reply) -> tuple[str, ...]:
    if call.name == "associations read" or call.silent:
        return ()
    parsed = pairs(reply)
    done = {(pair.from_id, pair.to_id) for pair in parsed.results}
    done |= {(to_id, from_id) for from_id, to_id in done}  # either direction is the same pair
    blamed = {id for error in parsed.errors for id in error.ids}
    asked = [
        (text(mapping(item.get("from")).get("id")), text(mapping(item.get("to")).get("id")))
        for item in items(mapping(call.body).get("inputs"))
    ]
    return tuple(
        f"{from_id}/{to_id}"
        for from_id, to_id in asked
        if (from_id, to_id) not in done and blamed.isdisjoint((from_id, to_id))
    )
