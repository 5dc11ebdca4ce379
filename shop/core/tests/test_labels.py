"""A coloured word is a word on every page."""

from typing import get_type_hints

import pytest
from django.contrib import admin
from django.template import Context, Template
from django.utils.html import conditional_escape
from unfold.utils import display_for_label

from shop.core.labels import Label


def test_lists_colour_the_words_and_pages_show_them_alone():
    label = Label("done", "<完成>")
    assert Template("{{ label }}").render(Context({"label": label})) == "&lt;完成&gt;"
    assert conditional_escape(label) == "&lt;完成&gt;"
    listed = display_for_label(label, "-", {"done": "success"})
    assert "&lt;完成&gt;" in listed
    assert "green" in listed
    assert "'" not in listed


def coloured():
    for screen in admin.site._registry.values():
        for owner in (type(screen), *screen.inlines):
            for name in dir(owner):
                method = getattr(owner, name)
                if callable(method) and isinstance(getattr(method, "label", None), dict):
                    yield pytest.param(method, id=f"{owner.__module__}.{owner.__name__}.{name}")


@pytest.mark.parametrize("method", list(coloured()))
def test_every_coloured_column_says_a_label(method):
    assert get_type_hints(method)["return"] in {Label, Label | None}
