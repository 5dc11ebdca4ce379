"""The trails that every room leaves without a word of its own: the admin's log, and the kept versions of rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shop.core.audit import Deed, Trail, address_of
from shop.core.money import yuan

STEPS = {
    "+": pgettext_lazy("of a row", "Created"),
    "~": pgettext_lazy("of a row", "Changed"),
    "-": pgettext_lazy("of a row", "Deleted"),
}
FLAGS = {ADDITION: STEPS["+"], CHANGE: STEPS["~"]}


def log_seen_by(user: Any) -> Q:
    """Of the admin's log, what was done to objects that somebody may look at."""
    if user.is_superuser:
        return Q()
    seen = [kind.pk for kind in ContentType.objects.all() if user.has_perm(f"{kind.app_label}.view_{kind.model}")]
    return Q(content_type__in=seen)


def _of_log(entry: LogEntry, known: Any) -> Deed:
    kind = entry.content_type
    model = kind.model_class() if kind else None
    return Deed(
        at=entry.action_time,
        actor=entry.user.get_username(),
        what=entry.get_change_message() or FLAGS.get(entry.action_flag, STEPS["-"]),
        object=f"{capfirst(str(kind.name)) if kind else ''} {entry.object_repr}".strip(),
        link=address_of(model, entry.object_id) if model else "",
    )


LOG = Trail(
    name="log",
    label=gettext_lazy("What was done in the admin"),
    permission="admin.view_logentry",
    rows=lambda: LogEntry.objects.select_related("user", "content_type"),
    at="action_time",
    by="user__username",
    by_account=True,
    number="object_repr__icontains",
    present=_of_log,
    sees=log_seen_by,
)


def _of_version(row: Any, earlier: Mapping[int, Any]) -> Deed:
    model, before = row.instance_type, earlier.get(row.pk)
    changed = [each for each in _fields(row) if before is None or _value(each, row) != _value(each, before)]
    shown = changed if row.history_type == "~" else []
    return Deed(
        at=row.history_date,
        actor=row.history_user.get_username(),
        what=STEPS[row.history_type],
        object=f"{capfirst(str(model._meta.verbose_name))} {row}",
        link="" if row.history_type == "-" else address_of(model, getattr(row, model._meta.pk.attname)),
        before=[(each.verbose_name, _said(each, before)) for each in shown] if before is not None else "",
        after=[(each.verbose_name, _said(each, row)) for each in shown],
        reason=row.history_change_reason or "",
    )


def _earlier(rows: Sequence[Any]) -> dict[int, Any]:
    """The version before each of these, by its own key: two questions for all of them."""
    if not rows:
        return {}
    versions = type(rows[0])
    pk = rows[0].instance_type._meta.pk.attname
    older = versions._default_manager.filter(**{pk: OuterRef(pk)}, history_id__lt=OuterRef("history_id")).order_by()
    newest = older.values(pk).annotate(newest=Max("history_id")).values("newest")
    pairs = dict(
        versions._default_manager.filter(pk__in=[row.pk for row in rows])
        .annotate(earlier=Subquery(newest))
        .values_list("pk", "earlier")
    )
    found = versions._default_manager.in_bulk([pk for pk in pairs.values() if pk is not None])
    return {pk: found[earlier] for pk, earlier in pairs.items() if earlier in found}


def _fields(row: Any) -> list[Any]:
    return [each for each in row.tracked_fields if not each.primary_key]


def _value(field: Any, row: Any) -> Any:
    return getattr(row, field.attname)


def _said(field: Any, row: Any) -> str:
    value = _value(field, row)
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return yuan(value) if field.name.endswith("_fen") and isinstance(value, int) else str(value)


def _versions() -> list[type[Any]]:
    """The models of kept versions, each of one model that has a screen or belongs to one."""
    return [model for model in apps.get_models() if hasattr(model, "instance_type") and hasattr(model, "history_date")]


def _permission(model: type[Any]) -> str:
    """To look at a row, or at what it is a part of where it has no screen of its own."""
    above = [each.related_model for each in model._meta.fields if each.many_to_one]
    shown = next((each for each in [model, *above] if admin.site.is_registered(each)), None)
    if shown is None:
        return "admin.view_logentry"
    return f"{shown._meta.app_label}.view_{shown._meta.model_name}"


def _trail_of(versions: type[Any]) -> Trail:
    model = versions.instance_type
    meta = model._meta

    def rows() -> QuerySet[Any]:
        numbered = versions._default_manager.annotate(row_number=Cast(meta.pk.attname, CharField()))
        return numbered.select_related("history_user")

    return Trail(
        name=f"version.{meta.label_lower}",
        label=capfirst(meta.verbose_name),
        permission=_permission(model),
        rows=rows,
        at="history_date",
        by="history_user__username",
        by_account=True,
        number="row_number",
        present=_of_version,
        prepare=_earlier,
    )


TRAILS = (LOG, *map(_trail_of, _versions()))
