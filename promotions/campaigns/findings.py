"""What somebody must know before a campaign is published: a sentence, and a code by which it is taken note of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`forbidden` is not to be published at all; anything else may be, once somebody has taken note of it.

    The code tells what exactly was found: when that changes, taking note of it once does not count any more.
    """

    code: str
    message: str
    forbidden: bool = False
