"""Files of gifts: read, checked row by row, and written back with what became of each row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.phones import parse_mobile
from points.accounts.models import GrantFile, GrantLine
from points.ledger.models import ExpiryPolicy
from shop.catalog.product_files.reading import Line, read_lines
from shop.core.formulas import harmless, original

BATCH = 1000
MOST_POINTS = 1_000_000
SHOWN = 200
COLUMNS: Mapping[str, str] = {
    "手机号": "phone",
    "会员编号": "member",
    "积分": "points",
    "原因": "reason",
    "有效期策略": "policy",
}


@dataclass
class Checked:
    """What a file says; with any problem nothing of it is booked."""

    lines: list[GrantLine] = field(default_factory=list)
    problems: list[dict[str, str | int]] = field(default_factory=list)
    rows: int = 0

    def refuse(self, row: int, column: str, message: str) -> None:
        self.problems.append({"row": row, "column": column, "message": message})


def check_file(file: IO[bytes]) -> Checked:
    """Two queries for a thousand rows. Raises ImportFileNotReadable."""
    found, lines = Checked(), iter(read_lines(file))
    heading = next(lines, None)
    columns = _columns(heading, found)
    if found.problems:
        return found
    policies = {policy.name: policy.pk for policy in ExpiryPolicy.objects.all()}
    given: set[int] = set()
    while batch := list(islice(lines, BATCH)):
        _check_batch([_Row.of(line, columns) for line in batch], found, policies, given)
    if not found.rows:
        found.refuse(1, "", _("The file has no rows."))
    return found


def result_rows(file: GrantFile) -> Iterator[list[str]]:
    """Each row with what became of it, safe to open in a spreadsheet."""
    yield [_("row"), _("member"), _("points"), _("reason"), _("status"), _("error")]
    for line in file.lines.order_by("number").iterator(chunk_size=BATCH):
        cells = (line.number, line.member_id, line.points, line.reason, line.get_status_display(), line.error)
        yield [harmless(str(cell)) for cell in cells]


@dataclass(frozen=True)
class _Row:
    number: int
    cells: Mapping[str, str]
    fault: str

    @classmethod
    def of(cls, line: Line, columns: Sequence[str]) -> "_Row":
        cells = {name: original(cell) for name, cell in zip(columns, line.cells, strict=False) if name}
        return cls(line.number, cells, line.fault)


def _columns(heading: Line | None, found: Checked) -> list[str]:
    names = [COLUMNS.get(cell, cell.lower()) for cell in heading.cells] if heading else []
    names = [name if name in COLUMNS.values() else "" for name in names]
    if "points" not in names:
        found.refuse(1, "points", _("The column is missing."))
    if not {"phone", "member"} & set(names):
        found.refuse(1, "phone", _("There must be a column with phones or with member numbers."))
    return names


def _check_batch(rows: Sequence[_Row], found: Checked, policies: Mapping[str, int], given: set[int]) -> None:
    phones = {phone for row in rows if (phone := parse_mobile(row.cells.get("phone", "")))}
    numbers = {int(cell) for row in rows if (cell := row.cells.get("member", "")).isdecimal() and len(cell) < 19}
    active = Member.objects.filter(status=Member.Status.ACTIVE)
    by_phone = {member.phone: member.pk for member in active.filter(phone__in=phones) if member.phone}
    by_number = set(active.filter(pk__in=numbers).values_list("pk", flat=True))
    for row in rows:
        found.rows += 1
        if row.fault:
            found.refuse(row.number, "", row.fault)
            continue
        line = _line(row, by_phone, by_number, policies, found)
        if line is None:
            continue
        if line.member_id in given:
            found.refuse(row.number, "phone", _("This member stands in the file already."))
            continue
        given.add(line.member_id)
        found.lines.append(line)


def _line(
    row: _Row, by_phone: Mapping[str, int], by_number: set[int], policies: Mapping[str, int], found: Checked
) -> GrantLine | None:
    before = len(found.problems)
    member_id = _member(row, by_phone, by_number, found)
    points = row.cells.get("points", "")
    if not (points.isdecimal() and len(points) < 8 and 0 < int(points) <= MOST_POINTS):
        found.refuse(row.number, "points", _("Enter a whole number from 1 to {most}.").format(most=MOST_POINTS))
    reason, policy = row.cells.get("reason", ""), row.cells.get("policy", "")
    if len(reason) > 200:
        found.refuse(row.number, "reason", _("At most 200 characters."))
    if policy and policy not in policies:
        found.refuse(row.number, "policy", _("There is no such expiry policy."))
    if member_id is None or len(found.problems) > before:
        return None
    return GrantLine(
        number=row.number, member_id=member_id, points=int(points), reason=reason, policy_id=policies.get(policy)
    )


def _member(row: _Row, by_phone: Mapping[str, int], by_number: set[int], found: Checked) -> int | None:
    number, phone = row.cells.get("member", ""), row.cells.get("phone", "")
    if number:
        if number.isdecimal() and len(number) < 19 and int(number) in by_number:
            return int(number)
        found.refuse(row.number, "member", _("There is no active member with this number."))
        return None
    member_id = by_phone.get(parse_mobile(phone) or "")
    if member_id is None:
        found.refuse(row.number, "phone", _("There is no active member with this phone."))
    return member_id
