"""Uploaded pictures, for installations without a web server in front that serves `/media/` itself.

Names are hashes of what they hold, so a browser may keep them for good.
"""

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

FOREVER = "public, max-age=31536000, immutable"
SERVED = (".jpg", ".png", ".webp")


@require_safe
def uploaded(request: HttpRequest, name: str) -> HttpResponseBase:
    if not name.endswith(SERVED):
        raise Http404
    try:
        response = serve(request, name, document_root=str(settings.MEDIA_ROOT))
    except SuspiciousFileOperation as error:
        raise Http404 from error
    response["Cache-Control"] = FOREVER
    return response
