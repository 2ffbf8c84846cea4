"""Who may open a page below ``/manage/``, and what a change needs besides.

A view is handed a ``Place``: the project and the person's role in it. A project that the person has no role in is not
there (404); a page that takes an owner refuses a maintainer (403).
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control

from registry import names, versions
from registry.accounts import stepup
from registry.models import Project, Role, User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
ProjectView = Callable[Concatenate[HttpRequest, "Place", P], HttpResponseBase]
NamedView = Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]

OWNERS_ONLY = "Only an owner of the project may do this. Ask one of its owners."


@dataclass(frozen=True)
class Place:
    """A project, as somebody with a role in it sees it."""

    project: Project
    role: str

    @property
    def is_owner(self) -> bool:
        """Whether publishers, roles, tokens and settings are this person's to manage."""
        return self.role == Role.Kind.OWNER

    def latest_version(self) -> str:
        """What the page's head says beside the name; "" if nothing was released."""
        latest = versions.latest(self.project.releases.only("version", "yanked_at", "project"))
        return latest.version if latest else ""


def person(request: HttpRequest) -> User:
    """Who is signed in, in a view that ``account_page`` or ``project_page`` guards."""
    return cast(User, request.user)


def account_page(view: View[P]) -> View[P]:
    """A page of the signed-in person's own."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return _private(view(request, *args, **kwargs))

    return guarded


def project_page(view: ProjectView[P]) -> NamedView[P]:
    """A page of a project for the people who have a role in it; the view is handed a Place."""
    return _of_project(view, owners_only=False)


def owners_page(view: ProjectView[P]) -> NamedView[P]:
    """The same, for its owners only."""
    return _of_project(view, owners_only=True)


def changing(view: View[P]) -> View[P]:
    """A form that changes something: it needs what ``stepup`` says. The decorator stands below the page's own."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return stepup.demanded(request) or view(request, *args, **kwargs)

    return guarded


def _of_project(view: ProjectView[P], *, owners_only: bool) -> NamedView[P]:
    @functools.wraps(view)
    def guarded(request: HttpRequest, name: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        place = _place(person(request), name)
        if place.project.normalized_name != name and request.method == "GET":
            return _by_its_normal_name(request, place.project, **kwargs)
        if owners_only and not place.is_owner:
            raise PermissionDenied(OWNERS_ONLY)
        return _private(view(request, place, *args, **kwargs))

    return guarded  # type: ignore[return-value]  # Django gives the name by its name


def _place(user: User, name: str) -> Place:
    """Raises Http404, with the same words whether there is such a project or not."""
    roles = Role.objects.select_related("project").filter(user=user)
    role = roles.filter(project__normalized_name=names.normalize(name)).first() if names.is_valid(name) else None
    if role is None:
        raise Http404("You have no project of this name.")
    return Place(role.project, role.role)


def _by_its_normal_name(request: HttpRequest, project: Project, **kwargs: object) -> HttpResponseBase:
    assert request.resolver_match is not None
    path = reverse(request.resolver_match.view_name, kwargs={"name": project.normalized_name, **kwargs})
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{path}?{query}" if query else path)


def _private(response: HttpResponseBase) -> HttpResponseBase:
    patch_cache_control(response, private=True, no_store=True)
    return response
