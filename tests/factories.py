"""Rows and files for tests, as the registry itself would have made them."""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from registry import names, summaries
from registry.actors import Actor
from registry.creation import create_project
from registry.models import File, Project, Release, User
from tests import secrecy

TESTER = Actor("a test")


def make_user(username: str = "alice", password: str | None = None, **columns: Any) -> User:
    """A person; without a password only ``client.force_login`` signs them in (and hashing one takes its time)."""
    if password is not None:
        secrecy.remember(password)
    return User.objects.create_user(username, f"{username}@example.com", password, **columns)


def make_project(name: str = "sampleproject", *owners: User, **columns: Any) -> Project:
    """A project, with its first events."""
    return create_project(name, owners=owners, actor=TESTER, **columns)


def make_release(project: Project, version: str = "1.0", **metadata: Any) -> Release:
    """A release with core metadata, or the one that stands."""
    described = {"metadata_version": "2.1", "name": project.name, "version": version, **metadata}
    release, _ = Release.objects.get_or_create(project=project, version=version, defaults={"metadata": described})
    summaries.keep(project)
    return release


def make_file(project: Project, version: str = "1.0", *, tag: str = "py3-none-any", **metadata: Any) -> File:
    """A real wheel, stored and listed; keywords are its core metadata (``requires_python=">=3.11"``)."""
    release = make_release(project, version, **metadata)
    described = metadata_of(project.name, version, **metadata)
    data = wheel(project.name, version, tag=tag, metadata=described)
    file = _add(release, f"{_stem(project.name)}-{version}-{tag}.whl", data, "bdist_wheel", metadata)
    File.objects.filter(pk=file.pk).update(metadata_sha256=hashlib.sha256(described).hexdigest())
    file.refresh_from_db()
    _store(f"{file.path}.metadata", described)
    return file


def make_sdist(project: Project, version: str = "1.0", **metadata: Any) -> File:
    """A real sdist, stored and listed."""
    release = make_release(project, version, **metadata)
    data = sdist(project.name, version, metadata=metadata_of(project.name, version, **metadata))
    return _add(release, f"{_stem(project.name)}-{version}.tar.gz", data, "sdist", metadata)


def metadata_of(name: str, version: str, **metadata: Any) -> bytes:
    """A METADATA file; lists become repeated fields."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    for key, value in metadata.items():
        header = key.replace("_", "-").title()
        lines += [f"{header}: {one}" for one in (value if isinstance(value, list) else [value])]
    return "\n".join([*lines, "", ""]).encode()


def wheel(name: str, version: str, *, tag: str = "py3-none-any", metadata: bytes | None = None) -> bytes:
    """A wheel with one module, which holds its version."""
    stem = _stem(name)
    info = f"{stem}-{version}.dist-info"
    members = {
        f"{stem}/__init__.py": f'version = "{version}"\n'.encode(),
        f"{info}/METADATA": metadata if metadata is not None else metadata_of(name, version),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    record = [f"{path},sha256={_record_digest(data)},{len(data)}" for path, data in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return buffer.getvalue()


def sdist(name: str, version: str, *, metadata: bytes | None = None) -> bytes:
    """An sdist with its PKG-INFO and one module."""
    stem = _stem(name)
    folder = f"{stem}-{version}"
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path, data in {
            f"{folder}/PKG-INFO": metadata if metadata is not None else metadata_of(name, version),
            f"{folder}/pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "none"\n',
            f"{folder}/{stem}.py": f'version = "{version}"\n'.encode(),
        }.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _add(release: Release, filename: str, data: bytes, packagetype: str, metadata: dict[str, Any]) -> File:
    file = File.objects.create(
        release=release,
        filename=filename,
        packagetype=packagetype,
        python_version="py3" if packagetype == "bdist_wheel" else "source",
        requires_python=metadata.get("requires_python", ""),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        blake2_256=hashlib.blake2b(data, digest_size=32).hexdigest(),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
    )
    _store(file.path, data)
    release.project.bump_serial()
    return file


def _store(path: str, data: bytes) -> None:
    default_storage.save(path, ContentFile(data))


def _stem(name: str) -> str:
    return names.normalize(name).replace("-", "_")


def _record_digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
