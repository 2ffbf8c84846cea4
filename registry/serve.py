"""``python -m registry.serve``: prepare the database and the static files, then run the production server."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from registry.startup import stop_on_wrong_settings

if TYPE_CHECKING:
    from registry.serving.options import Options


def main() -> None:
    """Serve until SIGTERM or SIGINT. A wrong setting stops it with one line that names the setting."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
    # Before anything imports prometheus_client, which looks for it.
    with counted_in_a_folder():
        serve()


def serve() -> None:
    """Prepare and serve; the metrics' folder is there."""
    stop_on_wrong_settings()
    # Only now: these read the settings.
    from registry.serving.options import Options
    from registry.serving.preparing import prepare_in_a_child
    from registry.serving.server import Server

    try:
        refuse_memory()
        options = Options.read()
        bound = options.bind()
        django.setup()
    except ImproperlyConfigured as wrong:
        sys.exit(f"gatehouse: {wrong}")
    warn_of_settings()
    warn_of_plain_http(options)
    prepare_in_a_child()
    Server(options, bound).run()


@contextmanager
def counted_in_a_folder() -> Iterator[None]:
    """A folder in which the processes count what they do (``registry.observing.metrics``); it goes with the server."""
    memory = Path("/dev/shm")  # noqa: S108  mkdtemp makes a folder of its own in it
    folder, owner = tempfile.mkdtemp(prefix="gatehouse-", dir=memory if memory.is_dir() else None), os.getpid()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        if os.getpid() == owner:  # workers leave through here too
            shutil.rmtree(folder, ignore_errors=True)


def refuse_memory() -> None:
    """Raise ImproperlyConfigured for a database that each process would have of its own, and empty."""
    if str(settings.DATABASES["default"]["NAME"]) == ":memory:":
        raise ImproperlyConfigured("DATABASE_URL names a database in memory, which no other process sees: name a file")


def warn_of_settings() -> None:
    """Say what is allowed and unwise."""
    from registry.checks import wrong_settings

    for message in wrong_settings():
        print(f"gatehouse: warning: {message.msg} ({message.id})", file=sys.stderr)  # noqa: T201


def warn_of_plain_http(options: "Options") -> None:
    """Say so when the public address is https and this process speaks HTTP."""
    if not options.tls_cert and settings.SITE_URL.startswith("https://"):
        print(  # noqa: T201
            "gatehouse: warning: TLS_CERT is not set, so this speaks HTTP, but SITE_URL is https: "
            "let a proxy speak TLS and name it in TRUSTED_PROXIES",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
