from django.urls import path

from promotions.quiz.views import CurrentQuizView, QuizAnswersView

urlpatterns = [
    path("quizzes/current", CurrentQuizView.as_view(), name="quiz-current"),
    path("quizzes/<int:quiz_id>/answers", QuizAnswersView.as_view(), name="quiz-answers"),
]
