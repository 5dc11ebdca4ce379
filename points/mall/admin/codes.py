"""The pool of codes of a reward: more of them, and those of an import that was a mistake out again."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from points.mall.code_files import CodeLines
from points.mall.forms import CodesForm, TakeOutForm
from points.mall.models import Reward
from points.mall.queries import code_imports
from points.mall.services.codes import Imported, import_codes, take_codes_out
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.screens import form_page, found_or_404

FAULTS_SHOWN = 50


class CodePoolMixin(ModelAdmin):
    """Codes themselves are never shown: they are for who redeems them."""

    def has_codes_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        is_of_codes = Reward.objects.filter(pk=object_id, kind=Reward.Kind.CODE).exists()
        return request.user.has_perm("mall.change_reward") and is_of_codes

    @action(
        description=gettext_lazy("Import into the pool"), url_path="codes", permissions=["codes"], icon="upload_file"
    )
    def codes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """More codes for the pool, also while members take of it."""
        reward, before = found_or_404(self, request, object_id), {}
        form = CodesForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            done = import_codes(
                reward_id=reward.pk, codes=form.given.codes, expires_at=form.expires_at(), now=clock.now()
            )
            said = _said(done, form.given)
            self.log_change(request, reward, said)
            (messages.success if done.added else messages.warning)(request, said)
            before = _left_out(done, form.given)
            if not before:
                return redirect("admin:mall_reward_change", reward.pk)
            reward.refresh_from_db()
            form = CodesForm()
        return form_page(
            self,
            request,
            form=form,
            title=f"{_('Import codes')}: {reward}",
            buttons=[("go", _("Import into the pool"))],
            **(before or _pool(reward)),
        )

    @action(description=gettext_lazy("Take codes out"), url_path="take-out", permissions=["codes"], icon="undo")
    def take_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """An import was a mistake: what nobody has of it is gone, and may come again."""
        reward = found_or_404(self, request, object_id)
        imports = [each for each in code_imports(reward_id=reward.pk) if each.left]
        form = TakeOutForm(request.POST or None, imports=imports)
        if request.method == "POST" and form.is_valid():
            came = datetime.fromisoformat(form.cleaned_data["imported_at"])
            count = take_codes_out(reward_id=reward.pk, imported_at=came)
            said = ngettext("{count} code was taken out.", "{count} codes were taken out.", count).format(count=count)
            self.log_change(request, reward, said)
            messages.success(request, said)
            return redirect("admin:mall_reward_change", reward.pk)
        title = f"{_('Take codes out')}: {reward}"
        return form_page(self, request, form=form, title=title, buttons=[("go", _("Take codes out"))], **_pool(reward))


def _said(done: Imported, given: CodeLines) -> str:
    return _("{added} codes came, {known} were there already, {faults} lines hold no code.").format(
        added=done.added, known=len(done.known), faults=len(given.faults)
    )


def _left_out(done: Imported, given: CodeLines) -> dict[str, Any]:
    """Line by line; nothing where everything came."""
    known = [(given.lines[position], _("was there already")) for position in done.known]
    rows = [[f"{line:,}", str(why)] for line, why in sorted([*known, *given.faults], key=lambda each: each[0])]
    if len(rows) > FAULTS_SHOWN:
        more = _("and {count} more").format(count=f"{len(rows) - FAULTS_SHOWN:,}")
        rows = [*rows[:FAULTS_SHOWN], ["…", more]]
    table = {"headers": [_("line"), _("why it was left out")], "rows": rows}
    return {"table": table, "table_title": _("Left out")} if rows else {}


def _pool(reward: Reward) -> dict[str, Any]:
    """What came when, and how much of it nobody has."""
    rows = [
        [
            date_format(localtime(each.imported_at), "Y-m-d H:i"),
            date_format(localtime(each.expires_at), "Y-m-d H:i") if each.expires_at else "–",
            f"{each.count:,}",
            f"{each.left:,}",
        ]
        for each in code_imports(reward_id=reward.pk)
    ]
    headers = [_("imported at"), _("good until"), _("codes in all"), _("left")]
    return {"table": {"headers": headers, "rows": rows}, "table_title": _("Pool of codes")} if rows else {}
