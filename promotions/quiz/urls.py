from django.urls import path

from promotions.quiz.views import CurrentQuizView, QuizAnswersView, QuizView

urlpatterns = [
    path("quizzes/current", CurrentQuizView.as_view(), name="quiz-current"),
    path("quizzes/<int:quiz_id>", QuizView.as_view(), name="quiz"),
    path("quizzes/<int:quiz_id>/answers", QuizAnswersView.as_view(), name="quiz-answers"),
]
