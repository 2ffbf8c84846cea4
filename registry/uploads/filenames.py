"""What a file must be called: PEP 427 for wheels, PEP 625 for sdists."""

import re

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from registry.models import File
from registry.uploads.errors import UploadRefused, shown

# A folder's entry has at most 255 bytes, and a wheel's METADATA lies beside it under the name with ".metadata".
MAX_LENGTH = 240
EXTENSIONS = {File.PackageType.SDIST: ".tar.gz", File.PackageType.WHEEL: ".whl"}
_PLAIN = re.compile(r"[A-Za-z0-9._+!-]+")


def check(filename: str, filetype: File.PackageType, name: str, version: Version) -> None:
    """Raise UploadRefused unless a file of this type, project and version is called ``filename``."""
    _check_characters(filename)
    if filetype == File.PackageType.WHEEL:
        _check_extension(filename, filetype)
        _check_wheel(filename, name, version)
    else:
        _check_sdist(filename, name, version)


def in_filename(name: str) -> str:
    """The form of a project's name in file names."""
    return canonicalize_name(name).replace("-", "_")


def _check_characters(filename: str) -> None:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in filename):
        raise UploadRefused(
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127) "
            "in the name."
        )
    if "/" in filename or "\\" in filename:
        raise UploadRefused("Cannot upload a file with '/' or '\\' in the name.")
    if len(filename) > MAX_LENGTH:
        raise UploadRefused(f"Filename is too long: {shown(filename)}")
    if not _PLAIN.fullmatch(filename):
        raise UploadRefused(f"Filename {shown(filename)} has characters that no file name of a project has.")


def _check_extension(filename: str, filetype: File.PackageType) -> None:
    if not filename.endswith(EXTENSIONS[filetype]):
        raise UploadRefused(
            f"Invalid file extension: {shown(filename)} is invalid for filetype {filetype.value}. "
            f"Use {EXTENSIONS[filetype]}."
        )


def _check_sdist(filename: str, name: str, version: Version) -> None:
    if not filename.endswith((".tar.gz", ".zip")):
        _check_extension(filename, File.PackageType.SDIST)
    expected = f"{in_filename(name)}-{version}.tar.gz"
    if filename != expected:
        raise UploadRefused(f"Filename {shown(filename, 200)} is invalid, should be {expected!r}.")


def _check_wheel(filename: str, name: str, version: Version) -> None:
    try:
        _, its_version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename as invalid:
        raise UploadRefused(str(invalid)) from invalid
    except ValueError as invalid:  # int() of a build number with thousands of digits
        raise UploadRefused(f"Invalid wheel filename: {shown(filename)}") from invalid
    its_name, expected = filename.split("-", 1)[0], in_filename(name)
    if its_name != expected:
        raise UploadRefused(
            f"Filename {shown(filename, 200)} should contain the normalized project name {expected!r}, "
            f"not {its_name!r}."
        )
    if its_version != version:
        raise UploadRefused(f"Version in filename should be {str(version)!r} not {str(its_version)!r}.")
