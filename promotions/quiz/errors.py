"""Why a quiz could not be answered."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class QuizNotFound(DomainError):
    code, status, message = "quiz_not_found", 404, _("There is no quiz at the moment.")


class QuizTriesUsed(DomainError):
    code, status, message = "quiz_tries_used", 409, _("You have used all your tries.")


class QuizTriesUsedToday(DomainError):
    code, status, message = "quiz_tries_used_today", 409, _("You have used your tries of today. Come back tomorrow.")


class QuizQuestionsChanged(DomainError):
    """These questions were answered already, or belong to another day."""

    code, status, message = "quiz_questions_changed", 409, _("These are not the questions of your next try.")
