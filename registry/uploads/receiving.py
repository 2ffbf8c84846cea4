"""Receiving an upload: its fields, and its file streamed to disk and hashed on the way, in bounded memory."""

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.db.models import Max
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from registry.models import Project
from registry.storage import contents
from registry.uploads.draining import FORM_ALLOWANCE, Body
from registry.uploads.errors import LengthRequired, UploadRefused

FILE_FIELD = "content"
# Sent as a file by old clients; PyPI has ignored it since 2023.
IGNORED_FILE_FIELD = "gpg_signature"
STALE_SECONDS = 24 * 60 * 60
MIB = 1024 * 1024


@dataclass
class ReceivedFile:
    """An uploaded file on disk, with its digests in hex."""

    filename: str
    path: Path
    size: int
    digests: dict[str, str]

    @property
    def sha256(self) -> str:
        """Under which it will lie."""
        return self.digests["sha256"]

    def close(self) -> None:
        """Django's parser closes what it hands out."""


@dataclass
class Upload:
    """What came: the form's fields, and the file if there was one."""

    fields: QueryDict
    file: ReceivedFile | None = field(default=None)


class HashingUploadHandler(FileUploadHandler):
    """Streams the field ``content`` to disk. Made from the settings it has no limit given, and takes no file."""

    def __init__(self, request: HttpRequest | None = None, limit: int = 0) -> None:
        super().__init__(request)
        self.limit = limit
        self.too_large = False
        self.wrong_fields: list[str] = []
        self._size = 0
        self._path: Path | None = None
        self._out: Any = None
        self._hashes: dict[str, Any] = {}

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        """Open a file for the first ``content``; skip every other file."""
        super().new_file(field_name, *args, **kwargs)
        if not self.limit or field_name != FILE_FIELD or self._path is not None:
            self.wrong_fields += [field_name] if field_name != IGNORED_FILE_FIELD else []
            raise SkipFile
        self._hashes = {
            "sha256": hashlib.sha256(),
            "blake2_256": hashlib.blake2b(digest_size=32),
            "md5": hashlib.md5(usedforsecurity=False),
        }
        self._out = contents.begin()
        self._path = Path(self._out.name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write and hash a piece; once there are too many, only count."""
        self._size += len(raw_data)
        self.too_large = self.too_large or self._size > self.limit
        if not self.too_large:
            self._out.write(raw_data)
            for algorithm in self._hashes.values():
                algorithm.update(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile | None:  # type: ignore[override]
        """The file, at its end."""
        if self._path is None:
            return None
        self._out.flush()
        digests = {name: algorithm.hexdigest() for name, algorithm in self._hashes.items()}
        return ReceivedFile(self.file_name or "", self._path, self._size, digests)

    def discard(self) -> None:
        """Remove the temporary file, unless it was moved to its place."""
        if self._out is not None:
            # A full disk complains again when the rest of the buffer is written.
            with contextlib.suppress(OSError):
                self._out.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class _Parser(MultiPartParser):
    """Django's, but the file's name comes through as it was sent: a wrong one is refused, not corrected."""

    def sanitize_file_name(self, file_name: str) -> str:
        return file_name


@contextlib.contextmanager
def received(request: HttpRequest, body: Body) -> Iterator[Upload]:
    """The upload in ``body``. Its temporary file lives as long as the context. Raises UploadRefused."""
    handler = HashingUploadHandler(request, limit=_limit(request, body))
    try:
        fields, files = _parse(request, body, handler)
        _check(handler)
        yield Upload(fields, next(iter(files.getlist(FILE_FIELD)), None))
    finally:
        handler.discard()


def _limit(request: HttpRequest, body: Body) -> int:
    """The most bytes that the file may have, before we know for which project it is."""
    if body.is_chunked or not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired
    limit: int = settings.MAX_FILE_SIZE
    if body.left > limit:
        largest = Project.objects.aggregate(largest=Max("max_file_size"))["largest"]
        limit = max(limit, largest or 0)
    if body.left > limit + FORM_ALLOWANCE:
        raise too_large(limit)
    return limit


def too_large(limit: int, project: Project | None = None) -> UploadRefused:
    """The refusal of a file over ``limit`` bytes."""
    whose = f"Limit for project {project.name!r}" if project else "Limit"
    size = f"{limit // MIB} MiB" if limit and limit % MIB == 0 else f"{limit} bytes"
    return UploadRefused(f"File too large. {whose} is {size}.")


def _parse(request: HttpRequest, body: Body, handler: HashingUploadHandler) -> tuple[QueryDict, Any]:
    # The form is UTF-8 whatever its charset parameter names: some codecs that Python knows are no text.
    try:
        parser = _Parser(request.META, cast(Any, body), [handler], "utf-8")
        return cast(tuple[QueryDict, Any], parser.parse())
    except RequestDataTooBig as big:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // MIB
        raise UploadRefused(f"The metadata is too large. The fields beside the file may have {most} MiB.") from big
    except TooManyFieldsSent as many:
        raise UploadRefused(f"The form has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields.") from many
    except (MultiPartParserError, SuspiciousOperation) as malformed:
        raise UploadRefused("The upload is not a well-formed multipart/form-data form.") from malformed


def _check(handler: HashingUploadHandler) -> None:
    if handler.too_large:
        raise too_large(handler.limit)
    if FILE_FIELD in handler.wrong_fields:
        raise UploadRefused("The upload has more than one file. Send one file at a time.")
    if handler.wrong_fields:
        raise UploadRefused(f"{handler.wrong_fields[0][:60]}: Should not be a file.")


def remove_stale() -> int:
    """Delete what uploads of more than a day ago left unfinished when their process died; returns how many."""
    removed, before = 0, time.time() - STALE_SECONDS
    for unfinished in contents.unfinished():
        with contextlib.suppress(FileNotFoundError):
            if unfinished.stat().st_mtime < before:
                unfinished.unlink()
                removed += 1
    return removed
