"""Uploads that are refused: 400, a sentence, nothing stored."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from registry.creation import create_project
from registry.models import User
from tests.registry.uploads import making
from tests.registry.uploads.test_views import nothing_is_stored, said

WHEEL, SDIST = "sampleproject-1.0-py3-none-any.whl", "sampleproject-1.0.tar.gz"
MISMATCH = "The digest supplied does not match a digest calculated from the uploaded file."
NOT_ONE_LINE = "'One\\nTwo' is an invalid value for Summary. Error: 'summary' must be a single line."

FORMS = [
    ({"protocol_version": "2"}, "Unknown protocol version."),
    ({"content": None}, "Upload payload does not have a file."),
    ({"content": "not sent as a file"}, "Upload payload does not have a file."),
    ({"filetype": None}, "Invalid value for filetype. Error: This field is required."),
    ({"filetype": "bdist_egg"}, "Invalid value for filetype. Error: Use a known file type."),
    ({"filetype": "sdist", "pyversion": ""}, "Invalid file extension: "),
    ({"filetype": "sdist"}, "Invalid value for pyversion. Error: Use 'source' as Python version for an sdist."),
    ({"pyversion": None}, "Invalid value for pyversion. Error: Python version is required for binary"),
    ({"pyversion": "py3\n"}, "Invalid value for pyversion."),
    ({"sha256_digest": None, "blake2_256_digest": ""}, "Error: Include at least one message digest."),
    ({"sha256_digest": "0" * 64}, MISMATCH),
    ({"md5_digest": "0" * 32}, MISMATCH),
    ({"blake2_256_digest": "f" * 64}, MISMATCH),
    ({"sha256_digest": "xyz"}, "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256"),
    ({"sha256_digest": "é" * 64}, "Invalid value for sha256_digest."),
    ({"comment": "x" * 2001}, "Invalid value for comment. Error: This field must be 2000 characters or less."),
    ({"attestations": '[{"version": 1}]'}, "Invalid attestations supplied during upload"),
    ({"attestations": "[" * 100_000}, "Invalid attestations supplied during upload"),
    ({"name": None}, "Invalid value for name. Error: This field is required."),
    ({"name": ["a", "b"]}, "Invalid value for name. Error: This field must be given once."),
    ({"name": "UNKNOWN"}, "Invalid value for name. Error: This field is required."),
    ({"name": "-x-"}, "'-x-' is an invalid value for Name."),
    ({"name": "ſample"}, "'ſample' is an invalid value for Name."),
    ({"name": "x" * 201}, "'" + "x" * 30 + "..." + "x" * 30 + "' is an invalid value for Name."),
    ({"name": "otherproject"}, "Filename 'sampleproject-1.0-py3-none-any.whl' should contain the normalized project"),
    ({"version": None}, "Invalid value for version. Error: This field is required."),
    ({"version": "one"}, "'one' is an invalid value for Version."),
    ({"version": "1" * 5000}, "is an invalid value for Version. Error: This field must be 200 characters or less."),
    ({"version": "2.0"}, "Version in filename should be '2.0' not '1.0'."),
    ({"metadata_version": None}, "Invalid value for metadata-version. Error: This field is required."),
    ({"metadata_version": "99.0"}, "'99.0' is an invalid value for Metadata-Version."),
    ({"summary": "One\nTwo"}, NOT_ONE_LINE),
    ({"summary": "x" * 513}, "is an invalid value for Summary. Error: This field must be 512 characters or less."),
    ({"summary": ["One", "Two"]}, "'One' is an invalid value for Summary. Error: This field must be given once."),
    (
        {"description": "x" * (10 * 1024 * 1024)},
        "The metadata is too large. The fields beside the file may have 4 MiB.",
    ),
    ({"description_content_type": "text/html"}, "'text/html' is an invalid value for Description-Content-Type."),
    ({"requires_python": ">=x"}, "'>=x' is an invalid value for Requires-Python."),
    ({"requires_dist": ["a>=1", "a @ https://x.org/a.whl"]}, "Can't have direct dependency: a @ https://x.org"),
    ({"requires_dist": ["a; " + "(" * 900 + "'x' == 'x'" + ")" * 900]}, "The metadata is invalid"),
    ({"requires_dist": ["a" * 5000]}, "Each value must be 4000 characters or less."),
    ({"provides_dist": ["a @ https://x.org/a.whl"]}, "Can't have direct dependency"),
    ({"obsoletes_dist": ["??"]}, "'??' is not a valid requirement."),
    ({"project_urls": ["Docs, javascript:alert(1)"]}, "The URL of 'Docs' is not a valid http or https URL."),
    ({"project_urls": ["x" * 33 + ", https://x.org"]}, "The label must have 1 to 32 characters."),
    ({"project_urls": ["A, https://x.org", "A, https://y.org"]}, "The label 'A' is given twice."),
    ({"home_page": "http://[x"}, "'http://[x' is an invalid value for Home-Page."),
    ({"license": "MIT", "license_expression": "MIT"}, "License is deprecated when License-Expression is present."),
    ({"license_expression": "Nonsense-1.0"}, "'Nonsense-1.0' is an invalid value for License-Expression."),
    ({"license_file": ["../LICENSE"]}, "'../LICENSE' is an invalid value for License-File."),
    ({"classifiers": ["x"] * 4001}, "The form has more than 4000 fields."),
    ({"summary": making.sent(b"x", "x.txt")}, "summary: Should not be a file."),
    ({"content": [making.sent(b"x", "a.whl"), making.sent(b"y", "b.whl")]}, "The upload has more than one file."),
    ({f"x{number}": making.sent(b"x", "x") for number in range(30)}, "The upload is not a well-formed multipart"),
]


@pytest.mark.parametrize(
    ("changes", "sentence"), FORMS, ids=[f"{number}-{case[1][:40]}" for number, case in enumerate(FORMS)]
)
def test_a_bad_form_is_refused(client: Client, token: str, files: Path, changes: dict[str, Any], sentence: str):
    for value in changes.values():
        for file in value if isinstance(value, list) else [value]:
            if hasattr(file, "seek"):
                file.seek(0)
    response = making.upload(client, token, making.form(making.wheel(), WHEEL, **changes))
    assert response.status_code == 400
    assert sentence in said(response)
    assert nothing_is_stored(files)


NAMES = [
    ("sampleproject-1.0-py3-none.whl", "Invalid wheel filename (wrong number of parts)"),
    (
        "Sampleproject-1.0-py3-none-any.whl",
        "should contain the normalized project name 'sampleproject', not 'Sampleproject'.",
    ),
    ("sample_project-1.0-py3-none-any.whl", "should contain the normalized project name 'sampleproject'"),
    ("sampleproject-1.1-py3-none-any.whl", "Version in filename should be '1.0' not '1.1'."),
    ("sampleproject-1.0-py3-none-any.zip", "Invalid file extension"),
    ("sampleproject-1.0-py3-none-any.WHL", "Invalid file extension"),
    ("x/sampleproject-1.0-py3-none-any.whl", "Cannot upload a file with '/' or '\\' in the name."),
    ("..\\sampleproject-1.0-py3-none-any.whl", "Cannot upload a file with '/' or '\\' in the name."),
    ("sampleproject-1.0-py3-none-any\x00.whl", "Cannot upload a file with non-printable characters"),
    ("sampleproject-1.0-py3-none-any\x7f.whl", "Cannot upload a file with non-printable characters"),
    ("sampleproject-1.0-py3-none-ány.whl", "has characters that no file name of a project has."),
    ("sampleproject-1.0-py3-none-any&x;.whl", "has characters that no file name of a project has."),
    (f"sampleproject-1.0-py3-none-{'a' * 250}.whl", "Filename is too long"),
    (f"sampleproject-1.0-{'1' * 100}-py3-none-any.whl.", "Invalid file extension"),
    (".", "Invalid file extension"),
]


@pytest.mark.parametrize(("name", "sentence"), NAMES)
def test_a_wheel_of_a_wrong_name_is_refused(client: Client, token: str, files: Path, name: str, sentence: str):
    fields = making.form(making.wheel(), WHEEL, content=making.sent(making.wheel(), "placeholder.whl"))
    data, content_type = making.body(fields)
    data = data.replace(b'filename="placeholder.whl"', f'filename="{name}"'.encode())
    headers = {"authorization": making.basic(token)}
    response = client.generic("POST", "/legacy/", data, content_type, headers=headers)
    assert response.status_code == 400
    assert sentence in said(response)
    assert nothing_is_stored(files)


@pytest.mark.parametrize("name", ["Sampleproject-1.0.tar.gz", "sampleproject-1.0.0.tar.gz", "sampleproject-1.0.zip"])
def test_an_sdist_is_called_as_pep_625_says(client: Client, token: str, name: str):
    fields = making.form(making.sdist(), SDIST, content=making.sent(making.sdist(), name))
    response = making.upload(client, token, fields)
    assert (response.status_code, said(response)) == (400, f"Filename '{name}' is invalid, should be '{SDIST}'.")


def test_a_file_over_the_limit_is_refused(client: Client, token: str, files: Path, settings):
    settings.MAX_FILE_SIZE = 500
    response = making.upload(client, token, making.form(making.wheel(), WHEEL))
    assert (response.status_code, said(response)) == (400, "File too large. Limit is 500 bytes.")
    assert nothing_is_stored(files)


def test_a_body_far_over_the_limit_is_not_even_parsed(client: Client, token: str, files: Path, settings):
    for limit, told in ((1024 * 1024, "1 MiB"), (1_500_000, "1500000 bytes")):
        settings.MAX_FILE_SIZE = limit
        response = making.upload(client, token, making.form(b"x" * (7 * 1024 * 1024), WHEEL))
        assert (response.status_code, said(response)) == (400, f"File too large. Limit is {told}.")


@pytest.mark.parametrize(("own", "status"), [(10_000, 200), (100, 400)])
def test_a_project_may_have_its_own_limit(client: Client, alice: User, token: str, settings, own: int, status: int):
    create_project("sampleproject", owners=[alice], actor=making.somebody(), max_file_size=own)
    settings.MAX_FILE_SIZE = 500 if own > 500 else 10_000
    response = making.upload(client, token, making.form(making.wheel(), WHEEL))
    assert response.status_code == status
    if status == 400:
        assert said(response) == "File too large. Limit for project 'sampleproject' is 100 bytes."


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + b"\0" * 18, b"\x1f\x8b", b"x" * 100_000])
@pytest.mark.parametrize("name", [WHEEL, SDIST])
def test_what_is_no_archive_is_refused(client: Client, token: str, files: Path, content: bytes, name: str):
    response = making.upload(client, token, making.form(content, name))
    assert response.status_code == 400
    assert said(response).startswith("Invalid distribution file. ")
    assert nothing_is_stored(files)


def test_the_form_and_the_file_must_agree(client: Client, token: str, files: Path):
    lying = making.zipped(
        making.recorded(
            {**making.wheel_files(), "sampleproject-1.0.dist-info/METADATA": making.metadata("evilproject", "1.0")}
        )
    )
    response = making.upload(client, token, making.form(lying, WHEEL))
    assert response.status_code == 400
    assert said(response) == (
        "Invalid distribution file. Its metadata names the project 'evilproject', the form 'sampleproject'."
    )
    assert nothing_is_stored(files)


def test_a_reason_is_ascii_and_short(client: Client, token: str):
    fields = making.form(making.wheel(), WHEEL, name="ü\r\nSet-Cookie: x=y" + "ä" * 500)
    response = making.upload(client, token, fields)
    assert response.reason_phrase.isascii()
    assert response.reason_phrase.isprintable()
    assert len(response.reason_phrase) <= 200


def test_a_digest_is_of_the_whole_file(client: Client, token: str):
    content = making.wheel()
    half = hashlib.sha256(content[: len(content) // 2]).hexdigest()
    response = making.upload(client, token, making.form(content, WHEEL, sha256_digest=half))
    assert (response.status_code, said(response)) == (400, MISMATCH)
