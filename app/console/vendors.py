"""What to set at each vendor: where the URL goes, and which of its words is our secret."""

from collections.abc import Mapping
from types import MappingProxyType

SETTING_UP: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stripe": (
            "In Stripe: Developers → Webhooks → Add destination; paste the URL.",
            "Choose the events below, with snapshot payloads.",
            "Our secret is the endpoint's signing secret, with its `whsec_`.",
        ),
        "github": (
            "In the repository or organisation: Settings → Webhooks → Add webhook; paste the URL.",
            "Content type: application/json. Choose the events below.",
            "Our secret is what you write into Secret; make a long random one.",
        ),
        "shopify": (
            "In Shopify: Settings → Notifications → Webhooks → Create webhook, format JSON; or "
            "subscribe with your app.",
            "Our secret is shown below the list of webhooks; for an app it is the client secret.",
        ),
        "hubspot": (
            "In the HubSpot app: Webhooks → Target URL; then subscribe to the events below.",
            "Our secret is the app's client secret.",
        ),
        "slack": (
            "In the Slack app: Event Subscriptions → Request URL; Slack checks it at once.",
            "Our secret is the app's signing secret, from Basic Information.",
        ),
        "twilio": (
            "In Twilio: the number, or the messaging service → Webhook; method HTTP POST.",
            "Our secret is the account's auth token.",
        ),
        "sendgrid": (
            "In SendGrid: Settings → Mail Settings → Event Webhook; paste the URL.",
            "Turn on Signed Event Webhook; our secret is its verification key.",
        ),
        "mailchimp": (
            "In Mailchimp: Audience → Settings → Webhooks; paste the URL, `?secret=` behind it.",
            "Our secret is that word of the URL: Mailchimp signs nothing.",
        ),
        "zendesk": (
            "In Zendesk: Admin Center → Apps and integrations → Webhooks → Create; paste the URL.",
            "Our secret is the webhook's signing secret.",
        ),
        "intercom": (
            "In the Intercom app: Configure → Webhooks; paste the URL and choose the topics below.",
            "Our secret is the app's client secret, from Basic Information.",
        ),
        "typeform": (
            "In Typeform: the form → Connect → Webhooks → Add; paste the URL and switch it on.",
            "Our secret is what you write into Secret; make a long random one.",
        ),
        "calendly": (
            "Calendly's API makes the subscription: POST /webhook_subscriptions with the URL and "
            "the events below.",
            "Our secret is the signing_key that you give there.",
        ),
        "docusign": (
            "In DocuSign: Admin → Connect → Add configuration → Custom; paste the URL; JSON.",
            "Choose Send Individual Messages; add an HMAC key, which is our secret.",
        ),
        "zoom": (
            "In the Zoom app: Feature → Event Subscriptions; paste the URL, which Zoom checks.",
            "Our secret is the app's secret token.",
        ),
        "meta_lead_ads": (
            "In the Meta app: Webhooks → Page → Subscribe; paste the URL, and the verify token.",
            "Our secret is the app secret; the verify token is `handshake_token`.",
        ),
        "segment": (
            "In Segment: Destinations → Webhooks (Actions); paste the URL.",
            "Our secret is the shared secret that you write there.",
        ),
        "svix": (
            "Where the sender shows its endpoints: Add endpoint; paste the URL.",
            "Our secret is the endpoint's signing secret, with its `whsec_`.",
        ),
        "standard_webhooks": (
            "Where the sender shows its endpoints, paste the URL.",
            "Our secret is the signing secret, with its `whsec_` (or `whpk_`).",
        ),
        "cloudevents": (
            "Let the sender post CloudEvents here, structured, binary or in batches.",
            "It must sign them as the mapping's `verify` says.",
        ),
        "basic": (
            "Let the sender show user and password by Basic; our secret is `user:password`.",
        ),
        "bearer": ("Let the sender show `Authorization: Bearer …`; our secret is what follows.",),
        "token": ("Let the sender show the secret in a header or the URL, as `verify` says.",),
        "hmac": (
            "Let the sender sign the body with HMAC; `verify` in the source's file says how.",
            "Our secret is the key; make a long random one.",
        ),
    }
)
OTHERS = (
    "Where the sender wants a webhook's URL, paste it.",
    "The source's own file says under `verify` how it must sign.",
)


def setting_up(source: str) -> tuple[str, ...]:
    """Return what to do at the vendor, step by step."""
    return SETTING_UP.get(source, OTHERS)
