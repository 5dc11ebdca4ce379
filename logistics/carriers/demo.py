"""The demo shop's four carriers with plausible contract rates, dearer and slower to Xinjiang and Tibet."""

from datetime import datetime, time

from logistics.carriers.cards import keep_card
from logistics.carriers.engine import ANYWHERE
from logistics.carriers.models import Carrier, CarrierRate
from shop.core.actors import Actor
from shop.core.transactions import use_case

XINJIANG, TIBET = "650000", "540000"
# Garzê in Sichuan, where no road is short.
GARZE = "513300"
ZHEJIANG, GUANGDONG, SICHUAN = "330000", "440000", "510000"

# code, name, English name, divisor, {(from, to): (first fen, step fen, hours, heaviest g)}; first and step are 1 kg.
CARRIERS: tuple[tuple[str, str, str, int, dict[tuple[str, str], tuple[int, int, int, int]]], ...] = (
    (
        "SF",
        "顺丰速运",
        "SF Express",
        6000,
        {
            (ANYWHERE, ANYWHERE): (1200, 600, 36, 50_000),
            (ZHEJIANG, ZHEJIANG): (900, 200, 24, 50_000),
            (GUANGDONG, GUANGDONG): (900, 200, 24, 50_000),
            (SICHUAN, SICHUAN): (900, 200, 24, 50_000),
            (ANYWHERE, XINJIANG): (1800, 1400, 84, 50_000),
            (ANYWHERE, TIBET): (1800, 1600, 96, 50_000),
        },
    ),
    (
        "ZTO",
        "中通快递",
        "ZTO Express",
        8000,
        {
            (ANYWHERE, ANYWHERE): (480, 150, 60, 40_000),
            (ZHEJIANG, ZHEJIANG): (320, 100, 36, 40_000),
            (GUANGDONG, GUANGDONG): (340, 100, 36, 40_000),
            (ANYWHERE, GARZE): (800, 500, 96, 30_000),
            (ANYWHERE, XINJIANG): (1600, 1300, 132, 30_000),
            (ANYWHERE, TIBET): (1800, 1500, 144, 30_000),
        },
    ),
    (
        "YTO",
        "圆通速递",
        "YTO Express",
        8000,
        {
            (ANYWHERE, ANYWHERE): (450, 180, 66, 30_000),
            (GUANGDONG, GUANGDONG): (320, 120, 40, 30_000),
            (SICHUAN, SICHUAN): (350, 120, 40, 30_000),
            (ANYWHERE, GARZE): (900, 600, 110, 20_000),
            (ANYWHERE, XINJIANG): (1500, 1400, 140, 20_000),
            (ANYWHERE, TIBET): (1700, 1600, 156, 20_000),
        },
    ),
    (
        "JD",
        "京东快递",
        "JD Express",
        8000,
        {
            (ANYWHERE, ANYWHERE): (700, 200, 40, 60_000),
            (SICHUAN, SICHUAN): (500, 100, 24, 60_000),
            (ANYWHERE, XINJIANG): (1700, 1200, 96, 60_000),
            (ANYWHERE, TIBET): (1700, 1400, 108, 60_000),
        },
    ),
)


# Parcels of goods worth more go with others.
WORTH_AT_MOST = {"YTO": 500_000, "ZTO": 1_000_000}
# The others come for each parcel.
PICKS_UP_AT = {"ZTO": time(18), "YTO": time(17, 30)}


@use_case
def load(*, size: str, now: datetime) -> str:
    added = 0
    for code, name, name_en, divisor, lanes in CARRIERS:
        fields = {"name": name, "name_en": name_en, "volumetric_divisor": divisor}
        fields |= {"max_value_fen": WORTH_AT_MOST.get(code), "pick_up_at": PICKS_UP_AT.get(code)}
        carrier, created = Carrier.objects.get_or_create(code=code, defaults=fields)
        if not created:
            continue
        added += 1
        CarrierRate.objects.bulk_create(
            CarrierRate(
                carrier=carrier,
                origin_province=origin,
                destination_province=destination,
                first_fen=first_fen,
                step_fen=step_fen,
                eta_hours=hours,
                max_weight_g=heaviest,
            )
            for (origin, destination), (first_fen, step_fen, hours, heaviest) in lanes.items()
        )
        keep_card(carrier_id=carrier.pk, actor=Actor.system("demo"), now=now)
    return f"{added} carriers added"
