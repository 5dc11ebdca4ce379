"""Invite codes: short enough to be typed and to fit into a mini-program's QR code."""

import secrets

# No letters or digits that people mistake for one another; ten of them are 49 bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_invite_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))
