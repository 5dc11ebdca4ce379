"""After-sales of the demo shop's latest orders, in every stage in which staff meet them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw

from members.uploads.services import keep_upload
from orders.after_sales import services
from orders.after_sales.models import AfterSale, Kind, Reason
from orders.after_sales.services import Wanted, Wish
from orders.after_sales.standing import Standing, standings
from orders.checkout.models import Order, OrderStatus
from shop.core.actors import Actor
from shop.core.errors import DomainError

CLERK = Actor.staff("service")
STAGES = {"small": 1, "full": 2}
HOUR = timedelta(hours=1)
Stage = Callable[[Order, datetime], AfterSale]


def load(*, size: str, now: datetime) -> str:
    if AfterSale.objects.exists():
        return "after-sales are there already"
    arrived = Order.objects.filter(
        status__in=[OrderStatus.DELIVERED, OrderStatus.COMPLETED], delivered_at__lte=now - 42 * HOUR
    )
    orders = list(arrived.order_by("-delivered_at")[: 3 * STAGES[size] * len(RETURNED)])
    made = 0
    for stage in RETURNED * STAGES[size]:
        made += _lived(stage, orders, now)
    waiting = list(Order.objects.filter(status=OrderStatus.ALLOCATED).order_by("-pk")[:3])
    made += _lived(_unsent, waiting, now)
    return f"{made} after-sales"


def _lived(stage: Stage, orders: list[Order], now: datetime) -> int:
    """By the first of the orders that it fits, which is then taken."""
    while orders:
        order = orders.pop(0)
        try:
            stage(order, now)
        except DomainError:
            continue
        return 1
    return 0


def _waiting(order: Order, now: datetime) -> AfterSale:
    picture = keep_upload(member_id=order.member_id, file=_photo(), now=now - 5 * HOUR)
    return _asked(
        order, now - 5 * HOUR, Kind.RETURN, Reason.DAMAGED, "收到时外壳有裂痕，已拍照。", images=(picture.pk,)
    )


def _on_its_way(order: Order, now: datetime) -> AfterSale:
    after_sale = _asked(order, now - 40 * HOUR, Kind.RETURN, Reason.WRONG_CHOICE, "尺码偏大，想退。")
    services.approve(number=after_sale.number, answer="请保持吊牌完好寄回。", actor=CLERK, now=now - 38 * HOUR)
    return services.record_return_shipment(
        number=after_sale.number,
        carrier="顺丰速运",
        tracking_number="SF1320045678901",
        actor=Actor.member(order.member_id),
        now=now - 20 * HOUR,
    )


def _worn(order: Order, now: datetime) -> AfterSale:
    """Came back in a worse state than it went: somebody decides."""
    after_sale = _asked(order, now - 41 * HOUR, Kind.RETURN, Reason.UNWANTED, "不想要了。")
    services.approve(number=after_sale.number, actor=CLERK, now=now - 40 * HOUR)
    received = {line.order_line_id: (0, line.units_to_send) for line in after_sale.lines.all()}
    return services.receive_goods(
        number=after_sale.number,
        received=received,
        note="包装破损，有使用痕迹",
        actor=Actor.staff("warehouse"),
        now=now - 3 * HOUR,
    )


def _exchange(order: Order, now: datetime) -> AfterSale:
    after_sale = _asked(order, now - 20 * HOUR, Kind.EXCHANGE, Reason.DEFECTIVE, "按键失灵，希望换一个。")
    return services.approve(number=after_sale.number, actor=CLERK, now=now - 18 * HOUR)


def _refused(order: Order, now: datetime) -> AfterSale:
    after_sale = _asked(order, now - 30 * HOUR, Kind.RETURN, Reason.OTHER, "")
    return services.refuse(
        number=after_sale.number, answer="请补充问题描述和照片后再次申请。", actor=CLERK, now=now - 29 * HOUR
    )


def _unsent(order: Order, now: datetime) -> AfterSale:
    return _asked(order, now - HOUR, Kind.REFUND, Reason.UNWANTED, "拍错了，还没发货请退款。")


RETURNED: tuple[Stage, ...] = (_waiting, _on_its_way, _worn, _exchange, _refused)


def _asked(
    order: Order, at: datetime, kind: Kind, reason: Reason, description: str, images: tuple[str, ...] = ()
) -> AfterSale:
    wish = Wish(kind, [_part(each, kind) for each in standings(order)][:1], reason, description, images)
    return services.ask(number=order.number, wish=wish, actor=Actor.member(order.member_id), now=at)


def _part(standing: Standing, kind: Kind) -> Wanted:
    return Wanted(standing.line.pk, standing.withdrawable if kind == Kind.REFUND else standing.returnable)


def _photo() -> BytesIO:
    """A cracked cup, drawn."""
    image = Image.new("RGB", (720, 720), "#d6d0c4")
    pen = ImageDraw.Draw(image)
    pen.ellipse((480, 280, 640, 480), outline="#8a3324", width=36)
    pen.rounded_rectangle((160, 200, 540, 560), 60, fill="#b5462f")
    pen.line([(330, 200), (300, 290), (360, 350), (320, 430), (370, 560)], fill="#3a1a12", width=10, joint="curve")
    file = BytesIO()
    image.save(file, "JPEG", quality=88)
    file.seek(0)
    return file
