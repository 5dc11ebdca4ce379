"""Two people at one form: nothing of the other's is undone unseen, and nothing that was typed is lost."""

import pytest
from django import forms
from django.contrib import admin
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from shop.catalog.models import Brand, Collection, SkuStock
from shop.catalog.tests.factories import make_brand, make_product
from shop.core.editing import ModelAdmin
from shop.core.models import PreferenceValue, StaffUser
from shop.core.shown import FIELD, AsShownMixin
from shop.core.tests.pages import sent_form

pytestmark = pytest.mark.django_db


class TotalForm(AsShownMixin, forms.Form):
    total_limit = forms.IntegerField(label="how many")


class Desk:
    """Somebody with a form open, who types and saves."""

    def __init__(self, name, obj):
        user = StaffUser.objects.create_superuser(name, password="x", first_name=name.title())
        self.client = Client(headers={"Accept-Language": "en"})
        self.client.force_login(user)
        self.address = reverse(f"admin:{obj._meta.label_lower.replace('.', '_')}_change", args=[obj.pk])
        self.read(self.client.get(self.address))

    def read(self, answer):
        self.page = answer.content.decode()
        self.form = sent_form(self.page)

    def save(self, **typed):
        answer = self.client.post(self.address, self.form | typed)
        if answer.status_code == 200:
            self.read(answer)
        return answer.status_code == 302


@pytest.fixture
def brand(db):
    return make_brand("山水间", slug="shan", name_en="Hills")


def test_a_form_that_nobody_else_has_touched_is_saved_twice_in_a_row(brand):
    mei = Desk("mei", brand)
    assert mei.save(name="云间")
    mei.read(mei.client.get(mei.address))
    assert mei.save(name="云上")
    assert Brand.objects.get().name == "云上"


def test_the_second_to_save_sees_who_changed_what_and_keeps_what_was_typed(brand):
    mei, bo = Desk("mei", brand), Desk("bo", brand)
    assert bo.save(name="竹里")
    assert not mei.save(name="云间")
    assert "Bo changed this at" in mei.page
    assert "山水间" in mei.page
    assert "竹里" in mei.page
    assert mei.form["name"] == ["云间"]
    assert Brand.objects.get().name == "竹里"
    assert mei.save()
    assert Brand.objects.get().name == "云间"


def test_without_what_it_was_shown_with_a_form_would_overwrite(brand):
    """The control: the same two forms, one of them sent without that field."""
    mei, bo = Desk("mei", brand), Desk("bo", brand)
    assert bo.save(name="竹里")
    del mei.form[FIELD]
    assert mei.save(name_en="Clouds")
    assert Brand.objects.get().name == "山水间"


def test_what_only_the_other_has_changed_is_taken_over_and_said(brand):
    mei, bo = Desk("mei", brand), Desk("bo", brand)
    assert bo.save(name="竹里", position="7")
    assert not mei.save(name_en="Clouds")
    assert "taken over" in mei.page
    assert (mei.form["name"], mei.form["name_en"], mei.form["position"]) == (["竹里"], ["Clouds"], ["7"])
    assert mei.save()
    saved = Brand.objects.get()
    assert (saved.name, saved.name_en, saved.position) == ("竹里", "Clouds", 7)


def test_what_comes_between_the_conflict_and_the_next_try_is_seen_too(brand):
    mei, bo = Desk("mei", brand), Desk("bo", brand)
    assert bo.save(name="竹里")
    assert not mei.save(name="云间")
    bo.read(bo.client.get(bo.address))
    assert bo.save(name="松下")
    assert not mei.save()
    assert "松下" in mei.page
    assert Brand.objects.get().name == "松下"


def test_both_typing_the_same_is_no_conflict(brand):
    mei, bo = Desk("mei", brand), Desk("bo", brand)
    assert bo.save(name="竹里")
    assert mei.save(name="竹里")


def test_a_form_with_a_mistake_still_knows_what_it_was_opened_with(brand):
    mei, bo = Desk("mei", brand), Desk("bo", brand)
    assert not mei.save(name="")
    assert bo.save(name="竹里")
    assert not mei.save(name="云间")
    assert "Bo changed this at" in mei.page


def test_a_token_that_is_not_ours_saves_nothing(brand):
    mei = Desk("mei", brand)
    assert not mei.save(name="云间", **{FIELD: "forged"})
    assert "Somebody else has changed this" in mei.page
    assert Brand.objects.get().name == "山水间"


@pytest.fixture
def collection(db):
    made = Collection.objects.create(name="中秋", slug="moon", starts_at="2026-09-20T02:00:00Z")
    for place, code in enumerate(("TEA", "CUP", "CAKE")):
        made.items.create(product=make_product(code=code, name=code), position=place)
    return made


def row_of(desk, item):
    (place,) = [
        name.split("-")[1] for name, value in desk.form.items() if name.endswith("-id") and value == [str(item.pk)]
    ]
    return f"items-{place}"


def positions(collection):
    return dict(collection.items.values_list("product__code", "position"))


def test_rows_of_a_form_conflict_like_its_fields(collection):
    mei, bo = Desk("mei", collection), Desk("bo", collection)
    tea, cup, _cake = collection.items.order_by("pk")
    assert bo.save(**{f"{row_of(bo, tea)}-position": "9"})
    assert not mei.save(**{f"{row_of(mei, cup)}-position": "5"})
    assert "taken over" in mei.page
    assert positions(collection) == {"TEA": 9, "CUP": 1, "CAKE": 2}
    assert mei.save()
    assert positions(collection) == {"TEA": 9, "CUP": 5, "CAKE": 2}


def test_a_row_that_somebody_has_removed_stays_removed(collection):
    mei, bo = Desk("mei", collection), Desk("bo", collection)
    tea, _cup, cake = collection.items.order_by("pk")
    assert bo.save(**{f"{row_of(bo, tea)}-DELETE": "on"})
    assert not mei.save(**{f"{row_of(mei, cake)}-position": "8"})
    assert "was removed" in mei.page
    assert mei.save()
    assert positions(collection) == {"CUP": 1, "CAKE": 8}


def test_a_row_that_somebody_has_added_stays(collection):
    mei, bo = Desk("mei", collection), Desk("bo", collection)
    new = make_product(code="FAN", name="FAN")
    added = {
        "items-TOTAL_FORMS": "4",
        "items-3-product": str(new.pk),
        "items-3-position": "3",
        "items-3-id": "",
        "items-3-collection": str(collection.pk),
    }
    assert bo.save(**added)
    assert not mei.save(name="元宵")
    assert "is new" in mei.page
    assert mei.save()
    assert positions(collection) == {"TEA": 0, "CUP": 1, "CAKE": 2, "FAN": 3}
    assert Collection.objects.get().name == "元宵"


def test_dates_are_taken_over_as_they_are_typed(collection):
    mei, bo = Desk("mei", collection), Desk("bo", collection)
    assert bo.save(starts_at_0="2026-09-25", starts_at_1="08:30:00", is_active=[])
    assert not mei.save(name="元宵")
    assert (mei.form["starts_at_0"], mei.form["starts_at_1"]) == (["2026-09-25"], ["08:30:00"])
    assert "2026-09-20 10:00:00" in mei.page
    assert "is_active" not in mei.form
    assert mei.save()
    saved = Collection.objects.get()
    assert (saved.name, saved.is_active, saved.starts_at.isoformat()) == ("元宵", False, "2026-09-25T00:30:00+00:00")


def test_settings_conflict_too(admin_client):
    admin_client.get(reverse("admin:core_preferencevalue_changelist"))
    setting = (
        PreferenceValue.objects.get(key="checkout.minutes_to_pay")
        if PreferenceValue.objects.filter(key="checkout.minutes_to_pay")
        else None
    )
    if setting is None:
        setting = next(each for each in PreferenceValue.objects.order_by("key") if type(each.value) is int)
    mei, bo = Desk("mei", setting), Desk("bo", setting)
    before = setting.value
    assert bo.save(value=str(before + 1))
    assert not mei.save(value=str(before + 2))
    setting.refresh_from_db()
    assert setting.value == before + 1


def test_every_screen_of_the_admin_stands_on_this():
    others = [str(screen) for screen in admin.site._registry.values() if not isinstance(screen, ModelAdmin)]
    assert others == []


class ListDesk(Desk):
    """Somebody who types in the rows of a list."""

    def __init__(self, name, model):
        super().__init__(name, model._default_manager.first())
        self.address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
        self.read(self.client.get(self.address))

    def save(self, **typed):
        return super().save(_save="Save", **typed)


def test_rows_of_a_list_conflict_like_forms(db):
    for code in ("TEA", "CUP"):
        make_product(code=code)
    mei, bo = ListDesk("mei", SkuStock), ListDesk("bo", SkuStock)
    assert bo.save(**{"form-0-safety_stock": "4", "form-1-low_stock_at": "6"})
    assert not mei.save(**{"form-0-safety_stock": "9"})
    assert "Somebody else has changed this" in mei.page
    assert mei.form["form-0-safety_stock"] == ["9"]
    assert mei.form["form-1-low_stock_at"] == ["6"]
    assert sorted(SkuStock.objects.values_list("safety_stock", "low_stock_at"))[-1][0] == 4
    assert mei.save()
    assert sorted(SkuStock.objects.values_list("safety_stock", flat=True)) == [0, 9]
    assert 6 in SkuStock.objects.values_list("low_stock_at", flat=True)


def test_a_list_takes_over_what_only_others_have_typed(db):
    for code in ("TEA", "CUP"):
        make_product(code=code)
    mei, bo = ListDesk("mei", SkuStock), ListDesk("bo", SkuStock)
    assert bo.save(**{"form-0-safety_stock": "4"})
    assert mei.save(**{"form-1-safety_stock": "9"})
    assert sorted(SkuStock.objects.values_list("safety_stock", flat=True)) == [4, 9]


def test_a_page_with_one_form_tells_too(db):
    """The way of `form_page`: typed beside what the page was opened with, whatever the rows are."""
    opened = TotalForm(initial={"total_limit": 100})
    sent = QueryDict(mutable=True)
    sent.update({"total_limit": "300", FIELD: opened.shown})
    assert TotalForm(sent, initial={"total_limit": 100}).is_valid()
    late = TotalForm(sent, initial={"total_limit": 200})
    assert not late.is_valid()
    assert [(each.was, each.now, each.mine) for each in late.conflict.changes] == [("100", "200", "300")]
    sent[FIELD] = late.shown
    assert TotalForm(sent, initial={"total_limit": 200}).is_valid()
