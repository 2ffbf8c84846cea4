"""A text as HTML, by a process that is given a few seconds."""

import json
import logging
import subprocess
import sys
import threading

from django.conf import settings

from registry.descriptions import child, cleaning

logger = logging.getLogger(__name__)

# Part of what a rendering is kept under: raise it when the same text is rendered differently.
RENDERING = 1
# What ids of a rendered text begin with.
ANCHOR = cleaning.PREFIX
# Longer texts are shown as they are: nobody reads them on a page.
MAX_TEXT = 400_000
SECONDS = 6
# At once, of one worker: the others wait for nobody and show the text.
_RUNNING = threading.BoundedSemaphore(2)


class NotNow(Exception):
    """The machine is too busy to render; asked again later it may do."""


def rendered(text: str, content_type: str, *, deeper: int = 0, own: bool = False) -> str:
    """``text`` as HTML that is safe on a page of ours; empty when only the text itself can be shown. Raises NotNow."""
    if len(text) > MAX_TEXT or content_type.startswith("text/plain"):
        return ""
    if not _RUNNING.acquire(blocking=False):
        raise NotNow
    try:
        return _run(json.dumps({"text": text, "content_type": content_type, "deeper": deeper, "own": own}))
    finally:
        _RUNNING.release()


def _run(asked: str) -> str:
    command = [sys.executable, "-m", child.__name__]
    try:
        # Without our environment: there are secrets in it.
        done = subprocess.run(
            command, input=asked.encode(), capture_output=True, timeout=SECONDS, cwd=settings.BASE_DIR, env={}
        )
    except subprocess.TimeoutExpired as late:
        raise NotNow from late
    if done.returncode not in {0, child.AS_TEXT}:
        logger.warning("A description cannot be rendered (status %s): %s", done.returncode, done.stderr[-500:])
    return done.stdout.decode() if done.returncode == 0 else ""
