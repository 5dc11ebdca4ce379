"""Texts with `{placeholders}`: only declared names, put in as they are.

Nothing of Python's format language is understood beyond a name in braces: an attribute, an index, a conversion or a
format is a mistake in the template, not a door into the program.
"""

import re
from collections.abc import Iterable, Mapping
from string import Formatter

from django.utils.translation import gettext as _

# What WeChat allows in the fields of a subscribe message, by the kind of field; None where only the form is fixed.
SUBSCRIBE_LIMITS: Mapping[str, int | None] = {
    "thing": 20,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "character_string": 32,
    "time": None,
    "date": None,
    "amount": None,
    "phone_number": 17,
    "car_number": 8,
    "name": 10,
    "phrase": 5,
}
_SUBSCRIBE_KEY = re.compile(rf"({'|'.join(SUBSCRIBE_LIMITS)})\d{{1,2}}")


def complaints(text: str, *, allowed: Iterable[str]) -> list[str]:
    """What is wrong with a text, in the reader's language; empty when it can be rendered."""
    known = set(allowed)
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return [_("A brace is not closed. Write {{ and }} for braces that are meant as such.")]
    found = []
    for _literal, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion or name not in known:
            written = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            found.append(_("“{name}” is no field of this event.").replace("{name}", written))
    return found


def fits(text: str, values: Mapping[str, str]) -> bool:
    """Whether a text can be filled in with these values and no others."""
    return not complaints(text, allowed=values)


def render(text: str, values: Mapping[str, str]) -> str:
    """Fill in the placeholders. Raises KeyError for one without a value, ValueError for a brace left open."""
    return "".join(
        literal + (values[name] if name is not None else "") for literal, name, _form, _how in Formatter().parse(text)
    )


def subscribe_lines(body: str) -> dict[str, str]:
    """A subscribe message's fields, one `thing1: text` a line. Raises ValueError with what is wrong."""
    fields: dict[str, str] = {}
    for line in body.splitlines():
        if not line.strip():
            continue
        key, colon, text = line.partition(":")
        key, text = key.strip(), text.strip()
        if not (colon and text and _SUBSCRIBE_KEY.fullmatch(key)) or key in fields:
            raise ValueError(_("Write one field a line, such as “thing1: text”, each field once."))
        fields[key] = text
    if not fields:
        raise ValueError(_("A subscribe message needs a field."))
    return fields


def render_subscribe(body: str, values: Mapping[str, str]) -> dict[str, str]:
    """The fields with their values, cut to the lengths that WeChat takes."""
    return {key: _cut(render(text, values), _limit(key)) for key, text in subscribe_lines(body).items()}


def _limit(key: str) -> int | None:
    return SUBSCRIBE_LIMITS[key.rstrip("0123456789")]


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"
