"""What a form showed when it was opened, so that saving it never undoes what somebody else has saved meanwhile.

The values that a form was shown with travel in a hidden field. When it comes back they are held against what the rows
hold by then: what only others have changed is taken over into what was typed, and what both have changed waits for the
person to decide. Only fields that can be typed in count; a counter beside them may move as it likes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, Self

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db.models import Manager, Model, QuerySet
from django.db.models.fields.files import FieldFile
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from shop.core.forms import PercentField, YuanField

FIELD = "_shown"
_SALT = "shop.core.shown"
_LONGEST = 80
Value = str | list[str]
Values = dict[str, dict[str, Value]]


@dataclass(frozen=True)
class Shown:
    """Values by form and field, as they were at a moment. The object's own form goes by no name."""

    at: datetime
    values: Values

    @classmethod
    def read(cls, token: str) -> Self | None:
        """None for what this shop has not written."""
        try:
            at, values = signing.loads(token, salt=_SALT)
        except signing.BadSignature:
            return None
        return cls(datetime.fromisoformat(at), values)

    def __str__(self) -> str:
        return signing.dumps((self.at.isoformat(), self.values), salt=_SALT, compress=True)

    def as_field(self) -> SafeString:
        return mark_safe(f"<input{flatatt({'type': 'hidden', 'name': FIELD, 'value': str(self)})}>")


class Change(NamedTuple):
    """What somebody else did to one field; `mine` is what was typed, None where that was taken over."""

    label: str
    was: str
    now: str
    mine: str | None


@dataclass(frozen=True)
class Conflict:
    """What others have changed, who did so last and when, and all that is there now."""

    changes: list[Change]
    last: tuple[str, datetime] | None
    seen: Shown

    @property
    def sentence(self) -> str:
        if self.last is None:
            return _("Somebody else has changed this since you opened it.")
        who, at = self.last
        time = formats.date_format(timezone.localtime(at), "Y-m-d H:i:s")
        return _("{who} changed this at {time}, after you had opened it.").format(who=who, time=time)


def values_of(form: forms.BaseForm) -> dict[str, Value]:
    """What a form shows in the fields that can be typed in."""
    typed = {name: field for name, field in form.fields.items() if not field.disabled}
    return {name: _plain(form.get_initial_for_field(field, name)) for name, field in typed.items()}


def values_of_all(forms_: Iterable[tuple[str, forms.BaseForm]]) -> Values:
    return {name: values_of(form) for name, form in forms_}


def named(form: forms.BaseForm, formsets: Iterable[Any]) -> Iterator[tuple[str, forms.BaseForm]]:
    """A form and the rows below it, each by a name that says which row of the database it is."""
    yield "", form
    for formset in formsets:
        yield from named_rows(formset)


def named_rows(formset: Any) -> Iterator[tuple[str, forms.BaseForm]]:
    for row in formset.initial_forms:
        # A row that has gone is known by what was sent of it.
        pk = row.instance.pk or row.data.get(row.add_prefix(row.instance._meta.pk.name))
        if pk is not None:
            yield f"{formset.prefix} {pk}", row


def changes_since(
    shown: Shown, *, fresh: dict[str, forms.BaseForm], typed: dict[str, forms.BaseForm], data: QueryDict
) -> list[Change]:
    """What others have changed, with what was typed instead. Fills `data` with what only they have changed.

    `fresh` are the forms as they would be shown now, `typed` the same, bound and validated.
    """
    found: list[Change] = []
    for name in [*fresh, *reversed([name for name in shown.values if name not in fresh])]:
        before, now = shown.values.get(name), fresh.get(name)
        row = _row_label(now or typed.get(name), before or {}) if name else ""
        if before is None or now is None:
            found.append(Change(row or _("a row"), "–", _("is new") if now else _("was removed"), None))
            if now is None:
                _drop_row(data, typed.get(name))
            continue
        for field_name, value in values_of(now).items():
            if field_name not in before or value == before[field_name]:
                continue
            field = now.fields[field_name]
            mine = _typed(typed.get(name), field_name)
            if mine == value:
                continue
            taken = mine == before[field_name]
            if taken:
                key = typed[name].add_prefix(field_name)
                _take_over(data, field, key, now.get_initial_for_field(field, field_name))
            label = str(now[field_name].label)
            found.append(
                Change(
                    f"{row} · {label}" if row else label,
                    in_words(field, before[field_name]),
                    in_words(field, value),
                    None if taken else in_words(field, mine),
                )
            )
    return found


def last_change(obj: Model, *, since: datetime) -> tuple[str, datetime] | None:
    """Who has last changed a row, as its history and the trail of the admin tell it."""
    name = getattr(obj._meta, "simple_history_manager_attribute", None)
    kept: list[tuple[datetime, Any]] = []
    if name:
        rows = getattr(obj, name).filter(history_date__gte=since).order_by("-history_date")
        kept += [(row.history_date, row.history_user) for row in rows.select_related("history_user")[:1]]
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(obj), object_id=str(obj.pk), action_time__gte=since
    )
    kept += [(entry.action_time, entry.user) for entry in entries.select_related("user").order_by("-action_time")[:1]]
    by_somebody = [each for each in kept if each[1] is not None] or kept
    if not by_somebody:
        return None
    at, user = max(by_somebody, key=lambda each: each[0])
    return (user.get_full_name() or user.get_username()) if user else _("The shop"), at


def in_words(field: forms.Field, value: Value | None) -> str:
    """A value of a form field, for people."""
    if value in (None, "", []):
        return "–"
    if isinstance(value, list):
        return "、".join(in_words(field, each) for each in value)
    assert value is not None
    if isinstance(field, forms.ModelChoiceField):
        return _of_model(field, value)
    choices = dict(getattr(field, "choices", None) or ())
    if value in choices:
        return str(choices[value])
    if value in ("True", "False"):
        return _("Yes") if value == "True" else _("No")
    if isinstance(field, YuanField | PercentField) and value.lstrip("-").isdecimal():
        return str(field.prepare_value(int(value)))
    if isinstance(field, forms.DateTimeField | forms.SplitDateTimeField) and (at := parse_datetime(value)):
        return formats.date_format(timezone.localtime(at), "Y-m-d H:i:s")
    if isinstance(field, forms.DateField) and (day := parse_date(value)):
        return formats.date_format(day, "Y-m-d")
    return Truncator(value).chars(_LONGEST)


def _of_model(field: forms.ModelChoiceField, value: str) -> str:
    key = field.to_field_name or "pk"
    assert isinstance(field.queryset, QuerySet)
    found = field.queryset.model._base_manager.filter(**{key: value}).first()
    return value if found is None else str(field.label_from_instance(found))


def _plain(value: Any) -> Value:
    """A value that compares, whether it was read or typed."""
    if value is None:
        return ""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, QuerySet | Manager):
        return sorted(str(each.pk) for each in value.all())
    if isinstance(value, list | tuple | set | frozenset):
        plain = [str(_plain(each)) for each in value]
        ordered = isinstance(value, list | tuple) and not any(isinstance(each, Model) for each in value)
        return plain if ordered else sorted(plain)
    if isinstance(value, datetime) and timezone.is_aware(value):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, FieldFile):
        return value.name or ""
    return str(value)


def _typed(form: forms.BaseForm | None, name: str) -> Value | None:
    """What was typed, as it compares; None for what cannot be read."""
    if form is None or name not in getattr(form, "cleaned_data", {}):
        return None
    return _plain(form.cleaned_data[name])


def _take_over(data: QueryDict, field: forms.Field, key: str, value: Any) -> None:
    if not isinstance(field, forms.FileField):
        _fill(data, field.widget, key, field.prepare_value(value))


def _fill(data: QueryDict, widget: Any, key: str, value: Any) -> None:
    widget = getattr(widget, "widget", widget)
    if isinstance(widget, forms.MultiWidget):
        parts: list[Any] = list(widget.decompress(value) or [])
        for n, of_part in enumerate(parts):
            _fill(data, widget.widgets[n], f"{key}_{n}", of_part)
        return
    data.pop(key, None)
    if isinstance(widget, forms.CheckboxInput):
        if widget.check_test(value):
            data[key] = "on"
        return
    shown = widget.format_value(value)
    if isinstance(shown, list | tuple):
        data.setlist(key, [str(each) for each in shown])
    elif shown is not None:
        data[key] = str(shown)


def _drop_row(data: QueryDict, form: Any) -> None:
    """Take a row that is no longer there out of what was sent; those after it move up."""
    if form is None:
        return
    prefix, _dash, place = str(form.prefix).rpartition("-")
    total = int(str(data[f"{prefix}-TOTAL_FORMS"]))
    for n in range(int(place), total):
        for key in [key for key in data if key.startswith(f"{prefix}-{n}-")]:
            data.pop(key)
        following = f"{prefix}-{n + 1}-"
        for key in [key for key in data if key.startswith(following)]:
            data.setlist(f"{prefix}-{n}-{key.removeprefix(following)}", data.getlist(key))
    for count in ("TOTAL_FORMS", "INITIAL_FORMS"):
        data[f"{prefix}-{count}"] = str(int(str(data[f"{prefix}-{count}"])) - 1)


def _row_label(form: Any, before: dict[str, Value]) -> str:
    if form is None or form.instance.pk is not None:
        return Truncator(str(form.instance if form else "")).chars(_LONGEST)
    seen = [field for field in form.visible_fields() if before.get(field.name)]
    return " · ".join(in_words(each.field, before[each.name]) for each in seen[:2])


class AsShownMixin:
    """For a form on a page of its own that edits what is there: `initial` holds that, also when the form comes back.

    `subject` is the row whose trail tells who else was at it, where there is one.
    """

    subject: Model | None = None
    conflict: Conflict | None = None
    data: Any

    @property
    def shown(self) -> str:
        if self.is_bound:  # type: ignore[attr-defined]
            return str(self.conflict.seen) if self.conflict else self.data.get(FIELD, "")
        return str(self._seen())

    def _seen(self) -> Shown:
        return Shown(timezone.now(), {"": values_of(self)})  # type: ignore[arg-type]

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        token = self.data.get(FIELD)
        if not token:
            return cleaned
        opened, seen = Shown.read(token), self._seen()
        if opened is not None and opened.values == seen.values:
            return cleaned
        data, alone = self.data.copy(), {"": self}
        changes = changes_since(opened, fresh=alone, typed=alone, data=data) if opened else []  # type: ignore[arg-type]
        if changes or opened is None:
            last = last_change(self.subject, since=opened.at) if opened and self.subject else None
            self.data, self.conflict = data, Conflict(changes, last, seen)
            self.add_error(None, _("Nothing is saved yet."))  # type: ignore[attr-defined]
        return cleaned
