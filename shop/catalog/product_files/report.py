"""What an import found and did, for people and for storage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_PROBLEMS = 200


@dataclass(frozen=True)
class Problem:
    """`row` counts as a spreadsheet counts; `column` is the column's key, empty for the row as a whole."""

    row: int
    column: str
    message: str


@dataclass
class ImportReport:
    """Counts of what is, or on a dry run would be, written; with problems nothing is."""

    dry_run: bool
    rows: int = 0
    products_created: int = 0
    products_changed: int = 0
    skus_created: int = 0
    skus_changed: int = 0
    categories_created: int = 0
    brands_created: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    imported: bool = False

    def refuse(self, row: int, column: str, message: Any) -> None:
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(row, column, str(message)))

    @property
    def clean(self) -> bool:
        return self.problem_count == 0

    def stored(self) -> Mapping[str, Any]:
        return {**vars(self), "problems": [vars(each) for each in self.problems]}
