"""The body of an upload: one file, bounded before it is read."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser

from members.uploads.errors import ImageExpected
from members.uploads.services import limits
from shop.core.errors import Detail, InvalidInput

FIELD = "file"
# What stands around the file: boundaries, and headers of the part.
ENVELOPE_BYTES = 16 * 1024


class PictureParser(MultiPartParser):
    """Gives the uploaded file itself. Takes every media type, to refuse others than its own in its own words."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        if (media_type or "").partition(";")[0].strip().lower() != "multipart/form-data":
            raise ImageExpected
        allowed = limits()
        if _length(stream) > allowed.bytes + ENVELOPE_BYTES:
            raise allowed.refusal()
        try:
            found = super().parse(stream, media_type, parser_context)
        except ParseError as error:
            raise ImageExpected from error
        files = found.files.getlist(FIELD)
        if len(files) != 1 or set(found.files) | set(found.data) != {FIELD} or FIELD in found.data:
            raise InvalidInput(details=[Detail(f"/{FIELD}", "invalid", _("Send one image, and nothing else."))])
        return files[0]


def _length(stream: Any) -> int:
    length = str(stream.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isdecimal() else 0
