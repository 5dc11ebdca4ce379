"""`manage.py load_demo --size small|full`: load the demo shop, room by room, through the rooms' own services."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from shop.core import clock


class Command(BaseCommand):
    help = "Load the demo shop. Safe to run again: what is there already is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=["small", "full"], default="full")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        for path in settings.DEMO_LOADERS:
            load = import_string(path)
            self.stdout.write(f"{path}: {load(size=options['size'], now=now)}")
