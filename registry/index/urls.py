"""The addresses that installers read. They are PyPI's, but for ``/files/``, which is a host of its own there."""

from django.urls import path, re_path

from registry.index import files, pypi_json, simple

# What a file name may hold (registry.uploads.filenames), under its SHA-256.
_FILE = r"^files/(?P<digest>[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60})/(?P<filename>[A-Za-z0-9._+!-]+)\Z"

urlpatterns = [
    path("simple", simple.add_slash),
    path("simple/<str:name>", simple.add_slash),
    path("simple/", simple.index, name="simple-index"),
    path("simple/<str:name>/", simple.detail, name="simple-detail"),
    path("pypi/<str:name>/json", pypi_json.project, name="pypi-project"),
    path("pypi/<str:name>/<str:version>/json", pypi_json.release, name="pypi-release"),
    re_path(_FILE, files.download, name="file"),
]
