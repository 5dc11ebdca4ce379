"""What the demo shop's buyers say: written by members some time after their orders were completed, as over the API."""

import random
from datetime import datetime, timedelta
from io import BytesIO

from django.core.files.storage import default_storage

from members.uploads.services import keep_upload
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.reviews.models import Review, Status
from orders.reviews.preferences import WORDS as WORDS_TO_CHECK
from orders.reviews.services import approve_review, follow_up_review, reject_review, reply_to_review, write_review
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import PreferenceValue

SEED = 20_261_107
CLERK = Actor.staff("service")
# Rating, words, what the shop replies.
WORDS: tuple[tuple[int, str, str], ...] = (
    (5, "包装很用心，打开就能闻到香味，送长辈很有面子。", "谢谢您的认可，愿您和家人天天开心！"),
    (5, "第三次回购了，品质一直稳定，物流也快。", ""),
    (5, "比图片上还好看，做工细致，家里人都喜欢。", "您的喜欢是我们最大的动力。"),
    (5, "下单第二天就到了，客服回复也很及时，满分。", ""),
    (5, "", ""),
    (4, "整体不错，就是盒子稍微有点压痕，不影响使用。", "抱歉让您收到有压痕的包装，我们已加厚外箱。"),
    (4, "味道可以，份量比想象中少一点，价格合适的话还会再买。", ""),
    (4, "颜色和页面略有差别，但是实物也好看。", ""),
    (3, "一般般，没有宣传的那么惊艳。", "感谢反馈，我们会继续改进。"),
    (2, "收到的时候有一个角磕坏了，希望改进一下包装。", ""),
)
CHECKED = "加微信，刷单，返现，代购，网址，http，www."
MORE = ("用了两周来追评：依旧很满意，已经推荐给同事。", "追评：洗过几次也没有变形。", "补充一下，放了半个月香味还在。")


def load(*, size: str, now: datetime) -> str:
    if Review.objects.exists():
        return "reviews are there already"
    PreferenceValue.objects.update_or_create(key=WORDS_TO_CHECK.key, defaults={"value": CHECKED})
    dice = random.Random(SEED)
    lines = OrderLine.objects.filter(order__status=OrderStatus.COMPLETED, is_gift=False, order__completed_at__lt=now)
    found = list(lines.select_related("order").order_by("order__completed_at", "pk"))
    written = sum(_live_through(dice, line, line.order, now) for line in found if dice.random() < 0.75)
    return f"{written} reviews"


def _live_through(dice: random.Random, line: OrderLine, order: Order, now: datetime) -> bool:
    completed_at = order.completed_at or now
    moment = completed_at + timedelta(hours=dice.randint(1, 60))
    rating, content, reply = dice.choice(WORDS)
    with_picture, anonymous = dice.random() < 0.35, dice.random() < 0.3
    if moment >= now:
        return False
    with clock.fixed(moment):
        images = _photographs(line, order, moment) if with_picture else []
        review = write_review(
            number=order.number,
            member_id=order.member_id,
            line_id=line.pk,
            rating=rating,
            content=content,
            images=images,
            is_anonymous=anonymous,
            now=moment,
        )
    _answer(dice, review, reply, now)
    return True


def _answer(dice: random.Random, review: Review, reply: str, now: datetime) -> None:
    """The newest with pictures still wait for somebody to look at them."""
    later = review.written_at + timedelta(hours=dice.randint(3, 20))
    if later >= now:
        return
    with clock.fixed(later):
        if review.status == Status.PENDING and dice.random() < 0.08:
            reject_review(review_id=review.pk, reason="图片与商品无关", actor=CLERK, now=later)
            return
        if review.status == Status.PENDING:
            approve_review(review_id=review.pk, actor=CLERK, now=later)
        if reply:
            reply_to_review(review_id=review.pk, reply=reply, actor=CLERK, now=later)
    after = later + timedelta(days=dice.randint(6, 14))
    if after < now and dice.random() < 0.3:
        with clock.fixed(after):
            follow_up_review(
                review_id=review.pk, member_id=review.member_id, content=dice.choice(MORE), images=[], now=after
            )


def _photographs(line: OrderLine, order: Order, moment: datetime) -> list[str]:
    """The product itself, as the buyer's camera saw it."""
    image = line.product.images.order_by("position").first()
    if image is None or not image.image.name:
        return []
    with default_storage.open(image.image.name) as file:
        return [keep_upload(member_id=order.member_id, file=BytesIO(file.read()), now=moment).pk]
