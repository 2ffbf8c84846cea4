"""The registry's addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from registry.pages import front, help_pages, project, robots
from registry.uploads import views as uploads

urlpatterns: list[URLPattern | URLResolver] = [
    path("", front.front, name="front"),
    path("favicon.ico", front.favicon),
    path("robots.txt", robots.robots),
    path("", include("registry.index.urls")),
    path("", include("tokens.urls")),
    path("legacy", uploads.add_slash),
    path("legacy/", uploads.upload, name="upload"),
    path("project/<str:name>/", project.project, name="project"),
    path("project/<str:name>/<str:version>/", project.release, name="release"),
    path("help/", help_pages.index, name="help"),
    path("help/<slug:slug>/", help_pages.topic, name="help-topic"),
    path("", include("registry.manage.urls")),
    path("", include("publishers.pages.urls")),
    path("", include("tokens.pages.urls")),
    path("_/secrets/", include("tokens.leaks.urls")),
    path("integrity/", include("tokens.attestations.urls")),
    path("account/", include("registry.accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("registry.api.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("dev/mails/", include("registry.previews.urls")))

handler400 = "registry.pages.errors.bad_request"
handler403 = "registry.pages.errors.forbidden"
handler404 = "registry.pages.errors.not_found"
handler500 = "registry.pages.errors.server_error"
