"""Roles of staff: groups with permissions, seeded from `settings.ROLES` and kept by the merchant afterwards."""

from collections.abc import Mapping

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop, override

from shop.core.models import StaffUser
from shop.core.transactions import use_case

NAMES = {
    "add": "Add",
    "change": "Change",
    "delete": "Delete",
    "view": "View",
    "reveal": gettext_noop("Reveal phone numbers and streets"),
    "verify": gettext_noop("Verify in a store"),
    "everywhere": gettext_noop("Verify in all stores"),
    "undo": gettext_noop("Undo verifications"),
}


def screen_permissions() -> QuerySet[Permission]:
    """The permissions that mean something in the admin: those of models that have a screen."""
    shown = {(model._meta.app_label, model._meta.model_name) for model in admin.site._registry}
    types = {
        permission.content_type_id
        for permission in Permission.objects.select_related("content_type")
        if (permission.content_type.app_label, permission.content_type.model) in shown
    }
    return (
        Permission.objects.filter(content_type__in=types)
        .select_related("content_type")
        .order_by("content_type__app_label", "content_type__model", "codename")
    )


def permission_label(permission: Permission) -> str:
    """In the reader's language; Django stores only English names."""
    action = permission.codename.partition("_")[0]
    return f"{permission.content_type} · {gettext(NAMES[action]) if action in NAMES else permission.name}"


@use_case
def seed_roles() -> list[Group]:
    """Create the roles that are missing, in the shop's language; one that exists is left as the merchant made it."""
    permissions = list(screen_permissions())
    created = []
    for role in settings.ROLES:
        with override(settings.LANGUAGE_CODE):
            group, is_new = Group.objects.get_or_create(name=str(role.name))
        if is_new:
            group.permissions.set(each for each in permissions if _grants(role.grants, each))
            created.append(group)
    return created


@use_case
def create_role_accounts(*, password: str) -> list[StaffUser]:
    """One account for each role, to try them; an account that exists is left alone."""
    created = []
    for role in settings.ROLES:
        if StaffUser.objects.filter(username=role.account).exists():
            continue
        with override(settings.LANGUAGE_CODE):
            name = str(role.name)
        user = StaffUser.objects.create_user(role.account, password=password or None, is_staff=True, first_name=name)
        user.groups.add(Group.objects.get(name=name))
        created.append(user)
    return created


def _grants(grants: Mapping[str, tuple[str, ...]], permission: Permission) -> bool:
    label, model = permission.content_type.app_label, permission.content_type.model
    actions = grants.get(f"{label}.{model}", grants.get(label, ()))
    return permission.codename.partition("_")[0] in actions
