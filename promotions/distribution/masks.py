"""Members as those who brought them see them."""

SHOWN = "***"


def masked_name(nickname: str) -> str:
    name = nickname.strip()
    return f"{name[:1]}{SHOWN}"
