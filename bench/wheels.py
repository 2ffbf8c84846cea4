"""Wheels to upload, and the upload form."""

import base64
import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BOUNDARY = "----gatehouse-bench"
PIECE = 64 * 1024


@dataclass(frozen=True)
class Wheel:
    """A good wheel on the disk."""

    path: Path
    name: str
    version: str

    def form(self) -> tuple[bytes, bytes]:
        """What stands before and after the file's bytes in ``multipart/form-data``, as twine sends it."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
        fields = {
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "name": self.name,
            "version": self.version,
            "filetype": "bdist_wheel",
            "pyversion": "py3",
            "sha256_digest": digest.hexdigest(),
        }
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
        ]
        file_head = f'name="content"; filename="{self.path.name}"\r\nContent-Type: application/octet-stream'
        parts.append(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {file_head}\r\n\r\n")
        return "".join(parts).encode(), f"\r\n--{BOUNDARY}--\r\n".encode()

    def body(self) -> tuple[int, Iterator[bytes]]:
        """The form with the file in it: its length, and its pieces."""
        before, after = self.form()

        def pieces() -> Iterator[bytes]:
            yield before
            with self.path.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
            yield after

        return len(before) + self.path.stat().st_size + len(after), pieces()


def build(folder: Path, name: str, version: str, payload: int = 0) -> Wheel:
    """A wheel with one module, and with ``payload`` bytes that cannot be compressed."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}/__init__.py": f'version = "{version}"\n'.encode(),
        f"{name}/payload.bin": os.urandom(payload),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return Wheel(path, name, version)


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
