"""The mail worker as the server's first process sees it: started with the others, restarted, and stopped with them."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

# Between two starts: one that dies at once must not keep the machine busy.
RESTART_SECONDS = 2.0
# Longer than a step of the conversation with an SMTP server takes.
STOP_SECONDS = 20.0

logger = logging.getLogger(__name__)


class Companion:
    """One mail worker, a child of this process."""

    def __init__(self) -> None:
        self.pid = 0
        self.shall_stop = False
        self.started_at = -RESTART_SECONDS

    def keep(self, leave_to_others: Callable[[], None]) -> None:
        """Start it unless it runs. ``leave_to_others`` closes, in the child, what is not its own."""
        if self.pid or time.monotonic() < self.started_at + RESTART_SECONDS:
            return
        self.started_at, parent = time.monotonic(), os.getpid()
        # Told to stop before it listens to that, it would not hear it (``work`` unblocks the signal).
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            self.pid = os.fork()
            if not self.pid:
                _be_the_worker(parent, leave_to_others)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        logger.info("The mail worker started with pid %s", self.pid)

    def reap(self) -> None:
        """Notice that it died."""
        if self.pid and _is_gone(self.pid):
            if not self.shall_stop:
                logger.warning("The mail worker with pid %s has gone", self.pid)
            self.pid = 0

    def tell_to_stop(self) -> None:
        """Ask it to finish the mail that it is sending."""
        self.shall_stop = True
        if self.pid:
            _send(self.pid, signal.SIGTERM)

    def stop(self) -> None:
        """Ask it, and wait, but not for ever: the mail would be sent by another worker then."""
        self.tell_to_stop()
        until = time.monotonic() + STOP_SECONDS
        while self.pid and not _is_gone(self.pid):
            if time.monotonic() > until:
                _send(self.pid, signal.SIGKILL)
            time.sleep(0.05)
        self.pid = 0


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _is_gone(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # gunicorn waited for all its children a moment ago
        return True


def _be_the_worker(parent: int, leave_to_others: Callable[[], None]) -> NoReturn:
    from registry.serving.mailing import work  # needs the models, which are loaded after this module

    status = 1
    try:
        leave_to_others()
        work(parent)
        status = 0
    except BaseException:
        logger.exception("The mail worker failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
