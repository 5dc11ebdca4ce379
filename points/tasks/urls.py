from django.urls import path

from points.tasks import views

urlpatterns = [
    path("points/check-in", views.CheckInView.as_view(), name="check-in"),
    path("points/check-ins", views.CalendarView.as_view(), name="check-ins"),
    path("points/check-ins/make-up", views.MakeUpView.as_view(), name="check-in-make-up"),
    path("points/tasks", views.TaskListView.as_view(), name="tasks"),
    path("points/tasks/<slug:code>/complete", views.CompleteTaskView.as_view(), name="task-complete"),
    path("points/tasks/<slug:code>/start", views.StartBrowsingView.as_view(), name="task-start"),
    path("points/tasks/<slug:code>/beat", views.BeatView.as_view(), name="task-beat"),
    path("points/share-visits", views.ShareVisitView.as_view(), name="share-visits"),
]
