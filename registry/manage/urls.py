"""The addresses of what people look after."""

from django.urls import URLPattern, path

from registry.manage import projects, releases, settings

PROJECT = "manage/project/<str:name>"
RELEASE = f"{PROJECT}/releases/<str:version>"

urlpatterns: list[URLPattern] = [
    path("manage/projects/", projects.projects, name="manage-projects"),
    path(f"{PROJECT}/", projects.project, name="manage-project"),
    path(f"{PROJECT}/releases/", releases.releases, name="manage-releases"),
    path(f"{RELEASE}/", releases.release, name="manage-release"),
    path(f"{RELEASE}/yank/", releases.yank_release, name="manage-release-yank"),
    path(f"{RELEASE}/unyank/", releases.unyank_release, name="manage-release-unyank"),
    path(f"{RELEASE}/delete/", releases.remove_release, name="manage-release-delete"),
    path(f"{RELEASE}/files/<str:filename>/delete/", releases.remove_file, name="manage-file-delete"),
    path(f"{PROJECT}/settings/", settings.settings, name="manage-settings"),
    path(f"{PROJECT}/settings/delete/", settings.remove_project, name="manage-project-delete"),
]
