"""Uploaded pictures, for installations without a web server in front that serves `/media/` itself.

Names are hashes of what they hold, so a browser may keep them for good. Folders that `settings.MEDIA_GUARDS` names lie
in a storage of their own, which no web server may serve: a room says of each request whether it is to be seen, by
`(*, name, key) -> str | None`, the Cache-Control of the answer or None.
"""

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe
from django.views.static import serve

FOREVER = "public, max-age=31536000, immutable"
SERVED = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
GUARDED = "guarded"


@require_safe
def uploaded(request: HttpRequest, name: str) -> HttpResponseBase:
    if not name.endswith(tuple(SERVED)):
        raise Http404
    for folder, guard in settings.MEDIA_GUARDS.items():
        if name.startswith(folder):
            return _guarded(request, name, guard)
    try:
        response = serve(request, name, document_root=str(settings.MEDIA_ROOT))
    except SuspiciousFileOperation as error:
        raise Http404 from error
    response["Cache-Control"] = FOREVER
    return response


def _guarded(request: HttpRequest, name: str, guard: str) -> HttpResponseBase:
    cache_control = import_string(guard)(name=name, key=request.GET.get("key", ""))
    if cache_control is None:
        raise Http404
    try:
        file = storages[GUARDED].open(name)
    except (OSError, SuspiciousFileOperation) as error:
        raise Http404 from error
    content_type = SERVED[name[name.rindex(".") :]]
    return FileResponse(file, content_type=content_type, headers={"Cache-Control": cache_control})
