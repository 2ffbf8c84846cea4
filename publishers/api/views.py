"""``/api/v1/projects/NAME/publishers/`` and ``/api/v1/pending-publishers/``."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from publishers import registration
from publishers.api import writing
from publishers.api.serializers import (
    PendingPublisherSerializer,
    PublisherSerializer,
    of_every_kind,
    publisher_out,
)
from publishers.models import Publisher
from registry.api.access import ApiView, PersonsView, ProjectView


# For OpenAPI: one of the providers' own, told apart by their name.
def _one_of(name: str, base: type[PublisherSerializer], **said: Any) -> Any:
    kinds = of_every_kind(base, name)
    return PolymorphicProxySerializer(
        component_name=name, serializers=kinds, resource_type_field_name="provider", **said
    )


TRUSTED, TRUSTED_LIST = (_one_of("Publisher", PublisherSerializer, **said) for said in ({}, {"many": True}))
PENDING, PENDING_LIST = (
    _one_of("PendingPublisher", PendingPublisherSerializer, **said) for said in ({}, {"many": True})
)


class Publishers(ApiView[Publisher]):
    """What trusted and pending publishers have in common."""

    queryset = Publisher.objects.select_related("issuer", "project", "added_by")
    serializer = PublisherSerializer

    def of_new(self) -> dict[str, Any]:
        """What a new publisher is for, as the form wants it."""
        raise TypeError(f"{type(self).__name__} takes no new publishers")

    def _list(self) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([publisher_out(publisher) for publisher in page])

    def _create(self) -> Response:
        publisher, is_new = writing.add(self.serializer, self.sent, self.actor, **self.of_new())
        return Response(publisher_out(publisher), status=201 if is_new else 200)

    def _retrieve(self, pk: int) -> Response:
        return Response(publisher_out(self._one(pk)))

    def _change(self, pk: int, *, partial: bool) -> Response:
        changed = writing.change(self.serializer, self._one(pk), self.sent, self.actor, partial=partial)
        return Response(publisher_out(changed))

    def _remove(self, pk: int) -> Response:
        registration.remove(self._one(pk), self.actor)
        return Response(status=204)

    def _one(self, pk: int) -> Publisher:
        publisher = self.get_queryset().filter(pk=pk).first()
        if publisher is None:
            raise NotFound(writing.NO_PUBLISHER)
        return publisher


class OfProject(ProjectView[Publisher], Publishers):
    """The publishers of the project that the address names."""

    def get_queryset(self) -> QuerySet[Publisher]:
        """The project's."""
        return super().get_queryset().filter(project=self.place.project)

    def of_new(self) -> dict[str, Any]:
        """The project, and who adds it."""
        return {"project": self.place.project, "user": self.person}


class TrustedPublishers(OfProject):
    """``projects/NAME/publishers/``."""

    @extend_schema(operation_id="publishers_list", responses=TRUSTED_LIST)
    def get(self, request: Request, name: str) -> Response:
        """The publishers of a project, the newest first."""
        return self._list()

    @extend_schema(operation_id="publishers_create", request=TRUSTED, responses={200: TRUSTED, 201: TRUSTED})
    def post(self, request: Request, name: str) -> Response:
        """Add a publisher; 200, and nothing is changed, if the same one stands already. For owners."""
        return self._create()


class TrustedPublisher(OfProject):
    """``projects/NAME/publishers/ID/``."""

    @extend_schema(operation_id="publishers_retrieve", responses=TRUSTED)
    def get(self, request: Request, name: str, pk: int) -> Response:
        """A publisher."""
        return self._retrieve(pk)

    @extend_schema(operation_id="publishers_update", request=TRUSTED, responses=TRUSTED)
    def put(self, request: Request, name: str, pk: int) -> Response:
        """Make a publisher what is sent; what is left out is emptied, but for ids. For owners."""
        return self._change(pk, partial=False)

    @extend_schema(operation_id="publishers_partial_update", request=TRUSTED, responses=TRUSTED)
    def patch(self, request: Request, name: str, pk: int) -> Response:
        """Change some members of a publisher. For owners."""
        return self._change(pk, partial=True)

    @extend_schema(operation_id="publishers_destroy", responses={204: None})
    def delete(self, request: Request, name: str, pk: int) -> Response:
        """Remove a publisher, and with it the upload tokens that it was credited with. For owners."""
        return self._remove(pk)


class OfPerson(PersonsView[Publisher], Publishers):
    """The pending publishers of the token's person."""

    serializer = PendingPublisherSerializer

    def get_queryset(self) -> QuerySet[Publisher]:
        """The person's."""
        return super().get_queryset().filter(project__isnull=True, invalidated_at__isnull=True, added_by=self.person)

    def of_new(self) -> dict[str, Any]:
        """Who waits."""
        return {"user": self.person}


class PendingPublishers(OfPerson):
    """``pending-publishers/``."""

    @extend_schema(operation_id="pending_publishers_list", responses=PENDING_LIST)
    def get(self, request: Request) -> Response:
        """The pending publishers of the token's person, the newest first."""
        return self._list()

    @extend_schema(operation_id="pending_publishers_create", request=PENDING, responses={200: PENDING, 201: PENDING})
    def post(self, request: Request) -> Response:
        """Wait for the first upload of a project; 200 if the same publisher waits already."""
        return self._create()


class PendingPublisher(OfPerson):
    """``pending-publishers/ID/``."""

    @extend_schema(operation_id="pending_publishers_retrieve", responses=PENDING)
    def get(self, request: Request, pk: int) -> Response:
        """A pending publisher."""
        return self._retrieve(pk)

    @extend_schema(operation_id="pending_publishers_update", request=PENDING, responses=PENDING)
    def put(self, request: Request, pk: int) -> Response:
        """Make a pending publisher what is sent; the project's name stays."""
        return self._change(pk, partial=False)

    @extend_schema(operation_id="pending_publishers_partial_update", request=PENDING, responses=PENDING)
    def patch(self, request: Request, pk: int) -> Response:
        """Change some members of a pending publisher."""
        return self._change(pk, partial=True)

    @extend_schema(operation_id="pending_publishers_destroy", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Wait no longer."""
        return self._remove(pk)
