"""What fronts send and get about pictures."""

from typing import Any

from rest_framework import serializers

from members.uploads.addresses import picture
from members.uploads.models import Upload

UPLOAD_REQUEST = {
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}


class PicturesField(serializers.ListField):
    """Pictures that a body names, by the `id` or the `url` that `POST uploads` answered."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(
            child=serializers.CharField(max_length=400),
            max_length=most,
            required=False,
            default=list,
            help_text="`id` or `url` of pictures from `POST uploads`.",
            **kwargs,
        )


class PictureOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    url = serializers.CharField(help_text="A private picture's address works until the end of the next day.")
    thumbnail_url = serializers.CharField()


class UploadOut(PictureOut):
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    expires_at = serializers.DateTimeField(help_text="Deleted then, unless it is used.")


def present(upload: Upload) -> dict[str, Any]:
    return {
        **picture(upload.pk),
        "width": upload.width,
        "height": upload.height,
        "expires_at": upload.expires_at,
    }
