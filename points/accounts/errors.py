"""Refusals of this room."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class ActivityRunning(DomainError):
    code, status, message = "linked_activity_running", 409, _("“{name}” is running for these members already.")
    exposes = ("name",)


class NobodyToInvite(DomainError):
    code, status, message = "nobody_to_invite", 409, _("There is nobody whose points still expire here.")


class FileNotReady(DomainError):
    code, status, message = "grant_file_not_ready", 409, _("This file is not at that point; look at its status.")
