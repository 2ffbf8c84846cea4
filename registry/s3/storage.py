"""Files in a bucket of S3, or of a server that speaks as it does."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.s3.transfer import TransferConfig
from django.core.exceptions import ImproperlyConfigured

from registry.s3.connecting import BucketFailed, connection, failures_in_a_line
from registry.s3.reading import Body
from registry.storage import Contents, Window

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

UNFINISHED = "gatehouse-upload-"
# One request up to here, several above: each is tried again by itself, and none is held in memory.
PART = 64 * 1024 * 1024
TRANSFER = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)


class BucketStorage(Contents):
    """In a bucket, below ``prefix``. A file is whole there as soon as it is there at all.

    It is sent when it is settled, before the transaction that lists it: a lock must not wait for a network. If that
    transaction fails, the bytes stay, unlisted. They cannot be taken back, since another upload of the same file may
    be about to list them.
    """

    def __init__(
        self, bucket: str, prefix: str = "", endpoint_url: str | None = None, region: str | None = None
    ) -> None:
        self.bucket, self.prefix, self.endpoint_url, self.region = bucket, prefix, endpoint_url, region

    @property
    def client(self) -> "S3Client":
        """The connection of this process."""
        return connection(self.endpoint_url, self.region)

    @property
    def incoming(self) -> Path:
        """TMPDIR, or what stands in for it."""
        return Path(tempfile.gettempdir())

    def begin(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        """A new unfinished file, named so that it is known among those of others."""
        return tempfile.NamedTemporaryFile(dir=self.incoming, prefix=UNFINISHED, delete=False)

    def unfinished(self) -> Iterator[Path]:
        """Those that we began."""
        for path in self.incoming.glob(f"{UNFINISHED}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat(follow_symlinks=False).st_uid == os.getuid():
                    yield path

    def settle(self, name: str, source: Path) -> None:
        """Send the file."""
        with failures_in_a_line():
            self.client.upload_file(str(source), self.bucket, self._key(name), Config=TRANSFER)

    def place(self, name: str, source: Path) -> None:
        """Nothing: it is there."""

    def window(self, name: str, first: int = 0, last: int | None = None) -> Window:
        """Ask for the bytes; they come as they are read."""
        body = Body(lambda start: self._get(name, first + start, last))
        return Window(body, body.size)

    def size(self, name: str) -> int:
        """How long the file is."""
        return self._head(name)["ContentLength"]

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Delete the file, if it is there."""
        with failures_in_a_line():
            self.client.delete_object(Bucket=self.bucket, Key=self._key(name))

    def reach(self) -> None:
        """Ask for the bucket."""
        where = self.endpoint_url or "S3"
        try:
            with failures_in_a_line():
                self.client.head_bucket(Bucket=self.bucket)
        except FileNotFoundError:
            raise ImproperlyConfigured(f"FILES_URL: {where} has no bucket {self.bucket!r}") from None
        except BucketFailed as failed:
            raise ImproperlyConfigured(f"FILES_URL: the bucket {self.bucket!r} cannot be used: {failed}") from failed

    def _get(self, name: str, first: int, last: int | None) -> "GetObjectOutputTypeDef":
        key = self._key(name)
        with failures_in_a_line():
            if not first and last is None:
                return self.client.get_object(Bucket=self.bucket, Key=key)
            part = f"bytes={first}-{'' if last is None else last}"
            return self.client.get_object(Bucket=self.bucket, Key=key, Range=part)

    def _head(self, name: str) -> "HeadObjectOutputTypeDef":
        try:
            with failures_in_a_line():
                return self.client.head_object(Bucket=self.bucket, Key=self._key(name))
        except FileNotFoundError:
            # An answer without a body does not say whether it is the key or the bucket that is not there.
            self._check_bucket()
            raise

    def _check_bucket(self) -> None:
        try:
            with failures_in_a_line():
                self.client.head_bucket(Bucket=self.bucket)
        except FileNotFoundError:
            raise BucketFailed(f"There is no bucket {self.bucket!r}") from None

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name
