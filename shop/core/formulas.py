"""Text that a spreadsheet would run as a formula is written with an apostrophe before it, and read without."""

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    return f"'{text}" if text.startswith(STARTS) else text


def original(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(STARTS) else text
