"""Where the bytes of files lie: on disk, under their SHA-256, whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

# Published bytes are public; a front server may hand them out under another account.
PERMISSIONS = 0o644


class ContentStorage(FileSystemStorage):
    """Files whose name says their content: one name never has two contents, so writing twice is harmless."""

    @property
    def incoming(self) -> Path:
        """The folder of unfinished files, in the same filesystem, so that a finished one is moved by its name."""
        folder = Path(self.location) / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def begin(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        """A new unfinished file in ``incoming``, open for writing; whoever begins it moves or removes it."""
        return tempfile.NamedTemporaryFile(dir=self.incoming, delete=False)

    @contextlib.contextmanager
    def finished(self, chunks: Iterable[bytes]) -> Iterator[Path]:
        """A finished file of ``chunks`` in ``incoming``, ready to be placed; it is removed if it was not."""
        with self.begin() as unfinished:
            path = Path(unfinished.name)
            try:
                for chunk in chunks:
                    unfinished.write(chunk)
                settle(unfinished)
                yield path
            finally:
                path.unlink(missing_ok=True)

    def place(self, name: str, source: Path) -> None:
        """Move ``source``, a finished file in ``incoming`` (see ``settle``), to ``name``: atomic and durable."""
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        self._sync_folders(target.parent)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: it belongs to its content."""
        return name

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Django's way in, for whatever is at hand as a File object."""
        with self.finished(content.chunks()) as source:
            self.place(name, source)
        return name

    def _sync_folders(self, folder: Path) -> None:
        """Make the new names durable, up to the storage's own folder: any of them may be new."""
        root = Path(self.location)
        for changed in (folder, *folder.parents):
            _sync_folder(changed)
            if changed == root:
                return


def settle(unfinished: Any) -> None:
    """Bring an open file's bytes to the disk. This may take long: not inside a transaction."""
    unfinished.flush()
    os.fchmod(unfinished.fileno(), PERMISSIONS)
    os.fsync(unfinished.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
