"""The page of the job centre, and what can be done from it."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from shop.core import clock
from shop.core.csv_files import csv_bytes
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.job_centre import EVERYBODYS, SHOWN, Job, find_job, jobs_for, kinds_for, retry_job, stop_job
from shop.core.screens import CSV, form_page, staff

PAGE = "admin:core_jobs"


class JobCentrePages(ModelAdmin):
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("centre/", view(self.jobs), name="core_jobs"),
            path("centre/<slug:kind>/<int:pk>/stop/", view(self.stop), name="core_job_stop"),
            path("centre/<slug:kind>/<int:pk>/retry/", view(self.retry), name="core_job_retry"),
            path("centre/<slug:kind>/<int:pk>/refusals/", view(self.refusals), name="core_job_refusals"),
            *super().get_urls(),
        ]

    def jobs(self, request: HttpRequest) -> HttpResponse:
        known = kinds_for(request.user)
        if not known:
            raise PermissionDenied
        narrowed, kind = request.GET.get("state", ""), request.GET.get("kind", "")
        before = _moment(request.GET.get("before", ""))
        found = jobs_for(request.user, narrowed=narrowed, kind=kind, before=before)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Jobs"),
            "jobs": found,
            "is_active": any(job.is_active for job in found),
            "sees_all": request.user.has_perm(EVERYBODYS),
            "kinds": known,
            "kind": kind,
            "narrowed": narrowed,
            "states": [
                ("", _("All")),
                ("active", _("Under way")),
                ("failed", _("Failed or stopped")),
                ("done", _("Done")),
            ],
            "before": found[-1].asked_at.isoformat() if len(found) == SHOWN else "",
        }
        return TemplateResponse(request, "admin/jobs.html", context)

    def stop(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        job = _found(request, kind, pk)
        if request.method == "POST":
            return self._done(request, job, stop_job, _("Stopped"))
        table = {"headers": [_("job"), _("progress")], "rows": [[job.name, job.progress.said]]}
        title = job.progress.means or _("This job is over, or cannot be stopped.")
        buttons = [("stop", _("Stop"))] if job.can_stop else [("", _("Back"))]
        return form_page(self, request, form=forms.Form(), title=title, table=table, buttons=buttons)

    def retry(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        job = _found(request, kind, pk)
        if request.method != "POST":
            return redirect(PAGE)
        return self._done(request, job, retry_job, _("Begun again; what was done is not done again."))

    def refusals(self, request: HttpRequest, kind: str, pk: int) -> HttpResponseBase:
        job = _found(request, kind, pk)
        if job.kind.refusals is None:
            raise Http404
        answer = StreamingHttpResponse(csv_bytes(job.kind.refusals(job.row)), content_type=CSV)
        answer["Content-Disposition"] = f'attachment; filename="{job.kind.name}-{pk}-refused.csv"'
        return answer

    def _done(self, request: HttpRequest, job: Job, verb: Any, said: str) -> HttpResponse:
        if not job.may_act:
            raise PermissionDenied
        try:
            verb(job, actor=staff(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, job.row, said)
            messages.success(request, said)
        return redirect(PAGE)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _found(request: HttpRequest, kind: str, pk: int) -> Job:
    job = find_job(request.user, kind=kind, pk=pk)
    if job is None:
        raise Http404
    return job
