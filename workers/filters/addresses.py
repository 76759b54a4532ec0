"""Filters for e-mail addresses, domains and telephone numbers."""

import re

import phonenumbers

from workers.filters.values import text

# Mail providers that serve the public: such an address says nothing about a company.
# fmt: off
FREE_MAIL = frozenset({
    "126.com", "163.com", "aim.com", "alice.it", "aol.com", "att.net", "bellsouth.net",
    "bigpond.com", "bluewin.ch", "bluemail.ch", "bol.com.br", "btinternet.com", "charter.net",
    "comcast.net", "cox.net", "earthlink.net", "email.com", "fastmail.com", "fastmail.fm",
    "free.fr", "freenet.de", "frontiernet.net", "gmail.com", "gmx.at", "gmx.ch", "gmx.com",
    "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.ch", "hotmail.co.uk",
    "hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.se",
    "hotmail.no", "icloud.com", "inbox.com", "inbox.lv", "laposte.net", "libero.it", "live.be",
    "live.ca", "live.co.uk", "live.com", "live.de", "live.fr", "live.it", "live.nl", "live.no",
    "live.se", "mac.com", "mail.com", "mail.de", "mail.ru", "mailbox.org", "me.com", "msn.com",
    "naver.com", "neuf.fr", "ntlworld.com", "online.no", "optonline.net", "orange.fr",
    "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "outlook.it", "pm.me", "posteo.de",
    "proton.me", "protonmail.ch", "protonmail.com", "qq.com", "rambler.ru", "rediffmail.com",
    "rocketmail.com", "sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sky.com",
    "sympatico.ca", "t-online.de", "talktalk.co.uk", "telenet.be", "telia.com", "terra.com.br",
    "tiscali.it", "tuta.com", "tutanota.com", "uol.com.br", "verizon.net", "virgilio.it",
    "virginmedia.com", "wanadoo.fr", "web.de", "wp.pl", "xtra.co.nz", "yahoo.ca", "yahoo.co.in",
    "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.au", "yahoo.com.br", "yahoo.de",
    "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
})
# fmt: on


def domain(value: object) -> str:
    """Return the bare domain of an e-mail or web address, in lower case; nothing if it has none."""
    address = str(value).strip().lower()
    if "://" in address or address.startswith("//"):
        address = address.partition("//")[2]
    address = re.split(r"[/?#]", address, maxsplit=1)[0].rpartition("@")[2]
    host = address.partition(":")[0].strip(" .<>").removeprefix("www.")
    return host if "." in host and " " not in host else ""


def company_domain(value: object) -> str:
    """Return the domain of an e-mail address; nothing if its provider serves the public."""
    name = domain(value)
    return "" if name in FREE_MAIL else name


def email(value: object) -> str:
    """Return the bare address, in lower case, of text such as `Zoe <zoe@acme.example>`."""
    whole = str(value).strip()
    inner = re.search(r"<([^<>]*)>\s*$", whole)
    return (inner[1] if inner else whole).strip().lower().removeprefix("mailto:")


def phone(value: object, region: object = None) -> str:
    """Return the number as E.164, such as +4712345678; as it was if it is no possible number.

    `region` is the country, such as "NO", of a number that is written without its own; what is
    no country's two letters is not heeded.
    """
    written = text(value).strip()
    country = text(region).strip().upper()
    try:
        parsed = phonenumbers.parse(
            written, country if country in phonenumbers.SUPPORTED_REGIONS else None
        )
    except phonenumbers.NumberParseException:
        return written
    if not phonenumbers.is_possible_number(parsed):
        return written
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
