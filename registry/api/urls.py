"""The addresses of the API. Those of the floors above are named by dotted strings."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from registry.api import documents, events, projects

v1: list[URLPattern | URLResolver] = [
    path("projects/", projects.Projects.as_view(), name="api-projects"),
    path("projects/<str:name>/", projects.OneProject.as_view(), name="api-project"),
    path("projects/<str:name>/events/", events.Events.as_view(), name="api-events"),
    path("", include("publishers.api.urls")),
    path("", include("tokens.api.urls")),
    path("schema/", documents.Schema.as_view(), name="api-schema"),
    path("docs/", documents.docs, name="api-docs"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(v1)),
    re_path("", documents.nothing_here),
]
