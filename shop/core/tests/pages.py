"""What a page of the admin would send, read from the page as a browser reads it."""

from html.parser import HTMLParser
from typing import Any


class SentForm(HTMLParser):
    """The fields of the form that holds a field called `marker`."""

    def __init__(self, page: str, *, marker: str) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._select: str | None = None
        self._option: str | None = None
        self._text: str | None = None
        self.feed(page)
        self.sent = next((form for form in self.forms if marker in form), {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        name = given.get("name")
        if tag == "form":
            self.forms.append({})
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self._add(self._select, given.get("value", ""))
        elif tag == "textarea" and name:
            self._text = name
            self._add(name, "")
        elif tag == "input" and name:
            kind = given.get("type")
            if kind in ("submit", "file", "button") or (kind in ("checkbox", "radio") and "checked" not in given):
                return
            self._add(name, given.get("value") or ("on" if kind == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text and self.forms:
            self.forms[-1][self._text][-1] += data

    def _add(self, name: str, value: str) -> None:
        if self.forms:
            self.forms[-1].setdefault(name, []).append(value)


def sent_form(page: str, *, marker: str = "_shown") -> dict[str, list[str]]:
    return {
        name: [value.removeprefix("\n") for value in values]
        for name, values in SentForm(page, marker=marker).sent.items()
    }
