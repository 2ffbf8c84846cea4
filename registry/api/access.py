"""What every address of the API has in common: who may ask, in which words, and how it is refused."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from django.db.models import Model
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, NotFound, PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import names
from registry.actors import Actor
from registry.api import problems
from registry.api.credentials import MANAGE, READ, ApiCredential
from registry.api.paging import Newest
from registry.api.parsing import ObjectParser
from registry.api.session import InSession
from registry.api.throttling import OfPerson
from registry.manage.access import OWNERS_ONLY, Place
from registry.models import Project, Role, User

M = TypeVar("M", bound=Model)

NO_PROJECT = "You have no project of this name."
LIMITED = "This API token is limited to some projects; this needs one that is not."
# A token that manages reads what it manages, and how it came to be so.
READING, CHANGING = (READ, MANAGE), (MANAGE,)


class HasScope(BasePermission):
    """A credential with a scope for what is asked: to read, or to change."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Yes. Raises NotAuthenticated, or PermissionDenied with the scope that is missing."""
        wanted = READING if request.method in SAFE_METHODS else CHANGING
        said = " or ".join(f"'{scope}'" for scope in wanted)
        credential = cast(ApiCredential | None, request.auth)
        if credential is None:
            raise NotAuthenticated(f"Send an API token with the scope {said}.")
        if not any(credential.opens(scope) for scope in wanted):
            raise PermissionDenied(f"This token has no scope {said}.")
        return True


class AnythingUnsaid(DefaultContentNegotiation):
    """An empty Accept asks for nothing, as one that is not there."""

    def get_accept_list(self, request: Request) -> list[str]:
        """The media ranges that the request takes."""
        said: list[str] = super().get_accept_list(request)
        return said if any(media_range.strip() for media_range in said) else ["*/*"]


class ApiView(GenericAPIView[M]):
    """A view of the API."""

    permission_classes = [HasScope]
    throttle_classes = [OfPerson]
    parser_classes = [ObjectParser]
    renderer_classes: Sequence[type[BaseRenderer]] = [JSONRenderer]
    content_negotiation_class = AnythingUnsaid
    pagination_class: type[Newest] | None = Newest
    metadata_class = None

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Those of the settings, which name a class of a floor above; and sessions."""
        return [*super().get_authenticators(), InSession()]

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Problem documents."""
        return problems.answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what no view would take, then look at who asks."""
        if not hasattr(self, str(request.method).lower()) or request.method == "OPTIONS":
            raise MethodNotAllowed(str(request.method))
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            raise problems.LengthRequired
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Nobody keeps what one person was told."""
        response.headers.setdefault("Cache-Control", "no-store")
        return super().finalize_response(request, response, *args, **kwargs)

    @property
    def allowed_methods(self) -> list[str]:
        """What Allow says: not OPTIONS, which every class has and ``initial`` refuses."""
        return [method for method in super().allowed_methods if method != "OPTIONS"]

    @property
    def credential(self) -> ApiCredential:
        """What was sent, once HasScope has looked at it."""
        return cast(ApiCredential, self.request.auth)

    @property
    def sent(self) -> dict[str, Any]:
        """The body, which ObjectParser read."""
        return cast(dict[str, Any], self.request.data)

    @property
    def person(self) -> User:
        """Whose credential it is."""
        return cast(User, self.request.user)

    @property
    def actor(self) -> Actor:
        """Whom the history names."""
        return self.credential.actor(self.request.META.get("REMOTE_ADDR") or None)


class PersonsView(ApiView[M]):
    """What is a person's own and no project's: a token that is limited to projects does not reach it."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises PermissionDenied for a limited token."""
        super().initial(request, *args, **kwargs)
        if self.credential.limited:
            raise PermissionDenied(LIMITED)


class ProjectView(ApiView[M]):
    """What belongs to the project that the address names: its people read, its owners change."""

    place: Place

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the project. Raises NotFound, with the same words whether there is such a project or not."""
        super().initial(request, *args, **kwargs)
        self.place = self._place(kwargs["name"])
        if request.method not in SAFE_METHODS and not self.place.is_owner:
            raise PermissionDenied(OWNERS_ONLY)

    def _place(self, name: str) -> Place:
        project = self.credential.among(Project.objects.named(name)).first() if names.is_valid(name) else None
        role = Role.objects.filter(project=project, user=self.person).first() if project else None
        if project is None or role is None:
            raise NotFound(NO_PROJECT)
        return Place(project, role.role)
