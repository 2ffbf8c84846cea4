"""The form of an upload: PyPI's fields beside the file."""

import re
from dataclasses import dataclass
from hmac import compare_digest

from django.http import QueryDict
from packaging.metadata import Metadata

from registry import names
from registry.models import File
from registry.uploads import metadata
from registry.uploads.errors import Gone, UploadRefused, shown
from registry.uploads.receiving import ReceivedFile

OLD_ACTIONS = {
    "submit": "Project pre-registration is no longer required or supported, upload your files instead.",
    "submit_pkg_info": "Project pre-registration is no longer required or supported, upload your files instead.",
    "doc_upload": "Uploading documentation is not supported.",
}
_DIGESTS = {
    "md5": ("MD5", re.compile(r"[0-9a-f]{32}")),
    "sha256": ("SHA256", re.compile(r"[0-9a-f]{64}")),
    "blake2_256": ("BLAKE2", re.compile(r"[0-9a-f]{64}")),
}
_MAX_COMMENT = 2000  # of its column
_PYVERSION = re.compile(r"[A-Za-z0-9_.]{1,200}")


@dataclass(frozen=True)
class UploadForm:
    """What the form says of the file."""

    filetype: File.PackageType
    pyversion: str
    digests: dict[str, str]
    comment: str
    metadata: Metadata
    unverified_attestations: str  # PEP 740, as JSON; empty without

    @property
    def name(self) -> str:
        """The project's name, as it was written."""
        return self.metadata.name

    @property
    def version(self) -> str:
        """In the normal form of PEP 440."""
        return str(self.metadata.version)

    def check_digests(self, file: ReceivedFile) -> None:
        """Each digest that was given must be the file's."""
        if not all(compare_digest(given, file.digests[name]) for name, given in self.digests.items()):
            raise UploadRefused("The digest supplied does not match a digest calculated from the uploaded file.")


def read(post: QueryDict) -> UploadForm:
    """The form, checked field by field in the order in which PyPI complains. Raises UploadRefused."""
    fields = _cleaned(post)
    _check_action(fields)
    _check_name(_one(fields, "name"))
    filetype = _filetype(fields)
    pyversion, digests, comment = _pyversion(fields, filetype), _digests(fields), _comment(fields)
    unverified_attestations = _one(fields, "attestations").strip()
    return UploadForm(filetype, pyversion, digests, comment, metadata.from_form(fields), unverified_attestations)


def _cleaned(post: QueryDict) -> dict[str, list[str]]:
    """Without distutils' UNKNOWN; NUL, which PostgreSQL refuses, as PyPI writes it."""
    kept = {
        field: [value.replace("\x00", "\\x00") for value in values if not metadata.is_unknown(value)]
        for field, values in post.lists()
    }
    return {field: values for field, values in kept.items() if values}


def _one(fields: dict[str, list[str]], field: str, default: str = "") -> str:
    values = fields.get(field, [default])
    if len(values) > 1:
        raise _invalid(field, "This field must be given once.")
    return values[0]


def _invalid(field: str, why: str) -> UploadRefused:
    return UploadRefused(f"Invalid value for {field}. Error: {why}")


def _check_action(fields: dict[str, list[str]]) -> None:
    action = _one(fields, ":action", "file_upload")
    if action in OLD_ACTIONS:
        raise Gone(OLD_ACTIONS[action])
    if action != "file_upload":
        raise UploadRefused(f"Unknown action {shown(action)}. Upload files with 'file_upload'.")
    if _one(fields, "protocol_version", "1") != "1":
        raise UploadRefused("Unknown protocol version.")


def _check_name(name: str) -> None:
    if not name:
        raise _invalid("name", "This field is required.")
    if not names.is_valid(name):
        raise UploadRefused(
            f"{shown(name)} is an invalid value for Name. Error: Start and end with a letter or numeral containing "
            f"only ASCII numeric and '.', '_' and '-', at most {names.MAX_NAME_LENGTH} characters. {metadata.SEE}"
        )


def _filetype(fields: dict[str, list[str]]) -> File.PackageType:
    text = _one(fields, "filetype")
    if not text:
        raise _invalid("filetype", "This field is required.")
    if text not in File.PackageType.values:
        raise _invalid("filetype", "Use a known file type.")
    return File.PackageType(text)


def _pyversion(fields: dict[str, list[str]], filetype: File.PackageType) -> str:
    pyversion = _one(fields, "pyversion")
    if filetype == File.PackageType.SDIST:
        if pyversion not in {"", "source"}:
            raise _invalid("pyversion", "Use 'source' as Python version for an sdist.")
        return "source"
    if not pyversion:
        raise _invalid("pyversion", "Python version is required for binary distribution uploads.")
    if not _PYVERSION.fullmatch(pyversion):
        raise _invalid("pyversion", "Use the Python tag of the wheel, such as 'py3'.")
    return pyversion


def _digests(fields: dict[str, list[str]]) -> dict[str, str]:
    given = {name: _one(fields, f"{name}_digest").lower() for name in _DIGESTS}
    given = {name: digest for name, digest in given.items() if digest}
    for name, digest in given.items():
        label, pattern = _DIGESTS[name]
        if not pattern.fullmatch(digest):
            raise _invalid(f"{name}_digest", f"Use a valid, hex-encoded, {label} message digest.")
    if not given:
        raise UploadRefused("Error: Include at least one message digest.")
    return given


def _comment(fields: dict[str, list[str]]) -> str:
    comment = _one(fields, "comment")
    if len(comment) > _MAX_COMMENT:
        raise _invalid("comment", f"This field must be {_MAX_COMMENT} characters or less.")
    return comment
