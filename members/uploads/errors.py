"""Why a picture was not taken or cannot be used."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class ImageExpected(DomainError):
    code, status = "image_expected", 415
    message = _("Send one image as multipart/form-data, in the field file.")


class TooManyUploads(DomainError):
    code, status, message = "too_many_uploads", 409, _("Use the pictures that you have sent before you send more.")


class UploadNotFound(DomainError):
    """`data.uploads` tells which: not there, not yours, or expired."""

    code, status, exposes = "upload_not_found", 404, ("uploads",)
    message = _("A picture is not there any more. Please send it again.")


class UploadInUse(DomainError):
    """`data.uploads` tells which."""

    code, status, exposes = "upload_in_use", 409, ("uploads",)
    message = _("A picture is used elsewhere. Please send it again.")
