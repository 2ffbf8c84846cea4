"""The connection to S3, or to a server that speaks as it does; what fails there is an OSError of one line."""

import contextlib
import functools
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from boto3.exceptions import Boto3Error
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from django.conf import settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONNECT_SECONDS, READ_SECONDS = 3, 20  # for each try: pip waits 15 seconds for an answer, uv 30
ATTEMPTS = 3
# Signing needs a region, also where the server has none.
SOME_REGION = "us-east-1"


class BucketFailed(OSError):
    """The bucket did not do what it was asked, or cannot be reached."""


def connection(endpoint_url: str | None, region: str | None) -> "S3Client":
    """The connection of this process. Threads share it; after a fork a process makes its own.

    The credentials are found as the AWS SDKs do: environment, profile, role of the container or of the machine.
    """
    return _connection(endpoint_url, region, os.getpid())


@functools.lru_cache(maxsize=8)
def _connection(endpoint_url: str | None, region: str | None, _process: int) -> "S3Client":
    session = Session(region_name=region)
    return session.client(
        "s3",
        region_name=session.region_name or (SOME_REGION if endpoint_url else None),
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # Each thread holds one while it hands out a file.
            max_pool_connections=settings.THREADS + 2,
            # Servers that are not Amazon's may not know the newer checksums; the signature covers the body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            user_agent_extra="gatehouse",
        ),
    )


@contextlib.contextmanager
def failures_in_a_line() -> Iterator[None]:
    """Raise FileNotFoundError for a key that is not there, and BucketFailed for all else that fails."""
    try:
        yield
    except ClientError as refused:
        error = refused.response.get("Error", {})
        if error.get("Code") in {"NoSuchKey", "404"}:
            raise FileNotFoundError("The bucket has no such key") from None
        raise BucketFailed(_line(f"{error.get('Code')}: {error.get('Message')}")) from refused
    except NoCredentialsError as failed:
        _connection.cache_clear()  # the next one looks for them again: a machine's role may answer late
        raise BucketFailed("There are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") from failed
    except (BotoCoreError, Boto3Error) as failed:
        raise BucketFailed(_line(str(failed))) from failed


def _line(text: str) -> str:
    lines = text.strip().splitlines() or ["no reason was given"]
    return lines[0][:300]
