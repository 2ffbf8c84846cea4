"""What a file's own METADATA or PKG-INFO says, and what it does not."""

from html import escape
from typing import Any

import pytest
from django.test import Client

from registry.models import File, Release
from registry.uploads import metadata
from registry.uploads.errors import UploadRefused
from tests.registry.uploads import making

WHEEL, SDIST = "sampleproject-1.0-py3-none-any.whl", "sampleproject-1.0.tar.gz"
# As distutils and old setuptools write it of a setup.py that says nothing but a name and a version.
OLD = """Metadata-Version: 2.1
Name: sampleproject
Version: 1.0
Summary: UNKNOWN
Home-page: UNKNOWN
Author: UNKNOWN
Author-email: UNKNOWN
License: UNKNOWN
Download-URL: UNKNOWN
Platform: UNKNOWN

UNKNOWN

"""
SAID = {"metadata_version": "2.1", "name": "sampleproject", "version": "1.0"}
EMPTY = "\n".join(
    f"{header}:"
    for header in (
        "Summary", "Home-page", "Download-URL", "Author", "Author-email", "Maintainer", "Maintainer-email", "License",
        "License-Expression", "License-File", "Keywords", "Description-Content-Type", "Requires-Python",
        "Requires-Dist", "Requires-External", "Provides-Extra", "Provides-Dist", "Obsoletes-Dist", "Project-URL",
        "Classifier", "Platform", "Supported-Platform", "Dynamic",
    )
)  # fmt: skip


def read(more: str, version: str = "2.4") -> dict[str, Any]:
    """What is kept of such headers, once it was found valid."""
    text = f"Metadata-Version: {version}\nName: sampleproject\nVersion: 1.0\n{more}\n\n"
    raw = metadata.from_file(text.encode())
    metadata.valid(raw)
    return {key: value for key, value in raw.items() if key not in SAID}


def test_what_distutils_did_not_know_is_not_there():
    raw = metadata.from_file(OLD.encode())
    metadata.valid(raw)
    assert raw == SAID


def test_empty_headers_are_not_there():
    assert read(EMPTY) == {}
    assert read(EMPTY.replace(":", ": \t ")) == {}


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ("Summary: UNKNOWN things", {"summary": "UNKNOWN things"}),
        ("Summary: unknown", {"summary": "unknown"}),
        ("Platform: UNKNOWN\nPlatform: any", {"platforms": ["any"]}),
        ("Classifier:\nClassifier: Topic :: Utilities", {"classifiers": ["Topic :: Utilities"]}),
        ("Keywords: UNKNOWN", {}),
        ("License: UNKNOWN\nLicense-Expression: MIT", {"license_expression": "MIT"}),
        ("Project-URL: UNKNOWN\nProject-URL: Docs, https://x.org", {"project_urls": {"Docs": "https://x.org"}}),
        ("Project-URL: UNKNOWN, https://x.org", {"project_urls": {"UNKNOWN": "https://x.org"}}),
        ("Requires-Dist: UNKNOWN", {"requires_dist": ["UNKNOWN"]}),  # a project may be called so
        ("Requires-Python: UNKNOWN", {}),
    ],
)
def test_what_is_said_beside_it_stays(headers: str, kept: dict[str, Any]):
    assert read(headers) == kept


def test_no_import_names_are_something_that_is_said():
    assert read("Import-Name:", "2.5") == {"import_names": []}


@pytest.mark.parametrize("field", ["Metadata-Version", "Name", "Version"])
@pytest.mark.parametrize("value", ["UNKNOWN", ""])
def test_what_metadata_must_say_it_must_say(field: str, value: str):
    fields = {"Metadata-Version": "2.4", "Name": "sampleproject", "Version": "1.0", field: value}
    raw = metadata.from_file("".join(f"{name}: {text}\n" for name, text in fields.items()).encode())
    if (field, value) == ("Name", "UNKNOWN"):
        assert metadata.valid(raw).name == "UNKNOWN"  # which no form can name: they do not agree
    else:
        with pytest.raises(UploadRefused):
            metadata.valid(raw)


@pytest.mark.parametrize("home", ["nonsense", "UNKNOWN.", "ftp://x.org"])
def test_what_is_wrong_is_still_refused(home: str):
    with pytest.raises(UploadRefused) as refused:
        read(f"Home-page: {home}")
    assert "This is not a valid http or https URL." in refused.value.sentence


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (">=3.8, <4", ">=3.8, <4"),
        ("!=3.9.*,>=3.8", "!=3.9.*,>=3.8"),
        ("==3.8", "==3.8"),
        (">=3.8,\n <4", ">=3.8, <4"),
        ("UNKNOWN", ""),
    ],
)
def test_the_index_shows_requires_python_as_the_file_says_it(client: Client, token: str, header: str, shown: str):
    files = making.wheel_files(more=f"Requires-Python: {header}\n")
    fields = making.form(making.zipped(making.recorded(files)), WHEEL)
    assert making.upload(client, token, fields).status_code == 200
    json = {"format": "application/vnd.pypi.simple.v1+json"}
    (listed,) = client.get("/simple/sampleproject/", json).json()["files"]
    assert listed.get("requires-python", "") == shown
    (file,) = client.get("/pypi/sampleproject/json").json()["urls"]
    assert file["requires_python"] == (shown or None)
    attribute = f'data-requires-python="{escape(shown)}"'
    assert (attribute in client.get("/simple/sampleproject/").content.decode()) == bool(shown)


def old_wheel() -> bytes:
    files = {**making.wheel_files(), "sampleproject-1.0.dist-info/METADATA": OLD.encode()}
    return making.zipped(making.recorded(files))


def old_sdist() -> bytes:
    return making.tarred({**making.sdist_files(), "sampleproject-1.0/PKG-INFO": OLD.encode()})


@pytest.mark.parametrize(("make", "name"), [(old_wheel, WHEEL), (old_sdist, SDIST)])
def test_what_old_tools_made_is_stored(client: Client, token: str, make: Any, name: str):
    unknown = dict.fromkeys(("summary", "home_page", "author", "license", "download_url", "platform"), "UNKNOWN")
    response = making.upload(client, token, making.form(make(), name, metadata_version="2.1", **unknown))
    assert response.status_code == 200, response.content
    assert Release.objects.get().metadata == SAID
    assert File.objects.get().filename == name


def test_a_file_that_does_not_know_its_name_is_not_the_forms(client: Client, token: str):
    unnamed = making.metadata("UNKNOWN")
    content = making.tarred({**making.sdist_files(), "sampleproject-1.0/PKG-INFO": unnamed})
    response = making.upload(client, token, making.form(content, SDIST))
    assert response.status_code == 400
    assert "Its metadata names the project 'UNKNOWN', the form 'sampleproject'." in response.content.decode()
