"""Whether a file is the distribution that its name and its form say."""

import configparser
import csv
import hashlib
import struct
import zipfile
import zlib
from pathlib import Path

from packaging.metadata import Metadata, RawMetadata
from packaging.utils import canonicalize_name
from packaging.version import Version

from registry.models import File
from registry.uploads import metadata, sdist, wheel
from registry.uploads.archives import Contents
from registry.uploads.errors import InvalidDistribution, shown
from registry.uploads.forms import UploadForm
from registry.uploads.receiving import ReceivedFile

# What the readers of archives raise when the bytes are not what they should be.
_MALFORMED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    csv.Error,
    configparser.Error,
    EOFError,
    ValueError,  # also text that is not UTF-8
    NotImplementedError,
    RecursionError,
    RuntimeError,
    OverflowError,
    LookupError,
)


class Inspected:
    """What is stored of a distribution besides its bytes."""

    def __init__(self, found: Contents, raw: RawMetadata) -> None:
        self.metadata_file = found.metadata
        self.raw = raw
        self.metadata_sha256 = hashlib.sha256(found.metadata).hexdigest()
        # As the file says it, once it was found valid; a header that is folded is one line.
        self.requires_python = " ".join(raw.get("requires_python", "").split())


def inspect(file: ReceivedFile, form: UploadForm) -> Inspected:
    """Open the file and check it, without unpacking it to disk. Raises UploadRefused."""
    found = contents(file.path, form.filetype, form.name, form.metadata.version)
    raw = metadata.from_file(found.metadata)
    valid = metadata.valid(raw)
    _check_agreement(valid, form)
    found.check_licenses(valid.license_files or [])
    return Inspected(found, raw)


def contents(path: Path, filetype: File.PackageType, name: str, version: Version) -> Contents:
    """What the archive holds. Raises InvalidDistribution, whatever is wrong with it."""
    read = wheel.read if filetype == File.PackageType.WHEEL else sdist.read
    try:
        return read(path, name, version)
    except _MALFORMED as malformed:
        why = str(malformed) or type(malformed).__name__
        raise InvalidDistribution(f"It cannot be read: {shown(why, 200)}.") from malformed


def _check_agreement(valid: Metadata, form: UploadForm) -> None:
    if canonicalize_name(valid.name) != canonicalize_name(form.name):
        raise InvalidDistribution(f"Its metadata names the project {shown(valid.name)}, the form {shown(form.name)}.")
    if valid.version != form.metadata.version:
        raise InvalidDistribution(f"Its metadata says version {valid.version}, the form {form.version}.")
