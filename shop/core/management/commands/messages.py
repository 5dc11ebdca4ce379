"""`manage.py messages`: bring the message catalogues up to date and compile them, without system gettext.

Extracts from Python and templates, merges into `locale/*/LC_MESSAGES/django.po` keeping every translation (also those
of library strings that the catalogue adds), and compiles. `--check` changes nothing and fails when a catalogue is
stale, incomplete or not compiled.
"""

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
LIBRARY = "library"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # dates in the header would make every run a change
TOPS = ("shop", "members", "points", "promotions", "logistics", "orders", "analytics", "templates")


class Command(BaseCommand):
    help = "Extract, merge and compile the message catalogues."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when something is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        found = extract_messages(settings.BASE_DIR)
        complaints = []
        for po in sorted(Path(settings.BASE_DIR, "locale").glob("*/LC_MESSAGES/django.po")):
            catalog = merged(po, found)
            text, binary = rendered(catalog)
            mo = po.with_suffix(".mo")
            complaints += [f"{po}: {complaint}" for complaint in faults(catalog)]
            if options["check"]:
                stale = po.read_bytes() != text or not mo.exists() or mo.read_bytes() != binary
                complaints += [f"{po}: run manage.py messages"] if stale else []
            else:
                po.write_bytes(text)
                mo.write_bytes(binary)
        for complaint in complaints:
            self.stderr.write(complaint)
        if complaints:
            raise CommandError(f"{len(complaints)} complaints")


def extract_messages(root: Path) -> Catalog:
    """Every message of the project's own sources, with the files where it stands (no line numbers: they only churn)."""
    catalog = Catalog()
    for path in _sources(root):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        source = _calls(templatize(text, origin=name)) if path.suffix == ".html" else text
        for _line, message, _comments, context in extract(
            "python", io.BytesIO(source.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            catalog.add(message, locations=[(name, None)], context=context)  # type: ignore[list-item]
    return catalog


def _sources(root: Path) -> list[Path]:
    found = [path for top in TOPS for path in (root / top).rglob("*") if path.suffix in {".py", ".html"}]
    return sorted(path for path in found if not {"tests", "migrations"} & set(path.parts))


def _calls(templatized: str) -> str:
    # templatize() leaves the gettext calls among lines of filler that is not Python.
    return "\n".join(
        match.group() for match in re.finditer(r"\b(?:_|n?p?gettext)\((?:[^()]|\([^()]*\))*\)", templatized)
    )


def merged(po: Path, found: Catalog) -> Catalog:
    """The catalogue with every found message, old translations kept, unused ones dropped.

    Strings of libraries that bring no Chinese of their own are marked `#. library` in the file and always kept.
    """
    old = read_po(io.BytesIO(po.read_bytes()), locale=po.parent.parent.name)
    new = Catalog(
        locale=old.locale,
        project="Lantern",
        version="1",
        header_comment="# Chinese and other translations of Lantern; `manage.py messages` keeps this file in order.",
        msgid_bugs_address="",
        last_translator="",
        language_team="",
        creation_date=_NEVER,
        revision_date=_NEVER,
        fuzzy=False,
    )
    for message in found:
        if message.id:
            known = old.get(message.id, message.context)
            new.add(message.id, known.string if known else None, locations=message.locations, context=message.context)
    for message in old:
        if message.id and LIBRARY in message.auto_comments and message.id not in new:
            new.add(message.id, message.string, auto_comments=[LIBRARY], context=message.context)
    return new


def rendered(catalog: Catalog) -> tuple[bytes, bytes]:
    text, binary = io.BytesIO(), io.BytesIO()
    write_po(text, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
    write_mo(binary, catalog)
    return text.getvalue(), binary.getvalue()


def faults(catalog: Catalog) -> list[str]:
    """What a reader of the catalogue's language would miss: no translation, or one with other placeholders."""
    found = []
    for message in catalog:
        if not message.id:
            continue
        ids = list(message.id) if isinstance(message.id, list | tuple) else [message.id]
        written = message.string if isinstance(message.string, list | tuple) else [message.string]
        strings = [each or "" for each in written]
        if not all(strings):
            found.append(f"not translated: {ids[0]!r}")
        elif any(_placeholders(each) != _placeholders(ids[-1]) for each in strings):
            found.append(f"other placeholders: {ids[0]!r}")
    return found


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))
