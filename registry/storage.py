"""Where the bytes of files lie, under their SHA-256, whole or not at all: on disk, or in a bucket (``registry.s3``)."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, cast

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, default_storage

# Published bytes are public; a front server may hand them out under another account.
PERMISSIONS = 0o644


class Readable(Protocol):
    """Something open."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` further bytes; empty at the end."""

    def close(self) -> None:
        """Close it."""


class Window:
    """The next ``size`` bytes of something open, as something that can be read."""

    def __init__(self, file: Readable, size: int) -> None:
        self.file = file
        self.size = self.left = size

    def read(self, size: int) -> bytes:
        """At most ``size`` further bytes; empty at the end."""
        chunk = self.file.read(min(size, self.left))
        self.left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class Contents(Storage):
    """Files whose name says their content: one name never has two contents, so writing twice is harmless.

    A file is begun on this machine, where it is looked at; it is settled, which may take long, and then placed.
    What the storage cannot do is an OSError.
    """

    @property
    def incoming(self) -> Path:
        """The folder of unfinished files."""
        raise NotImplementedError

    def begin(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        """A new unfinished file in ``incoming``, open for writing; whoever begins it places or removes it."""
        return tempfile.NamedTemporaryFile(dir=self.incoming, delete=False)

    @contextlib.contextmanager
    def finished(self, chunks: Iterable[bytes]) -> Iterator[Path]:
        """A finished file of ``chunks`` in ``incoming``; it is removed if it was not moved from there."""
        with self.begin() as unfinished:
            path = Path(unfinished.name)
            try:
                for chunk in chunks:
                    unfinished.write(chunk)
                unfinished.flush()
                yield path
            finally:
                path.unlink(missing_ok=True)

    def unfinished(self) -> Iterator[Path]:
        """What lies in ``incoming``: that of uploads which go on, and of those whose process died."""
        return self.incoming.iterdir()

    def settle(self, name: str, source: Path) -> None:
        """Do what takes long before ``source``, a finished file, lies at ``name``. Not inside a transaction."""
        raise NotImplementedError

    def place(self, name: str, source: Path) -> None:
        """Let ``source``, which was settled, lie at ``name``: at once, atomic and durable."""
        raise NotImplementedError

    def window(self, name: str, first: int = 0, last: int | None = None) -> Window:
        """The bytes from ``first`` to ``last`` (both included, by default the last one of all) of a placed file."""
        raise NotImplementedError

    def reach(self) -> None:
        """Make sure that the storage is there. Raises ImproperlyConfigured with one line that says what is not."""
        raise NotImplementedError

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: it belongs to its content."""
        return name

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Django's way in, for whatever is at hand as a File object."""
        with self.finished(content.chunks()) as source:
            self.settle(name, source)
            self.place(name, source)
        return name


class ContentStorage(Contents, FileSystemStorage):
    """On disk. Unfinished files are in the same filesystem, so that a finished one is moved by its name."""

    @property
    def incoming(self) -> Path:
        """A folder beside the files."""
        folder = Path(self.location) / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def settle(self, name: str, source: Path) -> None:
        """Bring the bytes to the disk."""
        with source.open("rb+") as file:
            os.fchmod(file.fileno(), PERMISSIONS)
            os.fsync(file.fileno())

    def place(self, name: str, source: Path) -> None:
        """Move the file."""
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        self._sync_folders(target.parent)

    def window(self, name: str, first: int = 0, last: int | None = None) -> Window:
        """Open the file."""
        file = Path(self.path(name)).open("rb")  # noqa: SIM115  whoever asked closes it
        file.seek(first)
        end = os.fstat(file.fileno()).st_size if last is None else last + 1
        return Window(file, end - first)

    def reach(self) -> None:
        """Make the folder."""
        try:
            Path(self.location).mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise ImproperlyConfigured(f"FILES_URL: {wrong.strerror}: {wrong.filename}") from wrong

    def _sync_folders(self, folder: Path) -> None:
        """Make the new names durable, up to the storage's own folder: any of them may be new."""
        root = Path(self.location)
        for changed in (folder, *folder.parents):
            _sync_folder(changed)
            if changed == root:
                return


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# The one that FILES_URL names, as what it is.
contents = cast(Contents, default_storage)
