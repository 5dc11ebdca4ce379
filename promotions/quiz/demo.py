"""The demo shop's lantern riddles: a running quiz with a small bank of questions about tea and the festival."""

from datetime import datetime, timedelta

from members.identity.models import Member
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.coupons.models import CouponTemplate
from promotions.quiz.models import Question, QuestionOption, Quiz, QuizQuestion, Theme
from promotions.quiz.queries import asked_in_try
from promotions.quiz.services import Given, answer_quiz
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
NAME, COUPON = "元宵猜灯谜", "灯谜奖励券"
DAY = timedelta(days=1)
SINGLE, MULTIPLE, TYPED = Question.Kind.SINGLE, Question.Kind.MULTIPLE, Question.Kind.TYPED
# Kind, question, hint, options or accepted answers with the right ones first, how many of them are right, explanation.
QUESTIONS: tuple[tuple[str, str, str, tuple[str, ...], int, str], ...] = (
    (TYPED, "一口咬掉牛尾巴", "打一字", ("告",), 1, "“牛”字去尾，下加“口”，是“告”。"),
    (TYPED, "画时圆，写时方，冬时短，夏时长", "打一字", ("日",), 1, "说的是太阳，也是“日”字。"),
    (SINGLE, "龙井茶属于哪一类茶？", "", ("绿茶", "红茶", "乌龙茶", "黑茶"), 1, "西湖龙井是不发酵的绿茶。"),
    (SINGLE, "元宵节是农历哪一天？", "", ("正月十五", "正月初一", "八月十五", "五月初五"), 1, "又称上元节。"),
    (MULTIPLE, "下列哪些是元宵节的习俗？", "", ("赏花灯", "猜灯谜", "赛龙舟", "登高"), 2, "赛龙舟在端午，登高在重阳。"),
    (SINGLE, "冲泡绿茶的水温大约是？", "", ("80 ℃", "60 ℃", "95 ℃", "100 ℃"), 1, "水温过高会烫熟嫩芽。"),
)


def load(*, size: str, now: datetime) -> str:
    if Quiz.objects.filter(name=NAME).exists():
        return "0 quizzes"
    with unit_of_work():
        quiz = Quiz(
            name=NAME,
            theme=Theme.LANTERN,
            intro="每天三次机会，答对两题即可获得积分与优惠券。",
            starts_at=now - DAY,
            ends_at=now + 20 * DAY,
            budget_fen=100_000,
            questions_per_try=3,
            pass_mark=2,
            reward_points=50,
            reward_template=_coupon(now),
            rewards_limit=1000,
        )
        save_draft(campaign=quiz, actor=MANAGER, now=now)
        for row in QUESTIONS:
            QuizQuestion.objects.create(quiz=quiz, question=_question(*row))
    noted = {each.code for each in findings_of(quiz, now=now)}
    publish_campaign(kind=Quiz.KIND, pk=quiz.pk, actor=MANAGER, now=now, noted=noted)
    for member in Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk")[:2]:
        _answer(quiz, member, now)
    return f"1 quiz with {len(QUESTIONS)} questions"


def _coupon(now: datetime) -> CouponTemplate:
    template = CouponTemplate(
        name=COUPON,
        way=CouponTemplate.Way.REWARD,
        amount_off_fen=500,
        threshold_fen=5000,
        valid_days=14,
        total_limit=1000,
        starts_at=now - DAY,
        ends_at=now + 30 * DAY,
    )
    save_draft(campaign=template, actor=MANAGER, now=now)
    noted = {each.code for each in findings_of(template, now=now)}
    publish_campaign(kind=CouponTemplate.KIND, pk=template.pk, actor=MANAGER, now=now, noted=noted)
    return CouponTemplate.objects.get(pk=template.pk)


def _question(kind: str, text: str, hint: str, options: tuple[str, ...], right: int, explanation: str) -> Question:
    question = Question.objects.create(kind=kind, text=text, hint=hint, explanation=explanation, theme=Theme.LANTERN)
    for position, option in enumerate(options):
        QuestionOption.objects.create(question=question, text=option, is_right=position < right)
    return question


def _answer(quiz: Quiz, member: Member, now: datetime) -> None:
    """Everything right."""
    answers = {
        each.question.pk: Given(
            tuple(option.pk for option in each.options if option.is_right),
            each.options[0].text if each.question.kind == TYPED else "",
        )
        for each in asked_in_try(quiz, member_id=member.pk, number=1)
    }
    answer_quiz(quiz_id=quiz.pk, number=1, member_id=member.pk, channel="", answers=answers, now=now)
