"""HubSpot's object types: one name for each, whatever a mapping calls it."""

from functools import lru_cache

NAMES = {
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
    "0-5": "tickets",
    "0-7": "products",
    "0-8": "line_items",
    "0-14": "quotes",
    "0-18": "communications",
    "0-19": "feedback_submissions",
    "0-27": "tasks",
    "0-46": "notes",
    "0-47": "meetings",
    "0-48": "calls",
    "0-49": "emails",
    "0-53": "invoices",
    "0-54": "marketing_events",
    "0-69": "subscriptions",
    "0-72": "deal_splits",
    "0-74": "goal_targets",
    "0-84": "discounts",
    "0-85": "fees",
    "0-86": "taxes",
    "0-101": "commerce_payments",
    "0-115": "users",
    "0-116": "postal_mail",
    "0-123": "orders",
    "0-136": "leads",
    "0-142": "carts",
    "0-162": "services",
    "0-410": "courses",
    "0-420": "listings",
    "0-421": "appointments",
    "0-970": "projects",
}
TYPE_IDS = {name: type_id for type_id, name in NAMES.items()}

ACTIVITIES = frozenset(
    {"calls", "communications", "emails", "meetings", "notes", "postal_mail", "tasks"}
)

_SINGULAR = {
    "company": "companies",
    "communication": "communications",
    "postal_mails": "postal_mail",
    "tax": "taxes",
}


@lru_cache(maxsize=1024)
def canonical(name: str) -> str:
    """Return the one name that we use for an object type given by id, singular or plural.

    What is not a standard type (a custom object's id or full name) comes back as it was.
    """
    lowered = name.strip().lower()
    if lowered in NAMES:
        return NAMES[lowered]
    if lowered in TYPE_IDS:
        return lowered
    plural = _SINGULAR.get(lowered, lowered + "s")
    return plural if plural in TYPE_IDS else name.strip()
