"""`manage.py import_events FILE.csv`: a history of events, counted like any other."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.events.services.imports import COLUMNS, REQUIRED, ProblemsFound, import_events
from analytics.events.services.loading import load_events
from shop.core import clock


class Command(BaseCommand):
    help = (
        "Import events from a CSV file (UTF-8), all or nothing, once each however often. Columns, in any order: "
        f"{', '.join(COLUMNS)}; required are {', '.join(REQUIRED)}. See docs/analytics.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=argparse.FileType("r", encoding="utf-8-sig"))

    def handle(self, *args: Any, **options: Any) -> None:
        with options["file"] as file:
            try:
                report = import_events(file=file, now=clock.now())
            except ProblemsFound as found:
                for problem in found.report.problems:
                    self.stderr.write(f"{problem.line}: {problem.message}")
                raise CommandError(f"{found.report.problem_count} problems; nothing was imported") from None
        moved, again = 0, 0
        while True:
            effect = load_events(seconds=60)
            moved, again = moved + effect["moved"], again + effect["skipped"]
            if not any(effect.values()):
                break
        self.stdout.write(f"imported {report.rows} rows: {moved} new, {again} known before")
