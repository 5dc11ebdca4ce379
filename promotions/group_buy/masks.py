"""Members as strangers see them in a team."""

SHOWN = "***"


def masked_name(nickname: str) -> str:
    """The first and the last character; of a short name the first alone."""
    name = nickname.strip()
    return f"{name[:1]}{SHOWN}{name[-1:] if len(name) > 2 else ''}"
