"""
Distributions and uploads made on the spot, right in everything but what a test changes.

No time is written into an archive, so that the same contents are the same bytes whenever they are packed.
"""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from registry.actors import Actor
from registry.models import User
from tokens import secrets
from tokens.models import ApiToken

METADATA = "Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{more}\n{description}"


def metadata(name: str = "sampleproject", version: str = "1.0", more: str = "", description: str = "Hello.\n") -> bytes:
    """A METADATA or PKG-INFO file."""
    return METADATA.format(name=name, version=version, more=more, description=description).encode()


def wheel_files(name: str = "sampleproject", version: str = "1.0", more: str = "") -> dict[str, bytes]:
    """The files of a wheel, without its RECORD."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    return {
        f"{name.replace('-', '_')}/__init__.py": b"answer = 42\n",
        f"{info}/METADATA": metadata(name, version, more),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }


def recorded(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with their RECORD."""
    info = next(path.split("/")[0] for path in files if ".dist-info/" in path)
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    return {**files, f"{info}/RECORD": "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()}


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of ``files``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content, method)
    return out.getvalue()


def wheel(name: str = "sampleproject", version: str = "1.0", extra: Mapping[str, bytes] | None = None) -> bytes:
    """A good wheel, with ``extra`` files in it."""
    return zipped(recorded({**(extra or {}), **wheel_files(name, version)}))


def tarred(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A gzipped tar of contents, or of headers without content."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, member in members.items():
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                entry = tarfile.TarInfo(path)
                entry.size = len(member)
                archive.addfile(entry, io.BytesIO(member))
    return out.getvalue()


def sdist_files(name: str = "sampleproject", version: str = "1.0") -> dict[str, bytes | tarfile.TarInfo]:
    """The members of an sdist."""
    top = f"{name.replace('-', '_')}-{version}"
    return {
        f"{top}/PKG-INFO": metadata(name, version),
        f"{top}/pyproject.toml": b"[build-system]\n",
        f"{top}/src/{name}.py": b"answer = 42\n",
    }


def sdist(name: str = "sampleproject", version: str = "1.0") -> bytes:
    """A good sdist."""
    return tarred(sdist_files(name, version))


def raw_tar(*blocks: bytes) -> bytes:
    """A gzipped tar of hand-made blocks, with its end."""
    return gzip.compress(b"".join(blocks) + b"\0" * 1024, mtime=0)


def form(content: bytes, filename: str, /, **changes: Any) -> dict[str, Any]:
    """The form that twine would send with a file; ``changes`` replace fields, None removes one."""
    name, version = (filename.removesuffix(".tar.gz").rsplit("-", 1) if _is_sdist(filename) else filename.split("-"))[
        :2
    ]
    fields: dict[str, Any] = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.4",
        "name": name.replace("_", "-"),
        "version": version,
        "filetype": "sdist" if _is_sdist(filename) else "bdist_wheel",
        "pyversion": "source" if _is_sdist(filename) else "py3",
        "summary": "A sample",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
        "content": sent(content, filename),
    }
    fields.update(changes)
    return {field: value for field, value in fields.items() if value is not None}


def sent(content: bytes, filename: str) -> io.BytesIO:
    """A file as Django's test client sends it."""
    file = io.BytesIO(content)
    file.name = filename
    return file


def upload(client: Client, token: str, fields: Mapping[str, Any], **headers: str) -> Any:
    """POST a form as ``__token__``."""
    return client.post("/legacy/", dict(fields), headers={"authorization": basic(token), **headers})


def body(fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """A form's bytes and Content-Type."""
    return encode_multipart(BOUNDARY, dict(fields)), MULTIPART_CONTENT


def basic(token: str) -> str:
    """The Authorization header that twine sends."""
    return "Basic " + base64.b64encode(f"__token__:{token}".encode()).decode()


def api_token(user: User, *, scopes: tuple[str, ...] = ("upload",), **options: Any) -> str:
    """A new API token's text."""
    text = secrets.new(secrets.API)
    ApiToken.objects.create(
        digest=secrets.digest(text), user=user, username=user.username, name="tests", scopes=list(scopes), **options
    )
    return text


def somebody() -> Actor:
    """Who prepares a test."""
    return Actor("the test")


def _is_sdist(filename: str) -> bool:
    return not filename.endswith(".whl")


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
