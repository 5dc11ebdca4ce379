"""The merchant's guide inside the console: the pages of `docs/guide`, and on each screen a link to the one about it.

Pages are written in the little of Markdown that is read here: headings, paragraphs, lists, pictures, links, bold, code.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shop.settings.guide import GUIDE

FOLDER = Path(settings.BASE_DIR, "docs", "guide")
PICTURES = Path(settings.BASE_DIR, "docs", "img")
INDEX = "README"
PAGE_OF = {screen: page for page, screens in GUIDE.items() for screen in screens}
LINK = (
    '<a href="{}" title="{}" class="flex items-center text-subtle hover:text-primary-600" id="guide-link">'
    '<span class="material-symbols-outlined">help</span></a>'
)
_INLINE = (
    (
        re.compile(r"!\[([^\]]*)\]\(\.\./img/([\w-]+\.png)\)"),
        r'<img src="/admin/guide/img/\2" alt="\1" loading="lazy">',
    ),
    (re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md\)"), r'<a href="/admin/guide/\2/">\1</a>'),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
)
_ITEM = re.compile(r"(?:(\d+)\.|-) (.*)")
_HEADING = re.compile(r"(#{1,3}) (.*)")


def guide_page(request: HttpRequest, page: str = INDEX) -> HttpResponse:
    path = FOLDER / f"{page}.md"
    if not path.is_file():
        raise Http404
    context = {**admin.site.each_context(request), "title": _("Guide"), "text": rendered(path.read_text())}
    return TemplateResponse(request, "admin/guide/page.html", context)


def guide_picture(request: HttpRequest, name: str) -> FileResponse:
    path = PICTURES / f"{name}.png"
    if not path.is_file():
        raise Http404
    answer = FileResponse(path.open("rb"), content_type="image/png")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


def guide_link(request: HttpRequest) -> dict[str, Any]:
    """Context of the console: the link to the guide's page about this screen, in the head of the page."""
    found = request.resolver_match
    if found is None or found.namespace != "admin" or not request.user.is_authenticated:
        return {}
    named = (found.url_name or "").rsplit("_", 1)[0]
    page = next((PAGE_OF[screen] for screen in PAGE_OF if named == screen or named.startswith(f"{screen}_")), None)
    return {"guide_link": format_html(LINK, reverse("guide", args=[page]), _("Guide"))} if page else {}


def rendered(text: str) -> SafeString:
    return mark_safe("\n".join(_blocks(text)))  # noqa: S308 - escaped line by line


def _blocks(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        if heading := _HEADING.fullmatch(lines[0]):
            size = len(heading[1])
            yield f"<h{size}>{_inline(heading[2])}</h{size}>"
            lines = lines[1:]
        if not lines:
            continue
        items = [_ITEM.fullmatch(line) for line in lines]
        if all(items):
            kind = "ol" if items[0] and items[0][1] else "ul"
            yield f"<{kind}>{''.join(f'<li>{_inline(item[2])}</li>' for item in items if item)}</{kind}>"
        else:
            yield f"<p>{_inline(' '.join(lines))}</p>"


def _inline(text: str) -> str:
    text = escape(text)
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return text
