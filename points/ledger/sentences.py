"""Rules of expiry in a sentence that a merchant or a member understands."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points.ledger.models import ExpiryVersion

Kind = ExpiryVersion.Kind


def sentence(version: ExpiryVersion) -> str:
    if version.kind == Kind.ANNUAL:
        said = _("Valid through {month}/{day} of each year").format(month=version.month, day=version.day)
        if version.cut_off_month is None:
            return said
        later = _("earned from {month}/{day} on, a year longer")
        return f"{said}; " + later.format(month=version.cut_off_month, day=version.cut_off_day)
    if version.kind == Kind.ROLLING:
        return ngettext(
            "Valid through the end of the next month",
            "Valid through the end of the month, {months} months later",
            version.months,
        ).format(months=version.months)
    if version.kind == Kind.FIXED:
        return _("Valid through {day}").format(day=version.last_day)
    if version.kind == Kind.INACTIVITY:
        return ngettext(
            "Valid for a month after the member last earned or spent",
            "Valid for {months} months after the member last earned or spent",
            version.months,
        ).format(months=version.months)
    return _("Valid for good")
