"""The demo shop's freight: free from ¥99 in most of the country, remote places paid, no delivery abroad."""

from datetime import datetime

from logistics.freight.models import FreightTemplate, FreightZone
from shop.core.transactions import use_case

# Xinjiang, Tibet, Qinghai, Gansu, Ningxia, Inner Mongolia, and of Sichuan Aba and Garzê; Hong Kong, Macao, Taiwan.
REMOTE = ["650000", "540000", "630000", "620000", "640000", "150000", "513200", "513300"]
NOT_SERVED = ["810000", "820000", "710000"]


@use_case
def load(*, size: str, now: datetime) -> str:
    if FreightTemplate.objects.exists():
        return "freight templates are there already"
    template = FreightTemplate.objects.create(name="全国默认运费", is_default=True, free_from_fen=9900)
    paid = {"first_size": 1000, "step_size": 1000}
    FreightZone.objects.bulk_create(
        [
            FreightZone(template=template, name="普通地区", first_fen=800, step_fen=200, **paid),
            FreightZone(
                template=template,
                name="偏远地区",
                regions=REMOTE,
                first_fen=2000,
                step_fen=1800,
                free_shipping=False,
                **paid,
            ),
            FreightZone(
                template=template, name="暂不配送", regions=NOT_SERVED, delivers=False, first_fen=0, step_fen=0
            ),
        ]
    )
    return "1 freight template with 3 zones"
