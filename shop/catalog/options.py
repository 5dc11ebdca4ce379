"""Options of a SKU as people write them: `颜色:红; 尺寸:L`."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

MAX_OPTIONS = 6
MAX_LENGTH = 40


def parse_options(text: str) -> dict[str, str]:
    """`颜色：红；尺寸:L` → `{"颜色": "红", "尺寸": "L"}`, in order. Raises ValueError with a message for people."""
    options: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in re.split(r"[;；\n]", text))):
        name, separator, value = (*map(str.strip, re.split(r"([:：])", part, maxsplit=1)), "", "")[:3]
        if not separator or not name or not value:
            raise ValueError(_("“%(part)s” is not written as name:value.") % {"part": part})
        if name in options:
            raise ValueError(_("The option “%(name)s” occurs twice.") % {"name": name})
        if max(len(name), len(value)) > MAX_LENGTH:
            raise ValueError(_("An option may have %(count)d characters at most.") % {"count": MAX_LENGTH})
        options[name] = value
    if len(options) > MAX_OPTIONS:
        raise ValueError(_("At most %(count)d options are possible.") % {"count": MAX_OPTIONS})
    return options


def format_options(options: Mapping[str, object]) -> str:
    return "; ".join(f"{name}:{value}" for name, value in options.items())
