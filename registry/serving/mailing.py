"""The mail worker: one process beside the server's, which sends mails and does what time alone makes due.

What it has done is in the database at once, so that it may be killed at any moment and a new one goes on.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from registry import outbox
from registry.signals import hour_passed

POLL_SECONDS = 3.0
# After an SMTP server or a database that could not be had.
PAUSE_SECONDS = 60.0
HOUR = 3600.0

logger = logging.getLogger(__name__)


@dataclass
class MailWorker:
    """Works until it is told to stop, or until the process that started it has gone."""

    parent: int
    stopping: threading.Event = field(default_factory=threading.Event)
    mails_at: float = 0.0
    hour_at: float = 0.0

    def run(self) -> None:
        """Look at the outbox again and again."""
        while not self.is_over():
            self.mails_at = self._if_due(self.mails_at, POLL_SECONDS, self._send_mails)
            self.hour_at = self._if_due(self.hour_at, HOUR, _tell_the_hour)
            self.stopping.wait(POLL_SECONDS)

    def is_over(self) -> bool:
        """Whether to end: a mail that is being sent is finished first."""
        return self.stopping.is_set() or os.getppid() != self.parent

    def _if_due(self, at: float, every: float, work: Callable[[], None]) -> float:
        """Do it if its time has come; when it is due next."""
        if self.is_over() or time.monotonic() < at:
            return at
        try:
            work()
        except outbox.ServerUnreachable:
            every = PAUSE_SECONDS
        except Exception:  # a database that is away for a while must not end it
            logger.exception("The mail worker goes on in a minute")
            connection.close()
            every = PAUSE_SECONDS
        return time.monotonic() + every

    def _send_mails(self) -> None:
        for _sent in outbox.deliveries():
            if self.is_over():
                return


def _tell_the_hour() -> None:
    hour_passed.send(sender=MailWorker)


def work(parent: int) -> None:
    """Be the mail worker of the process ``parent`` until SIGTERM. Ctrl-C is the parent's to hear."""
    worker = MailWorker(parent)
    for number in (signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, lambda *_: worker.stopping.set())
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    # One connection, which is always in use, and no pool.
    connection.settings_dict["OPTIONS"].pop("pool", None)
    worker.run()
    connection.close()
