"""``/api/v1/projects/NAME/events/``."""

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry import wording
from registry.api import filters
from registry.api.access import ProjectView
from registry.api.paging import Following
from registry.models import Event


class EventSerializer(serializers.ModelSerializer[Event]):
    """One line of a project's history; `tag` is named as Warehouse names it."""

    actor = serializers.SerializerMethodField(help_text="The person, the publisher or the command.")
    address = serializers.SerializerMethodField()
    details = serializers.DictField(help_text="What changed, before and after; other members for each tag.")

    class Meta:
        model = Event
        fields = ("id", "tag", "time", "actor", "address", "details")
        read_only_fields = fields

    def get_actor(self, event: Event) -> str:
        """By name, but a job whose name is not told."""
        return wording.SOME_JOB if event.pk in self.context["hidden"] else event.actor_name

    def get_address(self, event: Event) -> str | None:
        """As the pages of the history tell it."""
        return None if event.pk in self.context["hidden"] else event.address


class EventFilter(FilterSet):  # type: ignore[misc]
    """Narrows the history."""

    tag = django_filters.CharFilter(label="Exactly this tag, such as project:oidc:publisher-added.")
    created_after = filters.after("time")
    created_before = filters.before("time")

    class Meta:
        model = Event
        fields: list[str] = []


class Events(ProjectView[Event]):
    """The history of a project."""

    queryset = Event.objects.all()
    serializer_class = EventSerializer
    pagination_class = Following
    filter_backends = [DjangoFilterBackend]
    filterset_class = EventFilter
    moment = "time"

    def get_queryset(self) -> QuerySet[Event]:
        """The project's."""
        return super().get_queryset().filter(project=self.place.project)

    @extend_schema(operation_id="events_list", responses=EventSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The events of a project, the newest first; with `since`, what came after, the oldest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        events = list(page or ())
        context = {**self.get_serializer_context(), "hidden": wording.hidden(events)}
        return self.get_paginated_response(EventSerializer(events, many=True, context=context).data)
