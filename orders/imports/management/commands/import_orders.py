"""`manage.py import_orders FILE`: past orders from a CSV or XLSX file; the columns are in `docs/order-import.md`."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.imports.services import import_orders
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import DomainError


class Command(BaseCommand):
    help = "Import past orders from a CSV or XLSX file, all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=argparse.FileType("rb"))
        parser.add_argument("--dry-run", action="store_true", help="only check")

    def handle(self, *args: Any, **options: Any) -> None:
        with options["file"] as file:
            try:
                report = import_orders(
                    file=file, actor=Actor.system("import_orders"), now=clock.now(), dry_run=options["dry_run"]
                )
            except DomainError as error:
                raise CommandError(str(error)) from error
        for problem in report.problems:
            self.stderr.write(f"{problem.row}: {problem.column}: {problem.message}")
        if report.problem_count:
            raise CommandError(f"{report.problem_count} problems in {report.rows} rows; nothing was imported")
        self.stdout.write(
            f"{'checked' if options['dry_run'] else 'imported'} {report.rows} rows: "
            f"orders +{report.orders}, members +{report.members}, known orders {report.known}"
        )
