"""`manage.py seed_roles`: create the staff roles of `settings.ROLES` that are missing."""

from typing import Any

from django.core.management.base import BaseCommand

from shop.core.roles import seed_roles


class Command(BaseCommand):
    help = "Create the staff roles that are missing; existing ones are left as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(", ".join(group.name for group in seed_roles()) or "all roles are there already")
