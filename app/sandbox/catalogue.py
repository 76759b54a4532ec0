"""The standard object types and their properties, as a new account has them."""

from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A property as an account defines it."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = "information"
    options: tuple[tuple[str, str], ...] = ()  # (label, value)
    unique: bool = False
    read_only: bool = False
    calculated: bool = False
    defined_by_hubspot: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """An object type: its names, what a create must have, what a read gives unasked."""

    id: str
    name: str
    singular: str
    required: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()  # at least one of these
    defaults: tuple[str, ...] = ()
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    pinnable: bool = False
    activity: bool = False
    activatable: bool = False
    read_only: bool = False
    custom: bool = False
    labels: tuple[tuple[str, str], ...] = ()  # (singular or plural, what people see)
    properties: dict[str, Definition] = field(default_factory=dict)


def _text(*names: str) -> list[Definition]:
    return [Definition(name=name, label=_label(name)) for name in names]


def _number(*names: str) -> list[Definition]:
    return [
        Definition(name=name, label=_label(name), type="number", field_type="number")
        for name in names
    ]


def _time(*names: str) -> list[Definition]:
    return [
        Definition(name=name, label=_label(name), type="datetime", field_type="date")
        for name in names
    ]


def _date(*names: str) -> list[Definition]:
    return [
        Definition(name=name, label=_label(name), type="date", field_type="date") for name in names
    ]


def _bool(*names: str) -> list[Definition]:
    return [
        Definition(
            name=name,
            label=_label(name),
            type="bool",
            field_type="booleancheckbox",
            options=(("Yes", "true"), ("No", "false")),
        )
        for name in names
    ]


def _choice(name: str, *values: str, field_type: str = "select") -> Definition:
    return Definition(
        name=name,
        label=_label(name),
        type="enumeration",
        field_type=field_type,
        options=tuple((_label(value), value) for value in values),
    )


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").capitalize()


def _system(kind: ObjectType) -> list[Definition]:
    fixed = [
        Definition(
            name=name, label=_label(name), type="datetime", field_type="date", read_only=True
        )
        for name in dict.fromkeys((kind.created, kind.modified, "hs_createdate"))
    ]
    fixed += [
        Definition(name=name, label=_label(name), type="string", read_only=True)
        for name in ("hs_object_source", "hs_object_source_id", "hs_unique_creation_key")
    ]
    fixed.append(
        Definition(
            name="hs_object_id",
            label="Record ID",
            type="number",
            field_type="number",
            read_only=True,
        )
    )
    owner = Definition(name="hubspot_owner_id", label="Owner", type="enumeration")
    fixed.append(replace(owner, options=()))
    if kind.pinnable:
        fixed += _number("hs_pinned_engagement_id")
    return fixed


STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity")
LIFECYCLE = (*STAGES, "customer", "evangelist", "other")

_COMMON_ACTIVITY = [*_time("hs_timestamp"), *_text("hs_attachment_ids", "hs_body_preview")]

_PROPERTIES: dict[str, list[Definition]] = {
    "0-1": [
        Definition(name="email", label="Email", unique=True),
        *_text("firstname", "lastname", "phone", "mobilephone", "fax", "company", "website"),
        *_text("address", "city", "state", "zip", "country", "jobtitle", "salutation"),
        *_text("hs_additional_emails", "hs_language", "message", "twitterhandle"),
        _choice("lifecyclestage", *LIFECYCLE, field_type="radio"),
        _choice(
            "hs_lead_status",
            *("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "CONNECTED", "BAD_TIMING"),
            *("ATTEMPTED_TO_CONTACT",),
        ),
        *_bool("hs_email_optout", "hs_is_unworked", "hs_is_contact"),
        *_text("hs_email_domain", "hs_all_contact_vids"),
        *_number("annualrevenue"),
        _choice("favorite_topics", "news", "product", "events", "offers", field_type="checkbox"),
    ],
    "0-2": [
        *_text("name", "domain", "phone", "website", "address", "address2", "city", "state"),
        *_text("zip", "country", "description", "about_us", "timezone", "founded_year"),
        _choice("lifecyclestage", *LIFECYCLE, field_type="radio"),
        *_number("annualrevenue", "numberofemployees"),
        _choice("type", "PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"),
        *_text("industry"),
    ],
    "0-3": [
        *_text("dealname", "description", "pipeline", "dealstage", "deal_currency_code"),
        *_text("closed_lost_reason", "closed_won_reason"),
        *_number("amount", "hs_forecast_amount"),
        *_time("closedate"),
        _choice("dealtype", "newbusiness", "existingbusiness", field_type="radio"),
        _choice("hs_priority", "low", "medium", "high"),
    ],
    "0-5": [
        *_text("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_id"),
        *_text("hs_resolution", "source_type"),
        _choice(
            "hs_ticket_category",
            "PRODUCT_ISSUE",
            "BILLING_ISSUE",
            "FEATURE_REQUEST",
            "GENERAL_INQUIRY",
            field_type="checkbox",
        ),
        _choice("hs_ticket_priority", "LOW", "MEDIUM", "HIGH", "URGENT"),
        *_time("closed_date"),
    ],
    "0-7": [
        *_text("name", "description", "hs_sku", "hs_folder", "hs_url"),
        *_number("price", "hs_cost_of_goods_sold"),
        *_text("recurringbillingfrequency"),
    ],
    "0-8": [
        *_text("name", "description", "hs_sku", "hs_product_id", "hs_line_item_currency_code"),
        *_number("price", "quantity", "amount", "discount", "hs_discount_percentage", "tax"),
        *_text("recurringbillingfrequency"),
    ],
    "0-14": [
        *_text("hs_title", "hs_status", "hs_currency", "hs_terms", "hs_language"),
        *_time("hs_expiration_date"),
    ],
    "0-18": [
        *_COMMON_ACTIVITY,
        _choice("hs_communication_channel_type", "WHATS_APP", "LINKEDIN_MESSAGE", "SMS"),
        _choice("hs_communication_logged_from", "CRM"),
        *_text("hs_communication_body"),
    ],
    "0-27": [
        *_COMMON_ACTIVITY,
        *_text("hs_task_subject", "hs_task_body", "hs_task_reminders"),
        _choice("hs_task_status", "NOT_STARTED", "COMPLETED", "IN_PROGRESS", "WAITING", "DEFERRED"),
        _choice("hs_task_priority", "NONE", "LOW", "MEDIUM", "HIGH"),
        _choice("hs_task_type", "EMAIL", "CALL", "TODO"),
    ],
    "0-46": [*_COMMON_ACTIVITY, *_text("hs_note_body")],
    "0-47": [
        *_COMMON_ACTIVITY,
        *_text("hs_meeting_title", "hs_meeting_body", "hs_internal_meeting_notes"),
        *_text("hs_meeting_external_url", "hs_meeting_location", "hs_activity_type"),
        *_time("hs_meeting_start_time", "hs_meeting_end_time"),
        _choice(
            "hs_meeting_outcome", "SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"
        ),
    ],
    "0-48": [
        *_COMMON_ACTIVITY,
        *_text("hs_call_title", "hs_call_body", "hs_call_from_number", "hs_call_to_number"),
        *_text("hs_call_recording_url", "hs_call_source", "hs_activity_type"),
        *_text("hs_call_callee_object_id", "hs_call_callee_object_type_id"),
        *_number("hs_call_duration"),
        _choice("hs_call_direction", "INBOUND", "OUTBOUND"),
        _choice(
            "hs_call_status",
            *("BUSY", "CALLING_CRM_USER", "CANCELED", "COMPLETED", "CONNECTING", "FAILED"),
            *("IN_PROGRESS", "NO_ANSWER", "QUEUED", "RINGING"),
        ),
        _choice(
            "hs_call_disposition",
            "9d9162e7-6cf3-4944-bf63-4dff82258764",
            "f240bbac-87c9-4f6e-bf70-924b57d47db7",
            "a4c4c377-d246-4b32-a13b-75a56a4cd0ff",
            "b2cf5968-551e-4856-9783-52b3da59a7d0",
            "73a0d17f-1163-4015-bdd5-ec830791da20",
            "17b47fee-58de-441e-a44c-c6300d46f273",
        ),
    ],
    "0-49": [
        *_COMMON_ACTIVITY,
        _choice("hs_email_direction", "EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL", "DRAFT_EMAIL"),
        _choice("hs_email_status", "BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"),
        *_text("hs_email_subject", "hs_email_text", "hs_email_html", "hs_email_headers"),
    ],
    "0-54": [
        *_text("hs_event_name", "hs_event_description", "hs_event_type", "hs_event_organizer"),
        *_time("hs_event_start_date", "hs_event_end_date"),
    ],
    "0-69": [*_text("hs_name", "hs_status"), *_number("hs_recurring_revenue")],
    "0-115": [*_text("hs_internal_user_id", "hs_email", "hs_job_title", "hs_given_name")],
    "0-116": [*_COMMON_ACTIVITY, *_text("hs_postal_mail_body")],
    "0-123": [
        *_text("hs_order_name", "hs_currency_code", "hs_fulfillment_status", "hs_source_store"),
        *_text("hs_pipeline", "hs_pipeline_stage", "hs_external_order_id"),
        *_number("hs_total_price"),
    ],
    "0-136": [
        *_text("hs_lead_name", "hs_associated_contact_email", "hs_associated_contact_lastname"),
        *_text("hs_associated_contact_firstname", "hs_associated_company_domain"),
        *_text("hs_associated_company_name", "hs_pipeline", "hs_pipeline_stage"),
        *_text("hs_lead_type", "hs_lead_label"),
    ],
    "0-162": [*_text("hs_name", "hs_pipeline", "hs_pipeline_stage"), *_number("hs_amount")],
    "0-410": [*_text("hs_course_name", "hs_course_id"), *_number("hs_price")],
    "0-420": [*_text("hs_name", "hs_address_1", "hs_city"), *_number("hs_price")],
    "0-421": [*_text("hs_appointment_name"), *_time("hs_appointment_start", "hs_appointment_end")],
    "0-53": [*_text("hs_invoice_number", "hs_invoice_status", "hs_currency", "hs_title")],
    "0-970": [*_text("hs_name", "hs_pipeline", "hs_pipeline_stage")],
}

_TYPES = [
    ObjectType(
        id="0-1",
        name="contacts",
        singular="contact",
        pinnable=True,
        any_of=("email", "firstname", "lastname"),
        modified="lastmodifieddate",
        defaults=("createdate", "email", "firstname", "lastname", "lastmodifieddate"),
    ),
    ObjectType(
        id="0-2",
        name="companies",
        singular="company",
        pinnable=True,
        any_of=("domain", "name"),
        defaults=("name", "domain"),
    ),
    ObjectType(
        id="0-3",
        name="deals",
        singular="deal",
        pinnable=True,
        required=("dealname", "dealstage", "pipeline"),
        defaults=("dealname", "amount", "closedate", "pipeline", "dealstage"),
    ),
    ObjectType(
        id="0-5",
        name="tickets",
        singular="ticket",
        pinnable=True,
        required=("subject", "hs_pipeline_stage", "hs_pipeline"),
        defaults=(
            "subject",
            "content",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
        ),
    ),
    ObjectType(
        id="0-7",
        name="products",
        singular="product",
        required=("hs_sku", "hs_folder", "price", "name", "description"),
        defaults=("name", "description", "price"),
    ),
    ObjectType(id="0-8", name="line_items", singular="line_item"),
    ObjectType(
        id="0-14", name="quotes", singular="quote", required=("hs_title", "hs_expiration_date")
    ),
    ObjectType(
        id="0-18",
        name="communications",
        singular="communication",
        activity=True,
        required=("hs_timestamp", "hs_communication_channel_type"),
        created="hs_createdate",
    ),
    ObjectType(
        id="0-19", name="feedback_submissions", singular="feedback_submission", read_only=True
    ),
    *(
        ObjectType(
            id=type_id,
            name=name,
            singular=singular,
            activity=True,
            required=required,
            created="hs_createdate",
        )
        for type_id, name, singular, required in (
            ("0-27", "tasks", "task", ("hs_timestamp",)),
            ("0-46", "notes", "note", ("hs_timestamp",)),
            ("0-47", "meetings", "meeting", ("hs_timestamp",)),
            ("0-48", "calls", "call", ("hs_timestamp",)),
            ("0-49", "emails", "email", ("hs_timestamp", "hs_email_direction")),
            ("0-116", "postal_mail", "postal_mail", ("hs_timestamp",)),
        )
    ),
    ObjectType(id="0-53", name="invoices", singular="invoice"),
    ObjectType(
        id="0-54",
        name="marketing_events",
        singular="marketing_event",
        required=("hs_event_description", "hs_event_name"),
    ),
    ObjectType(id="0-69", name="subscriptions", singular="subscription", required=("hs_name",)),
    ObjectType(
        id="0-115", name="users", singular="user", required=("hs_internal_user_id", "hs_email")
    ),
    ObjectType(id="0-123", name="orders", singular="order", required=("hs_order_name",)),
    ObjectType(
        id="0-136",
        name="leads",
        singular="lead",
        required=(
            "hs_associated_contact_email",
            "hs_associated_contact_lastname",
            "hs_lead_name",
            "hs_associated_company_domain",
            "hs_associated_contact_firstname",
            "hs_associated_company_name",
        ),
    ),
    ObjectType(
        id="0-162",
        name="services",
        singular="service",
        activatable=True,
        required=("hs_name", "hs_pipeline", "hs_pipeline_stage"),
    ),
    ObjectType(
        id="0-410",
        name="courses",
        singular="course",
        activatable=True,
        required=("hs_course_name",),
    ),
    ObjectType(
        id="0-420", name="listings", singular="listing", activatable=True, required=("hs_name",)
    ),
    ObjectType(
        id="0-421",
        name="appointments",
        singular="appointment",
        activatable=True,
        required=("hs_appointment_start",),
    ),
    ObjectType(id="0-970", name="projects", singular="project"),
    ObjectType(id="0-142", name="carts", singular="cart"),
    ObjectType(id="0-101", name="commerce_payments", singular="commerce_payment"),
]

ACTIVITIES = frozenset(kind.id for kind in _TYPES if kind.activity)

DEAL_STAGES = (
    ("appointmentscheduled", "0.2"),
    ("qualifiedtobuy", "0.4"),
    ("presentationscheduled", "0.6"),
    ("decisionmakerboughtin", "0.8"),
    ("contractsent", "0.9"),
    ("closedwon", "1.0"),
    ("closedlost", "0.0"),
)
TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)


def object_types() -> dict[str, ObjectType]:
    """Return the standard object types by id, each with properties of its own."""
    found: dict[str, ObjectType] = {}
    for kind in _TYPES:
        listed = [*_PROPERTIES.get(kind.id, []), *_system(kind)]
        found[kind.id] = replace(kind, properties={each.name: each for each in listed})
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkType:
    """One direction of an association type."""

    from_type: str
    to_type: str
    type_id: int
    inverse_id: int
    label: str | None
    kind: str
    name: str
    category: str = "HUBSPOT_DEFINED"


@cache
def link_types() -> tuple[LinkType, ...]:
    """Return HubSpot's own association types."""
    text = resources.files("app.sandbox").joinpath("data/association_types.json").read_bytes()
    return tuple(
        LinkType(
            from_type=from_type,
            to_type=to_type,
            type_id=type_id,
            inverse_id=inverse_id,
            label=label,
            kind=kind,
            name=name,
        )
        for from_type, to_type, type_id, inverse_id, label, kind, name in orjson.loads(text)
    )
