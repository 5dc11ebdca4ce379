"""What the merchant may change about reviews."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import switch, text, whole_number

APPROVE_AUTOMATICALLY = switch(
    "reviews.approve_automatically",
    default=True,
    label=_("Show reviews without approval"),
    help_text=_("Those with words from the list, or with pictures where these are checked, still wait."),
)
CHECK_PICTURES = switch("reviews.check_pictures", default=True, label=_("Reviews with pictures wait for approval"))
WORDS = text(
    "reviews.words",
    default="http, www., weixin, wechat",
    max_length=4_000,
    label=_("Words for which a review waits for approval"),
    help_text=_("Separated by commas; spaces and capitals make no difference."),
)
FOLLOW_UP_DAYS = whole_number(
    "reviews.follow_up_days",
    default=180,
    minimum=0,
    maximum=730,
    label=_("Days to add something to a review"),
    help_text=_("0 means that nothing can be added."),
)
DEFAULT_AFTER_DAYS = whole_number(
    "reviews.default_after_days",
    default=0,
    minimum=0,
    maximum=365,
    label=_("Days after which silence is taken for a good review"),
    help_text=_(
        "Counted from the completion of the order, and never before the time to review is over. 0 means never. Such "
        "reviews are marked, and count neither towards the rating nor as written."
    ),
)
