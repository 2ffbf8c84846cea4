"""``/api/v1/projects/``."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from registry import versions
from registry.api.access import NO_PROJECT, ApiView, ProjectView
from registry.api.members import refuse_unknown
from registry.manage.access import Place
from registry.models import Project, Release, Role
from registry.options import InQuarantine, set_as_owner


class ProjectSerializer(serializers.Serializer[Any]):
    """A project in which the token's person has a role. Its owners change its status and how it is uploaded to."""

    name = serializers.CharField(source="project.name", read_only=True)
    normalized_name = serializers.CharField(source="project.normalized_name", read_only=True)
    status = serializers.ChoiceField(choices=Project.Status.choices, source="project.status", required=False)
    trusted_publishing_only = serializers.BooleanField(source="project.trusted_publishing_only", required=False)
    latest_version = serializers.SerializerMethodField()
    role = serializers.ChoiceField(choices=Role.Kind.choices, read_only=True)
    created_at = serializers.DateTimeField(source="project.created_at", read_only=True)

    def to_internal_value(self, data: Any) -> Any:
        """The members that may be written. Raises ValidationError for what is not a member."""
        refuse_unknown(data, self.fields)
        return super().to_internal_value(data)

    def get_latest_version(self, place: Place) -> str | None:
        """As people mean it; null where nothing was released."""
        latest: dict[int, str] = self.context["latest"]
        return latest.get(place.project.pk)


class Projects(ApiView[Project]):
    """The projects of the token's person."""

    queryset = Project.objects.all()
    serializer_class = ProjectSerializer

    def get_queryset(self) -> QuerySet[Project]:
        """With the person's role."""
        return self.credential.among(Project.objects.uploadable_by(self.person)).annotate(role=F("roles__role"))

    @extend_schema(operation_id="projects_list", responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The projects in which the token's person has a role, the newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        places = [Place(project, project.role) for project in page]  # type: ignore[attr-defined]  # annotated above
        context = {"latest": latest_versions(page)}
        return self.get_paginated_response(ProjectSerializer(places, many=True, context=context).data)


class OneProject(ProjectView[Project]):
    """One of them."""

    queryset = Project.objects.all()
    serializer_class = ProjectSerializer

    @extend_schema(operation_id="projects_retrieve", responses=ProjectSerializer)
    def get(self, request: Request, name: str) -> Response:
        """A project."""
        return Response(self._said())

    @extend_schema(operation_id="projects_partial_update", request=ProjectSerializer, responses=ProjectSerializer)
    def patch(self, request: Request, name: str) -> Response:
        """Change the status, or whether only trusted publishers upload. For owners."""
        serializer = ProjectSerializer(data=self.sent, partial=True)
        serializer.is_valid(raise_exception=True)
        try:
            set_as_owner(self.place.project, self.actor, **serializer.validated_data.get("project", {}))
        except InQuarantine as refused:
            raise ValidationError({"status": [str(refused)]}) from refused
        except Project.DoesNotExist as gone:
            raise NotFound(NO_PROJECT) from gone
        return Response(self._said())

    def _said(self) -> Any:
        context = {"latest": latest_versions([self.place.project])}
        return ProjectSerializer(self.place, context=context).data


def latest_versions(projects: Sequence[Project]) -> dict[int, str]:
    """The latest version of each, by its id."""
    releases = defaultdict(list)
    for release in Release.objects.filter(project__in=projects).only("project_id", "version", "yanked_at"):
        releases[release.project_id].append(release)
    latest = {project: versions.latest(of_it) for project, of_it in releases.items()}
    return {project: release.version for project, release in latest.items() if release is not None}
