"""`manage.py check_invariants`: check every law on live data; exit status 1 where one is broken."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from shop.core.invariants import laws


class Command(BaseCommand):
    help = "Check every law that must hold on live data."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = False
        for name, law in laws():
            found = law()
            broken = broken or bool(found)
            self.stdout.write(f"{'BROKEN' if found else 'ok    '} {name}")
            for sentence in found:
                self.stdout.write(f"       {sentence}")
        if broken:
            sys.exit(1)
