"""The schemes that have a name. Each way is named, and `accept` chooses among them.

Facts that a reader could not guess stand beside the setting.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

Settings: TypeAlias = Mapping[str, Any]

_STANDARD: Settings = {
    "format": "list",
    "signs": "{id}.{timestamp}.{body}",
    "encoding": "base64",
    "tolerance_s": 300,
}
_TWILIO: Settings = {
    "header": "X-Twilio-Signature",
    "kind": "hmac",
    "encoding": "base64",
    "signs": "{url}{form}",
    "url": ["as_sent", "other_port"],
    "body_hash_query": "bodySHA256",
}


def _standard(prefix: str) -> dict[str, Settings]:
    headers = {
        "header": f"{prefix}-signature",
        "timestamp_header": f"{prefix}-timestamp",
        "id_header": f"{prefix}-id",
    }
    return {
        "v1": {**_STANDARD, **headers, "kind": "hmac", "label": "v1", "key": "whsec"},
        "v1a": {**_STANDARD, **headers, "kind": "ed25519", "label": "v1a", "key": "whpk"},
    }


PRESETS: Mapping[str, Mapping[str, Settings]] = {
    "stripe": {
        "v1": {
            "kind": "hmac",
            "header": "Stripe-Signature",
            "format": "pairs",
            "label": "v1",
            "timestamp_label": "t",
            "signs": "{timestamp}.{body}",
            "key": "text",  # `whsec_` and all
            "tolerance_s": 300,
        }
    },
    "calendly": {
        "v1": {
            "kind": "hmac",
            "header": "Calendly-Webhook-Signature",
            "format": "pairs",
            "label": "v1",
            "timestamp_label": "t",
            "signs": "{timestamp}.{body}",
            "tolerance_s": 180,
        }
    },
    "hubspot": {
        "v3": {
            "kind": "hmac",
            "header": "X-HubSpot-Signature-v3",
            "encoding": "base64",
            "signs": "{method}{url}{body}{timestamp}",
            "timestamp_header": "X-HubSpot-Request-Timestamp",
            "timestamp_unit": "ms",
            "url": ["as_sent", "hubspot"],
            "tolerance_s": 300,
        },
        "v2": {
            "kind": "hash",
            "header": "X-HubSpot-Signature",
            "signs": "{secret}{method}{url}{body}",
            "when_header": "X-HubSpot-Signature-Version",
            "when_value": "v2",
        },
        "v1": {
            "kind": "hash",
            "header": "X-HubSpot-Signature",
            "signs": "{secret}{body}",
            "when_header": "X-HubSpot-Signature-Version",
            "when_value": "v1",
        },
    },
    "shopify": {
        "hmac": {
            "kind": "hmac",
            "header": ["X-Shopify-Hmac-Sha256", "Shopify-Hmac-Sha256"],
            "encoding": "base64",
        }
    },
    "github": {
        "sha256": {"kind": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="},
    },
    "meta": {
        "sha256": {"kind": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="},
    },
    "slack": {
        "v0": {
            "kind": "hmac",
            "header": "X-Slack-Signature",
            "prefix": "v0=",
            "signs": "v0:{timestamp}:{body}",
            "timestamp_header": "X-Slack-Request-Timestamp",
            "tolerance_s": 300,
        }
    },
    "zoom": {
        "v0": {
            "kind": "hmac",
            "header": "x-zm-signature",
            "prefix": "v0=",
            "signs": "v0:{timestamp}:{body}",
            "timestamp_header": "x-zm-request-timestamp",
            "tolerance_s": 300,
        }
    },
    "typeform": {
        "sha256": {
            "kind": "hmac",
            "header": "Typeform-Signature",
            "prefix": "sha256=",
            "encoding": "base64",  # unlike GitHub's, behind the same prefix
        }
    },
    "zendesk": {
        "hmac": {
            "kind": "hmac",
            "header": "X-Zendesk-Webhook-Signature",
            "encoding": "base64",
            "signs": "{timestamp}{body}",
            "timestamp_header": "X-Zendesk-Webhook-Signature-Timestamp",
            "timestamp_unit": "iso8601",
            "tolerance_s": 300,
        }
    },
    "intercom": {
        "sha1": {"kind": "hmac", "hash": "sha1", "header": "X-Hub-Signature", "prefix": "sha1="},
    },
    "segment": {
        "body": {"kind": "hmac", "hash": "sha1", "header": "X-Segment-Signature"},
        "single": {"kind": "hmac", "hash": "sha1", "header": "X-Signature"},
        # Signs the first event of a batch only: the others could be anybody's.
        "first_of_batch": {
            "kind": "hmac",
            "hash": "sha1",
            "header": "X-Signature",
            "signs": "{first_element}",
        },
    },
    "docusign": {
        "hmac": {"kind": "hmac", "header": "X-DocuSign-Signature-#", "encoding": "base64"},
    },
    "twilio": {
        "sha256": {  # keyed with a shared key of its own, not with the auth token
            **_TWILIO,
            "hash": "sha256",
            "when_header": "X-Twilio-Webhooks-Signature-Settings",
            "when_value": "algorithm=HMAC_SHA256",
        },
        "sha1": {**_TWILIO, "hash": "sha1"},
    },
    "sendgrid": {
        "ecdsa": {
            "kind": "ecdsa",
            "header": "X-Twilio-Email-Event-Webhook-Signature",
            "encoding": "base64",
            "key": "spki",
            "signs": "{timestamp}{body}",
            "timestamp_header": "X-Twilio-Email-Event-Webhook-Timestamp",
            "tolerance_s": 600,
        }
    },
    "standard_webhooks": _standard("webhook"),
    "svix": _standard("svix"),
    "mailchimp": {"token": {"kind": "token", "query": "token"}},
    "hmac": {"hmac": {"kind": "hmac"}},
    "basic": {"basic": {"kind": "basic", "header": "Authorization"}},
    "bearer": {"bearer": {"kind": "bearer", "header": "Authorization"}},
    "token": {"token": {"kind": "token"}},
    "none": {"none": {"kind": "none"}},
}

# The ways that count unless `accept` says otherwise; all of them where a scheme is not here.
ACCEPTED: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("v3",),  # always sent, and the only one with a time in it
    "segment": ("body", "single"),
    "twilio": ("sha1",),
}
