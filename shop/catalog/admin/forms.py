"""Form fields and column helpers that the catalogue's screens share."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminImageFieldWidget, UnfoldAdminImageSmallFieldWidget, UnfoldAdminTextInputWidget

from shop.catalog.models import Category
from shop.catalog.options import format_options, parse_options
from shop.catalog.services.images import store_image
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import DomainError
from shop.core.forms import YuanFormMixin
from shop.core.images import thumbnail_name

INDENT = "\u3000"


class StoredImageField(forms.FileField):
    """An upload that goes through `store_image`; cleaned to the name that it gave."""

    def __init__(self, *, folder: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = folder

    def to_python(self, data: Any) -> Any:
        upload = super().to_python(data)
        if upload is None:
            return None
        try:
            return store_image(file=upload, folder=self.folder).name
        except DomainError as error:
            raise ValidationError(str(error), code=error.code) from error


class OptionsField(forms.CharField):
    """Typed as `颜色:红; 尺寸:L`, cleaned to a mapping in that order."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return format_options(value) if isinstance(value, Mapping) else value

    def to_python(self, value: Any) -> Any:
        try:
            return value if isinstance(value, Mapping) else parse_options(value or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or {}) != self.to_python(data)
        except ValidationError:
            return True


class CategoryField(forms.ModelChoiceField):
    """The whole tree, each level indented."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Category.objects.order_by("path"), **kwargs)

    def label_from_instance(self, obj: Category) -> str:
        return INDENT * (obj.depth - 1) + obj.name


class CatalogFormMixin(YuanFormMixin):
    """For admins and inlines: prices in yuan, uploads re-encoded, options as text."""

    small_images = False

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        shared: dict[str, Any] = {"label": str(db_field.verbose_name).capitalize(), "required": not db_field.blank}
        if isinstance(db_field, models.ImageField):
            widget = UnfoldAdminImageSmallFieldWidget if self.small_images else UnfoldAdminImageFieldWidget
            folder = str(db_field.upload_to).strip("/")
            accept = {"accept": "image/jpeg,image/png,image/webp"}
            return StoredImageField(folder=folder, widget=widget(attrs=accept), **shared)
        if db_field.name == "options":
            attrs = {"placeholder": "颜色:红; 尺寸:L", "style": "min-width: 11rem"}
            return OptionsField(widget=UnfoldAdminTextInputWidget(attrs=attrs), **shared)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def typed_columns(form: forms.ModelForm) -> list[str]:
    """The model columns that the form changes; to be written alone, as others may have moved since the page opened."""
    concrete = {field.name for field in form.instance._meta.concrete_fields}
    return [name for name in form.changed_data if name in concrete]


def image_tag(name: str | None, *, size: int = 40) -> SafeString | str:
    """A small preview of a stored image, empty without one."""
    if not name:
        return ""
    return format_html(
        '<img src="{}" width="{}" height="{}" loading="lazy" alt="" class="rounded-default object-cover" '
        'style="width:{}px;height:{}px;max-width:none">',
        default_storage.url(thumbnail_name(name)),
        *[size] * 4,
    )


def nowrap(text: str) -> SafeString:
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def staff(request: HttpRequest) -> tuple[Actor, Any]:
    """Who acts, and when: what services want from the edge."""
    return Actor.staff(request.user.get_username()), clock.now()
