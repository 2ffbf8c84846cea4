"""The static files, gathered for the server: only when they are not there as they are now.

Hashing and packing them takes seconds, and every start of the server asks for it.
"""

import hashlib
import json
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# In STATIC_ROOT, of what its files were made; nothing leads to it from a page.
STAMP = ".made-of"


def collect() -> None:
    """Gather the static files into STATIC_ROOT, unless they lie there as this version has them.

    The stamp goes before the first file changes and is written after the last: a stop in between gathers anew.
    """
    stamp, fingerprint = Path(settings.STATIC_ROOT) / STAMP, fingerprint_of_sources()
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)


def fingerprint_of_sources() -> str:
    """Give the SHA-256, in hex, of every static file's name and bytes and of how they are stored."""
    storage = settings.STORAGES["staticfiles"]
    digest = hashlib.sha256(json.dumps([django.get_version(), settings.STATIC_URL, storage], default=str).encode())
    for name, source in sorted(_sources().items()):
        digest.update(json.dumps([name, hashlib.sha256(source).hexdigest()]).encode())
    return digest.hexdigest()


def _sources() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for finder in get_finders():
        for name, storage in finder.list([]):
            if name not in found:  # as collectstatic: the first finder wins
                with storage.open(name) as source:
                    found[name] = source.read()
    return found
