"""Who did something is told in words wherever a screen shows it."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.test import RequestFactory
from django.utils.translation import override

from shop.core.actors import actor_in_words
from shop.core.models import StaffUser
from shop.core.people import actor_columns


@pytest.mark.parametrize(
    ("actor", "words"),
    [("staff:li", "li"), ("staff:a:b", "a:b"), ("member:12", "Member"), ("system:sweep", "The shop"), ("", "")],
)
def test_an_actor_in_words(actor, words):
    with override("en"):
        assert actor_in_words(actor) == words


@pytest.mark.django_db
def test_no_screen_shows_a_column_of_actors_as_it_is_kept():
    request = RequestFactory().get("/admin/")
    request.user = StaffUser.objects.create_superuser("owner", password="secret")
    raw, seen = set(), 0
    for model, screen in admin.site._registry.items():
        inlines = [each(model, admin.site) for each in screen.inlines]
        for part in (screen, *inlines):
            columns = actor_columns(part.model)
            seen += bool(columns)
            shown = [] if not columns else flatten_fieldsets(part.get_fieldsets(request, model()))
            shown += part.get_list_display(request) if part is screen else []
            raw |= {f"{part.__class__.__name__}.{name}" for name in columns & set(map(str, flatten(shown)))}
    assert seen > 40
    assert raw == set()
