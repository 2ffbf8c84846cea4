"""The addresses of what people look after."""

from django.urls import URLPattern, path

from registry.manage import collaboration, history, invited, projects, releases, settings

PROJECT = "manage/project/<str:name>"
RELEASE = f"{PROJECT}/releases/<str:version>"
PEOPLE = f"{PROJECT}/collaboration"
INVITATION = "manage/invitation/<int:pk>"

urlpatterns: list[URLPattern] = [
    path("manage/projects/", projects.projects, name="manage-projects"),
    path(f"{PROJECT}/", projects.project, name="manage-project"),
    path(f"{PROJECT}/releases/", releases.releases, name="manage-releases"),
    path(f"{RELEASE}/", releases.release, name="manage-release"),
    path(f"{RELEASE}/yank/", releases.yank_release, name="manage-release-yank"),
    path(f"{RELEASE}/unyank/", releases.unyank_release, name="manage-release-unyank"),
    path(f"{RELEASE}/delete/", releases.remove_release, name="manage-release-delete"),
    path(f"{RELEASE}/files/<str:filename>/delete/", releases.remove_file, name="manage-file-delete"),
    path(f"{PEOPLE}/", collaboration.collaboration, name="manage-collaboration"),
    path(f"{PEOPLE}/invite/", collaboration.invite, name="manage-invite"),
    path(f"{PEOPLE}/invitation/<int:pk>/resend/", collaboration.resend, name="manage-invitation-resend"),
    path(f"{PEOPLE}/invitation/<int:pk>/revoke/", collaboration.revoke, name="manage-invitation-revoke"),
    path(f"{PEOPLE}/role/<int:pk>/", collaboration.change, name="manage-role-change"),
    path(f"{PEOPLE}/role/<int:pk>/remove/", collaboration.remove, name="manage-role-remove"),
    path(f"{PEOPLE}/leave/", collaboration.leave, name="manage-leave"),
    path(f"{PROJECT}/history/", history.project_history, name="manage-history"),
    path(f"{PROJECT}/history/events.<str:form>", history.project_export, name="manage-history-export"),
    path("manage/account/history/", history.account_history, name="manage-account-history"),
    path("manage/account/history/events.<str:form>", history.account_export, name="manage-account-history-export"),
    path(f"{INVITATION}/", invited.invitation, name="manage-invitation"),
    path(f"{INVITATION}/accept/", invited.accept, name="manage-invitation-accept"),
    path(f"{INVITATION}/decline/", invited.decline, name="manage-invitation-decline"),
    path(f"{PROJECT}/settings/", settings.settings, name="manage-settings"),
    path(f"{PROJECT}/settings/delete/", settings.remove_project, name="manage-project-delete"),
]
