"""Codes as merchants have them, pasted or in the first column of a file, and which lines of it hold none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shop.catalog.product_files.reading import Line, read_lines

MOST_CODES, LONGEST_CODE = 20_000, 200
# What exports of other systems call the column.
HEADINGS = frozenset(
    {"code", "codes", "coupon code", "card number", "兑换码", "券码", "卡密", "卡号", "激活码", "编码", "编号"}
)
# 1.23E+15: a spreadsheet has shortened the number, and its digits are lost.
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)

_TOO_LONG = _("longer than {limit} characters")
_NO_CODE = _("no code in the first column")
_NOT_PRINTED = _("characters that cannot be printed")
_SHORT = _("a number that a spreadsheet has shortened; format the column as text and export it again")


@dataclass
class CodeLines:
    """`lines` are the numbers of the lines that `codes` stand in; `faults` say why others hold none."""

    codes: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[tuple[int, str | Promise]] = field(default_factory=list)


def read_codes(*, pasted: str, file: IO[bytes] | None) -> CodeLines:
    """Either of them; stops once there are too many. Raises ImportFileNotReadable."""
    found = CodeLines()
    for line in _lines(pasted, file):
        code = line.cells[0] if line.cells else ""
        fault = line.fault or _fault(code)
        if fault:
            found.faults.append((line.number, fault))
        elif found.lines or code.lower() not in HEADINGS:
            found.codes.append(code)
            found.lines.append(line.number)
        if len(found.codes) > MOST_CODES:
            break
    return found


def _lines(pasted: str, file: IO[bytes] | None) -> Iterator[Line]:
    if file is not None:
        yield from read_lines(file)
        return
    for number, typed in enumerate(pasted.splitlines(), 1):
        if typed.strip():
            yield Line(number, [typed.strip()])


def _fault(code: str) -> str | Promise:
    if not code:
        return _NO_CODE
    if len(code) > LONGEST_CODE:
        return str(_TOO_LONG).format(limit=LONGEST_CODE)
    if not code.isprintable():
        return _NOT_PRINTED
    return _SHORT if _SHORTENED.fullmatch(code) else ""
