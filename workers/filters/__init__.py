"""What a mapping can do with a value: pure functions, value first, each under its own name.

A filter is not called for a missing value: the result is missing as well. An empty text, and
None, that a filter returns count as missing too. What a filter cannot use is a ValueError that
says so.
"""

from collections.abc import Callable, Mapping

from workers.filters import addresses, lists, markup, numbers, texts, times, values

FILTERS: Mapping[str, Callable[..., object]] = {
    "abs": numbers.absolute,
    "after": texts.after,
    "as_list": lists.as_list,
    "as_time": times.as_time,
    "before": texts.before,
    "by": lists.by,
    "capitalize": texts.capitalize,
    "company_domain": addresses.company_domain,
    "count": lists.length,
    "date": times.date,
    "domain": addresses.domain,
    "email": addresses.email,
    "fingerprint": lists.fingerprint,
    "first": lists.first,
    "first_name": texts.first_name,
    "from_email_date": times.from_email_date,
    "from_iso": times.from_iso,
    "from_json": lists.from_json,
    "from_unix": times.from_unix,
    "from_unix_ms": times.from_unix_ms,
    "html_escape": markup.html_escape,
    "int": numbers.integer,
    "items": lists.items,
    "join": lists.join,
    "last": lists.last,
    "last_name": texts.last_name,
    "length": lists.length,
    "lookup": lists.lookup,
    "lower": texts.lower,
    "merged": lists.merged,
    "money": numbers.money,
    "number": values.number,
    "only": lists.only,
    "percent_decode": texts.percent_decode,
    "phone": addresses.phone,
    "pluck": lists.pluck,
    "plus_days": times.plus_days,
    "replace": texts.replace,
    "reverse": lists.reverse,
    "round": numbers.round_to,
    "safe_html": markup.safe_html,
    "sort_by": lists.sort_by,
    "split": texts.split,
    "spread": lists.spread,
    "starts_with": texts.starts_with,
    "string": values.text,
    "strip_html": markup.strip_html,
    "sum": lists.total,
    "text_to_html": markup.text_to_html,
    "title": texts.title,
    "to_json": lists.to_json,
    "trim": texts.trim,
    "truncate_to": texts.truncate_to,
    "unique": lists.unique,
    "upper": texts.upper,
    "where": lists.where,
}
