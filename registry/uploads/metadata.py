"""Core metadata: read from a form or from a file, and validated by the rules of ``packaging`` and of PyPI."""

from collections.abc import Iterable, Iterator
from typing import Any, cast, get_type_hints
from urllib.parse import urlsplit

from packaging.metadata import InvalidMetadata, Metadata, RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from registry.uploads.errors import InvalidDistribution, UploadRefused, shown

SEE = "See https://packaging.python.org/specifications/core-metadata for more information."

# The shape of each field, by its name in RawMetadata.
_SHAPES: dict[str, Any] = get_type_hints(RawMetadata)
# Where a form's field has another name than RawMetadata's key.
_IN_FORM = {
    "platforms": "platform",
    "supported_platforms": "supported_platform",
    "license_files": "license_file",
    "import_names": "import_name",
    "import_namespaces": "import_namespace",
}
# The most characters of a field: PyPI's for the summary, else what our columns hold or what people write.
_LIMITS = {
    "metadata_version": 16,
    "name": 200,
    "version": 200,
    "summary": 512,
    "requires_python": 400,
    "description_content_type": 200,
    "license_expression": 2000,
    "home_page": 2000,
    "download_url": 2000,
}
_ITEM_LIMIT = 4000
_LABEL_LIMIT = 32
# Clients complain about these first, because the others depend on them.
_FIRST = ("metadata-version", "name", "version")
# What installers act on: these must be readable in a file's own metadata.
_VITAL = ("metadata-version", "name", "version", "requires-python", "requires-dist")
_LICENSE_FILES_SINCE = Version("2.4")
# What distutils, and setuptools after it, wrote where a project said nothing: its metadata once had to say something.
_UNKNOWN = "UNKNOWN"
# Without these there is no metadata; and a requirement may be called anything.
_NEVER_UNKNOWN = ("metadata_version", "name", "version", "requires_dist")


def from_form(fields: dict[str, list[str]]) -> Metadata:
    """The metadata in a form's fields, valid. Raises UploadRefused with a sentence about the first wrong field."""
    return valid(_raw(fields))


def from_file(data: bytes) -> RawMetadata:
    """The metadata in a METADATA or PKG-INFO file, not validated yet. Raises InvalidDistribution."""
    try:
        raw, unparsed = parse_email(data)
    except Exception as broken:
        raise InvalidDistribution("Its metadata cannot be read.") from broken
    for field in _VITAL:
        if field in unparsed:
            raise InvalidDistribution(f"Its metadata has an invalid or repeated {field.title()}.")
    said = {key: _stated(key, _without_nul(value)) for key, value in raw.items()}
    return cast(RawMetadata, {key: value for key, value in said.items() if value is not None})


def is_unknown(text: str) -> bool:
    """Whether distutils wrote it for nothing. PyPI takes it so in a form, and so does this registry in a file."""
    return text.strip() == _UNKNOWN


def valid(raw: RawMetadata) -> Metadata:
    """``raw`` validated. Raises UploadRefused."""
    _drop_early_license_files(raw)
    _refuse_first(raw, _too_long(raw))
    try:
        metadata = Metadata.from_raw(raw, validate=True)
    except ExceptionGroup as group:
        _refuse_first(raw, [error for error in group.exceptions if isinstance(error, InvalidMetadata)])
        raise UploadRefused(f"The metadata is invalid. {SEE}") from group
    except Exception as broken:
        raise UploadRefused(f"The metadata is invalid: {shown(str(broken), 200)}. {SEE}") from broken
    _refuse_first(raw, _house_rules(metadata))
    return metadata


def _raw(fields: dict[str, list[str]]) -> RawMetadata:
    raw: dict[str, Any] = {}
    for key, shape in _SHAPES.items():
        values = fields.get(_IN_FORM.get(key, key), [])
        if values and values != [""]:
            raw[key] = _shaped(key, shape, values)
    return cast(RawMetadata, raw)


def _shaped(key: str, shape: Any, values: list[str]) -> Any:
    if key == "keywords" and len(values) == 1:
        return [word.strip() for word in values[0].split(",")]
    if key == "project_urls":
        return _urls(values)
    if shape is not str:
        return values
    if len(values) > 1:
        raise _refusal(_header(key), values[0], "This field must be given once.")
    return values[0]


def _urls(values: list[str]) -> dict[str, str]:
    urls: dict[str, str] = {}
    for value in values:
        label, _, url = (part.strip() for part in value.partition(","))
        if label in urls:
            raise _refusal("project-url", value, f"The label {shown(label)} is given twice.")
        urls[label] = url
    return urls


def _stated(key: str, value: Any) -> Any:
    """What a file's field says, without empty headers and distutils' UNKNOWN; None if that is nothing."""
    if value == []:
        return value  # so "no import names" is said
    if isinstance(value, str):
        if key in _NEVER_UNKNOWN:
            return value
        return None if _is_nothing(key, value) else value
    if isinstance(value, dict):
        kept: Any = {label: url for label, url in value.items() if url or not _is_nothing(key, label)}
    else:
        kept = [item for item in value if not _is_nothing(key, item)]
    return kept or None


def _is_nothing(key: str, text: str) -> bool:
    return not text.strip() or (key not in _NEVER_UNKNOWN and is_unknown(text))


def _without_nul(value: Any) -> Any:
    """PostgreSQL refuses NUL; PyPI writes it so."""
    if isinstance(value, dict):
        return {_without_nul(label): _without_nul(url) for label, url in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    return value.replace("\x00", "\\x00")


def _drop_early_license_files(raw: RawMetadata) -> None:
    """Setuptools wrote License-File before metadata 2.4 had it; twine drops it there, and so do we."""
    try:
        early = Version(raw.get("metadata_version", "")[:16]) < _LICENSE_FILES_SINCE
    except InvalidVersion:
        return
    if early:
        raw.pop("license_files", None)


def _too_long(raw: RawMetadata) -> Iterator[InvalidMetadata]:
    for key, limit in _LIMITS.items():
        value = raw.get(key)
        if isinstance(value, str) and len(value) > limit:
            yield InvalidMetadata(_header(key), f"This field must be {limit} characters or less.")
    for key, shape in _SHAPES.items():
        if shape is not str and any(len(item) > _ITEM_LIMIT for item in _items(raw.get(key))):
            yield InvalidMetadata(_header(key), f"Each value must be {_ITEM_LIMIT} characters or less.")


def _items(value: Any) -> Iterable[str]:
    return [*value, *value.values()] if isinstance(value, dict) else value or []


def _house_rules(metadata: Metadata) -> Iterator[InvalidMetadata]:
    """PyPI's rules above the specification's."""
    for key in ("home_page", "download_url"):
        url = getattr(metadata, key)
        if url is not None and not _is_web_address(url):
            yield InvalidMetadata(_header(key), "This is not a valid http or https URL.")
    for label, url in (metadata.project_urls or {}).items():
        if not 0 < len(label) <= _LABEL_LIMIT:
            yield InvalidMetadata("project-url", f"The label must have 1 to {_LABEL_LIMIT} characters.")
        elif not _is_web_address(url):
            yield InvalidMetadata("project-url", f"The URL of {shown(label)} is not a valid http or https URL.")
    for requirement in metadata.requires_dist or []:
        if requirement.url is not None:
            yield InvalidMetadata("requires-dist", f"Can't have direct dependency: {requirement}")
    yield from _old_requirements(metadata)
    if metadata.license and metadata.license_expression:
        yield InvalidMetadata("license", "License is deprecated when License-Expression is present.")


def _old_requirements(metadata: Metadata) -> Iterator[InvalidMetadata]:
    for key in ("provides_dist", "obsoletes_dist"):
        for text in getattr(metadata, key) or []:
            try:
                direct = Requirement(text).url is not None
            except (InvalidRequirement, RecursionError):
                yield InvalidMetadata(_header(key), f"{shown(text)} is not a valid requirement.")
            else:
                if direct:
                    yield InvalidMetadata(_header(key), f"Can't have direct dependency: {text}")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isprintable() and " " not in url


def _refuse_first(raw: RawMetadata, errors: Iterable[InvalidMetadata]) -> None:
    """Raise the refusal of the most important error, if there is one."""
    by_field: dict[str, InvalidMetadata] = {}
    for error in errors:
        by_field.setdefault(error.field, error)
    for field in (*_FIRST, *sorted(by_field)):
        if field in by_field:
            raise _refusal(field, _said(raw, field), str(by_field[field]))


def _said(raw: RawMetadata, field: str) -> str | None:
    for key in _SHAPES:
        if _header(key) == field or key == field:
            value = raw.get(key)
            return value if isinstance(value, str) or value is None else ", ".join(_items(value))
    return None


def _refusal(field: str, value: str | None, why: str) -> UploadRefused:
    if not value:
        return UploadRefused(f"Invalid value for {field}. Error: This field is required. {SEE}")
    return UploadRefused(f"{shown(value)} is an invalid value for {field.title()}. Error: {_sentence(why)} {SEE}")


def _sentence(why: str, most: int = 240) -> str:
    if len(why) > most:
        why = f"{why[: most // 2]}...{why[-(most // 2) :]}"
    return why if why.endswith(".") else f"{why}."


_PLURALS = {"classifiers": "classifier", "project_urls": "project-url"}


def _header(key: str) -> str:
    """The field's name in METADATA, in lower case, as ``packaging`` names it in its errors."""
    return _PLURALS.get(key) or _IN_FORM.get(key, key).replace("_", "-")
