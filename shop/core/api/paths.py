"""What may stand in an address of the API where a public number is expected."""


class NumberConverter:
    """`<number:…>`: letters and digits only. Anything else is no number of ours and finds nothing (404)."""

    regex = "[A-Za-z0-9]{1,40}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
