"""`manage.py load_regions`: write regions.csv into the table; `migrate` does the same."""

from typing import Any

from django.core.management.base import BaseCommand

from shop.regions.services import load_regions


class Command(BaseCommand):
    help = "Write regions.csv into the table. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{load_regions()} regions new or changed")
