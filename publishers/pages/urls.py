"""The addresses of these pages: a project's, and a person's own for pending publishers."""

from django.urls import URLPattern, path

from publishers.pages import changing, narrowing
from publishers.pages.desk import of_person, of_project
from publishers.pages.listing import listing

_PROJECT = "manage/project/<str:name>/settings/publishing/"
_PERSON = "manage/account/publishing/"
_OF_ONE = {
    "edit": changing.edit,
    "job": changing.job,
    "switch": changing.switch,
    "remove": changing.remove,
    "forget": changing.forget,
    "names": changing.names,
}

urlpatterns: list[URLPattern] = [
    path(_PROJECT, of_project(listing), name="manage-publishing"),
    path(f"{_PROJECT}<int:pk>/constrain/", of_project(narrowing.constrain), name="manage-publishing-constrain"),
    path(_PERSON, of_person(listing), name="manage-pending"),
    *(path(f"{_PROJECT}<int:pk>/{at}/", of_project(view), name=f"manage-publishing-{at}") for at, view in _OF_ONE.items()),
    *(path(f"{_PERSON}<int:pk>/{at}/", of_person(view), name=f"manage-pending-{at}") for at, view in _OF_ONE.items()),
]
