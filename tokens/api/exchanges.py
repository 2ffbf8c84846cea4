"""``/api/v1/projects/NAME/exchanges/``."""

import uuid
from typing import Any

import django_filters
from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet, Value
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from publishers.providers import choices
from registry.api import filters
from registry.api.access import ProjectView
from registry.api.paging import Following
from registry.models import Project
from tokens.api.serializers import ExchangeSerializer, exchange_out
from tokens.disclosure import all_seen_by, exchanges_of
from tokens.models import Exchange

NO_EXCHANGE = "There is no exchange of this id that concerns the project."
MOST = 2**31 - 1


class _IsCompared(Func):
    """Whether a publisher is among an exchange's checks; PostgreSQL says it with ``@>``, SQLite goes through them."""

    template = "EXISTS (SELECT 1 FROM JSON_EACH(%(expressions)s))"
    arg_joiner = ") WHERE (JSON_EXTRACT(value, '$.publisher') = "
    output_field = BooleanField()


class ExchangeFilter(FilterSet):  # type: ignore[misc]
    """Narrows the list by what the project sees of each."""

    outcome = django_filters.ChoiceFilter(choices=Exchange.Outcome.choices, label="How it ended.")
    code = django_filters.CharFilter(label="Of the refusal, such as invalid-publisher.")
    provider = django_filters.ChoiceFilter(choices=choices, label="The provider's name.")
    publisher = django_filters.NumberFilter(
        method="of_publisher", decimal_places=0, min_value=1, max_value=MOST, label="The id of the project's publisher."
    )
    created_after = filters.after("created_at")
    created_before = filters.before("created_at")

    class Meta:
        model = Exchange
        fields: list[str] = []

    def of_publisher(self, exchanges: QuerySet[Exchange], name: str, number: Any) -> QuerySet[Exchange]:
        """Those in which a publisher that the project has now was compared; others' ids are nobody's business."""
        project: Project = self.request.parser_context["view"].place.project
        publisher = project.publishers.filter(pk=int(number)).values_list("pk", flat=True).first()
        if publisher is None:
            return exchanges.none()
        if connection.features.supports_json_field_contains:
            return exchanges.filter(checks__contains=[{"publisher": publisher}])
        return exchanges.filter(_IsCompared(F("checks"), Value(publisher)))


class OfProject(ProjectView[Exchange]):
    """The exchanges that concern a project, each as the project may see it."""

    queryset = Exchange.objects.all()
    serializer_class = ExchangeSerializer
    pagination_class = Following
    filter_backends = [DjangoFilterBackend]
    filterset_class = ExchangeFilter
    moment = "created_at"

    def get_queryset(self) -> QuerySet[Exchange]:
        """The project's."""
        return exchanges_of(self.place.project).select_related("issuer")

    def said(self, exchanges: list[Exchange]) -> list[dict[str, Any]]:
        """As JSON."""
        seen = all_seen_by(self.place.project, exchanges)
        return [exchange_out(exchange, seen[exchange.pk]) for exchange in exchanges]


class Exchanges(OfProject):
    """``projects/NAME/exchanges/``."""

    @extend_schema(operation_id="exchanges_list", responses=ExchangeSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The exchanges of a project, the newest first; with `since`, what came after, the oldest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.said(list(page or ())))


class OneExchange(OfProject):
    """``projects/NAME/exchanges/ID/``."""

    filter_backends = []

    @extend_schema(operation_id="exchanges_retrieve", responses=ExchangeSerializer)
    def get(self, request: Request, name: str, pk: uuid.UUID) -> Response:
        """An exchange."""
        exchange = self.get_queryset().filter(pk=pk).first()
        if exchange is None:
            raise NotFound(NO_EXCHANGE)
        return Response(self.said([exchange])[0])
