"""The addresses of these pages: a project's, and a person's own for pending publishers."""

from django.urls import URLPattern, path

from publishers.pages import changing, narrowing
from publishers.pages.desk import of_person, of_project
from publishers.pages.listing import listing

_PROJECT = "manage/project/<str:name>/settings/publishing/"
_PERSON = "manage/account/publishing/"
# Below the publisher's own address, which is the form that edits it.
_OF_ONE = {
    "edit": ("", changing.edit),
    "job": ("job/", changing.job),
    "switch": ("switch/", changing.switch),
    "remove": ("remove/", changing.remove),
    "forget": ("forget/", changing.forget),
    "names": ("names/", changing.names),
}

urlpatterns: list[URLPattern] = [
    path(_PROJECT, of_project(listing), name="manage-publishing"),
    path(f"{_PROJECT}<int:pk>/constrain/", of_project(narrowing.constrain), name="manage-publishing-constrain"),
    path(_PERSON, of_person(listing), name="manage-pending"),
    *(
        path(f"{_PROJECT}<int:pk>/{below}", of_project(view), name=f"manage-publishing-{name}")
        for name, (below, view) in _OF_ONE.items()
    ),
    *(
        path(f"{_PERSON}<int:pk>/{below}", of_person(view), name=f"manage-pending-{name}")
        for name, (below, view) in _OF_ONE.items()
    ),
]
