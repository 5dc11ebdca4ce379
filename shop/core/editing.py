"""The admin of every room: whoever saves a form saves it over what they have seen, never over what they have not."""

from collections.abc import Iterator
from copy import copy
from typing import Any

from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from shop.core import clock
from shop.core.shown import FIELD, Conflict, Shown, changes_since, last_change, named, named_rows, values_of_all


class ModelAdmin(UnfoldModelAdmin):
    """What is saved was read under a lock, and beside what its form was shown with."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if request.method != "POST" or object_id is None or "_saveasnew" in request.POST:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            obj = self._locked(request, object_id)
            if obj is not None and request.POST.get(FIELD) and self.has_change_permission(request, obj):
                request.conflict = self._conflict(request, obj)  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Rows that are typed in a list are held against what they were shown with, like forms."""
        if not self.list_editable or not self.has_change_permission(request):
            return super().changelist_view(request, extra_context)
        with transaction.atomic():
            conflict = self._conflict_in_list(request) if "_save" in request.POST else None
            request.conflict = conflict  # type: ignore[attr-defined]
            answer = super().changelist_view(request, extra_context)
        formset = getattr(getattr(answer, "context_data", {}).get("cl"), "formset", None)
        if formset is not None:
            seen = conflict.seen if conflict else Shown(clock.now(), values_of_all(named_rows(formset)))
            answer.context_data |= {"shown": str(seen), "conflict": conflict}
        return answer

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        made = super().get_changelist_formset(request, **kwargs)
        refused = {} if getattr(request, "conflict", None) is None else {"is_valid": lambda formset: False}
        return type(made.__name__, (_NamedCells, made), refused)

    def _conflict_in_list(self, request: HttpRequest) -> Conflict | None:
        shown = Shown.read(request.POST.get(FIELD, ""))
        if shown is None:
            return None
        pks = [name.rpartition(" ")[2] for name in shown.values]
        rows = self.get_queryset(request).filter(pk__in=pks)
        list(self.model._base_manager.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))
        made = self.get_changelist_formset(request)
        fresh = dict(named_rows(made(queryset=rows)))
        typed = dict(named_rows(made(request.POST, queryset=rows)))
        for form in typed.values():
            form.is_valid()
        data = request.POST.copy()
        changes = changes_since(shown, fresh=fresh, typed=typed, data=data)
        request.POST = data  # type: ignore[assignment]
        if all(change.mine is None for change in changes):
            return None
        return Conflict(changes, None, Shown(clock.now(), values_of_all(fresh.items())))

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        formsets, inlines = super()._create_formsets(request, obj, change)
        return ([*formsets, _Refusal()] if getattr(request, "conflict", None) else formsets), inlines

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if change and obj is not None and self.has_change_permission(request, obj):
            context["conflict"] = getattr(request, "conflict", None)
            context["shown"] = self._still_shown(request, context)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _still_shown(self, request: HttpRequest, context: dict[str, Any]) -> str:
        """After mistakes a form shows what it did before; after a conflict the person has seen what is there."""
        if request.method == "POST":
            conflict = getattr(request, "conflict", None)
            return str(conflict.seen) if conflict else request.POST.get(FIELD, "")
        formsets = [each.formset for each in context["inline_admin_formsets"] if each.has_change_permission]
        return str(Shown(clock.now(), values_of_all(named(context["adminform"].form, formsets))))

    def _locked(self, request: HttpRequest, object_id: str) -> Any:
        to_field = request.POST.get(TO_FIELD_VAR, request.GET.get(TO_FIELD_VAR))
        obj = self.get_object(request, unquote(object_id), to_field)
        if obj is not None:
            rows = type(obj)._base_manager.select_for_update(no_key=True, of=("self",))
            rows.filter(pk=obj.pk).first()
            obj = self.get_object(request, unquote(object_id), to_field)
        return obj

    def _conflict(self, request: HttpRequest, obj: Model) -> Conflict | None:
        """What others have changed since this form was shown. What only they have changed is put into the request."""
        looking = copy(request)
        looking.method = "GET"
        fresh = dict(self._forms(looking, obj))
        seen = Shown(clock.now(), values_of_all(fresh.items()))
        shown = Shown.read(request.POST[FIELD])
        if shown is None:
            return Conflict([], None, seen)
        if shown.values == seen.values:
            return None
        typed = dict(self._forms(request, self.get_object(request, str(obj.pk))))
        for form in typed.values():
            form.is_valid()
        data = request.POST.copy()
        changes = changes_since(shown, fresh=fresh, typed=typed, data=data)
        if not changes:
            return None
        request.POST = data  # type: ignore[assignment]
        return Conflict(changes, last_change(obj, since=shown.at), seen)

    def _forms(self, request: HttpRequest, obj: Any) -> Any:
        """The form of an object and those of its rows, bound if something was sent."""
        made = self.get_form(request, obj, change=True, fields=flatten_fieldsets(self.get_fieldsets(request, obj)))
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        formsets, inlines = self._create_formsets(request, obj, change=True)
        editable = zip(formsets, inlines, strict=True)
        return named(
            made(*sent, instance=obj), [each for each, of in editable if of.has_change_permission(request, obj)]
        )


class _NamedCells:
    """In a list the heading of a column is no label: whoever does not see it hears what is typed where."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)  # type: ignore[misc]
        for field in form.fields.values():
            name = _("{column}, row {number}").format(column=field.label, number=(index or 0) + 1)
            field.widget.attrs.setdefault("aria-label", name)


class _Refusal:
    """Stands among the rows of a form that is not to be saved yet."""

    errors: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def is_valid(self) -> bool:
        return False

    def non_form_errors(self) -> list[Any]:
        return []
