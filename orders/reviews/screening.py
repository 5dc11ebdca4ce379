"""Which reviews may be shown at once. Pure but for the merchant's settings."""

import re
import unicodedata
from collections.abc import Sequence

from orders.reviews.preferences import APPROVE_AUTOMATICALLY, CHECK_PICTURES, WORDS

_BETWEEN_WORDS = re.compile("[,，、;；\n]")


def may_be_shown(*, content: str, pictures: Sequence[str]) -> bool:
    """Without anybody looking at it first."""
    if not APPROVE_AUTOMATICALLY.value() or (pictures and CHECK_PICTURES.value()):
        return False
    bare = _bare(content)
    return not any(word in bare for word in map(_bare, _BETWEEN_WORDS.split(WORDS.value())) if word)


def _bare(text: str) -> str:
    """Letters and digits only, in one form, so that spaces and dots do not part a word that is looked for."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
