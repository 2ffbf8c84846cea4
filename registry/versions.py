"""The order of versions and of releases (PEP 440): no database."""

from collections.abc import Iterable

from packaging.version import Version

from registry.models import Release

Key = tuple[bool, Version | str]


def key(version: str) -> Key:
    """Sorts versions; what is none comes first."""
    try:
        return True, Version(version)
    except ValueError:  # no version, or one with numbers that Python does not read
        return False, version


def latest(releases: Iterable[Release]) -> Release | None:
    """The release that people mean by a project: a yanked one only if there is no other, then a pre-release."""
    return max(releases, key=_rank, default=None)


def find(releases: Iterable[Release], version: str) -> Release | None:
    """The release of any spelling of a version (``1.0`` is ``1.0.0``); None for what is no version."""
    wanted = key(version)
    return next((release for release in releases if wanted[0] and key(release.version) == wanted), None)


def is_prerelease(version: str) -> bool:
    """Whether installers pass it over unless they are asked for it (PEP 440)."""
    parsed = key(version)[1]
    return isinstance(parsed, Version) and parsed.is_prerelease


def _rank(release: Release) -> tuple[bool, bool, Key]:
    parsed = key(release.version)
    stable = parsed[0] and not is_prerelease(release.version)
    return release.yanked_at is None, stable, parsed
