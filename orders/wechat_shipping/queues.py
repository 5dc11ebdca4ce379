"""What WeChat does not accept about parcels, and holds the money for."""

from django.utils.translation import gettext_lazy as _

from orders.wechat_shipping.models import ShippingUpload, UploadStatus
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="wechat_shipping.refused",
        label=_("Shipping that WeChat refused"),
        permission="wechat_shipping.change_shippingupload",
        waiting=lambda now: [ShippingUpload.objects.filter(status=UploadStatus.REFUSED)],
        since="created_at",
        page="wechat_shipping_shippingupload_changelist",
        where="status__exact=refused",
        icon="local_post_office",
        is_urgent=True,
    ),
)
