"""Where somebody looks after publishers: at a project's page, or at one's own for those that wait.

The views below are written once and know nothing but a desk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from publishers.models import Publisher, SwitchedOff
from registry.manage.access import NamedView, Place, View, account_page, owners_page, person
from registry.models import Project, User

P = ParamSpec("P")
DeskView = Callable[Concatenate[HttpRequest, "Desk", P], HttpResponseBase]


@dataclass(frozen=True)
class Desk:
    """A project, or nothing but the person who waits for some."""

    user: User
    place: Place | None = None

    @property
    def project(self) -> Project | None:
        """The project, if it is one's page."""
        return self.place.project if self.place else None

    @property
    def template(self) -> str:
        """What the pages extend."""
        return "manage/project.html" if self.place else "manage/account.html"

    @property
    def tab(self) -> str:
        """The name of the list's address, with which the names of all others begin."""
        return "manage-publishing" if self.place else "manage-pending"

    @property
    def publishers(self) -> "QuerySet[Publisher]":
        """Those that are looked after here, the oldest first."""
        rows = Publisher.objects.select_related("issuer", "project", "added_by")
        rows = rows.annotate(provider_off=SwitchedOff.covers("issuer__provider")).order_by("pk")
        return rows.filter(project=self.project) if self.place else rows.pending().filter(added_by=self.user)

    def find(self, pk: int) -> Publisher:
        """Raises Http404, with the same words for one that went and one that is another's."""
        try:
            return get_object_or_404(self.publishers, pk=pk)
        except Http404:
            raise Http404("There is no such publisher here. It may have been removed meanwhile.") from None

    def url(self, action: str = "", publisher: Publisher | None = None) -> str:
        """The address of the list, or of a page about one publisher."""
        arguments: dict[str, Any] = {"name": self.project.normalized_name} if self.project else {}
        if publisher is None:
            return reverse(self.tab, kwargs=arguments)
        return reverse(f"{self.tab}-{action}", kwargs={**arguments, "pk": publisher.pk})

    def context(self, **more: Any) -> dict[str, Any]:
        """What every template below ``templates/publishers/`` is given."""
        return {"desk": self, "template": self.template, "place": self.place, "tab": self.tab, **more}


def of_project(view: DeskView[P]) -> NamedView[P]:
    """The view at a project's page, for its owners."""

    def at_project(request: HttpRequest, place: Place, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, Desk(person(request), place), *args, **kwargs)

    return owners_page(at_project)


def of_person(view: DeskView[P]) -> View[P]:
    """The view at a person's own page."""

    def at_account(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, Desk(person(request)), *args, **kwargs)

    return account_page(at_account)
