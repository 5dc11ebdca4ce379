"""`manage.py import_products FILE`: the same import as in the admin."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop.catalog.services.imports import import_products
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import DomainError


class Command(BaseCommand):
    help = "Import products from a CSV or XLSX file, all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=argparse.FileType("rb"))
        parser.add_argument("--dry-run", action="store_true", help="only check")
        parser.add_argument("--create-missing", action="store_true", help="create unknown categories and brands")

    def handle(self, *args: Any, **options: Any) -> None:
        with options["file"] as file:
            try:
                report = import_products(
                    file=file,
                    filename=Path(file.name).name,
                    actor=Actor.system("import_products"),
                    now=clock.now(),
                    dry_run=options["dry_run"],
                    create_missing=options["create_missing"],
                )
            except DomainError as error:
                raise CommandError(str(error)) from error
        for problem in report.problems:
            self.stderr.write(f"{problem.row}: {problem.column}: {problem.message}")
        if not report.clean:
            raise CommandError(f"{report.problem_count} problems in {report.rows} rows; nothing was imported")
        self.stdout.write(
            f"{'checked' if report.dry_run else 'imported'} {report.rows} rows: "
            f"products +{report.products_created} ~{report.products_changed}, "
            f"SKUs +{report.skus_created} ~{report.skus_changed}, "
            f"categories +{report.categories_created}, brands +{report.brands_created}"
        )
