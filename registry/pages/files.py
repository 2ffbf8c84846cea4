"""The files of a release, those together that came from the same place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from registry.index import documents, lookup
from registry.models import File, Project, Release

UNFOLDED = 5


@dataclass(frozen=True)
class Shown:
    """A file with its address, and where its provenance document is (PEP 740) if it has one."""

    file: File
    url: str
    provenance_path: str | None


@dataclass(frozen=True)
class Group:
    """Files of one origin. What a provenance is, the floor that keeps it knows; the template shows it."""

    provenance: Any
    files: list[Shown]

    @property
    def unfolded(self) -> list[Shown]:
        """The first ones."""
        return self.files[:UNFOLDED]

    @property
    def folded(self) -> list[Shown]:
        """The others."""
        return self.files[UNFOLDED:]


def files_of(project: Project, release: Release) -> list[File]:
    """The files that the release serves.

    What the floors above keep beside a file, one row each, comes with it.
    """
    beside = [relation.name for relation in File._meta.related_objects if relation.one_to_one]
    return list(lookup.served_files(project).filter(release=release).select_related("release", *beside))


def groups_of(project: Project, files: Iterable[File]) -> list[Group]:
    """Some files of a project, by where they came from."""
    groups: dict[Any, Group] = {}
    for file in files:
        provenance = getattr(file, "provenance", None)
        key = (provenance.uploader, provenance.origin) if provenance is not None else None
        shown = Shown(file, documents.file_url(file), documents.provenance_path(file, project.normalized_name))
        groups.setdefault(key, Group(provenance, [])).files.append(shown)
    return list(groups.values())


def addresses_of(files: Iterable[File]) -> list[str]:
    """What belongs to those that uploaded the files."""
    said = [address for origin in _origins(files) for address in origin.addresses]
    return list(dict.fromkeys(said))


def icons_of(files: Iterable[File]) -> list[str]:
    """What stands beside the names of those that uploaded the files."""
    return [origin.icon for origin in _origins(files)]


def _origins(files: Iterable[File]) -> list[Any]:
    provenances = [getattr(file, "provenance", None) for file in files]
    origins = [provenance.origin for provenance in provenances if provenance is not None]
    return [origin for origin in origins if origin is not None]
