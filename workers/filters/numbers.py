"""Filters for numbers and money."""

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from workers.filters.values import number, shown, text

# Digits after the decimal point where they are not two (ISO 4217).
MINOR_DIGITS: dict[str, int] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
# Stripe states these two in hundredths for its older callers' sake, and ariary as a whole.
PROVIDER_DIGITS = {"stripe": {"ISK": 2, "UGX": 2, "MGA": 0}}


def integer(value: object) -> int:
    """Return the number without its fraction."""
    return int(number(value))


def round_to(value: object, places: object = 0) -> Decimal:
    """Return the number with so many digits after the point, halves to the even one."""
    try:
        return number(value).quantize(Decimal(1).scaleb(-int(number(places))), ROUND_HALF_EVEN)
    except InvalidOperation:
        raise ValueError(f"{shown(value)} has too many digits to round") from None


def absolute(value: object) -> Decimal:
    """Return the number without its sign."""
    return abs(number(value))


def money(value: object, currency: str, provider: str = "") -> Decimal:
    """Return an amount that is stated in the currency's smallest unit: 12900 nok is 129.

    Yen and other currencies without a smaller unit stay as they are, dinars have three digits.
    `provider: "stripe"` follows Stripe, which states some of these in hundredths.
    """
    code = text(currency).strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError(f"{shown(currency)} is not a currency's three letters, such as NOK")
    digits = PROVIDER_DIGITS.get(provider, {}).get(code, MINOR_DIGITS.get(code, 2))
    return number(value).scaleb(-digits)
