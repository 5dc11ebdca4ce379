"""Typed refusals of this room."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class NotificationRequired(DomainError):
    code, status = "notification_required", 409
    message = _("News about your orders always come to the inbox.")


class SubscribeTemplateNotFound(DomainError):
    code, status, message = "subscribe_template_not_found", 404, _("This message template is not in use.")


class TestNotSent(DomainError):
    code, status, message = "test_not_sent", 409, _("The test message was not sent: {reason}")
