"""A real SMTP server on this machine, which keeps what it takes and refuses whom it is told to."""

import asyncio
import email
import email.policy
import threading
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.server import free_port


class MailServer:
    """Runs within ``with``; ``url`` is an EMAIL_URL. It comes back on the same port after ``stop`` and ``start``."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []  # of each mail, to whom the envelope says it goes
        self.refused: set[str] = set()
        self.holds_next = False  # whether whoever sends the next mail waits for the answer until ``release`` is set
        self.holding, self.release = threading.Event(), threading.Event()
        self.controller: Controller | None = None

    def __enter__(self) -> "MailServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Take mails."""
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        """Let nobody connect."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    @property
    def subjects(self) -> list[str]:
        """Of what came, in its order."""
        return [str(mail["Subject"]) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, rcpt_options: Any
    ) -> str:
        """Take a recipient, or not."""
        if address in self.refused:
            return "550 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Keep a mail."""
        if self.holds_next:
            self.holds_next = False
            self.holding.set()
            while not self.release.is_set():  # ends too when the client has gone: this is cancelled then
                await asyncio.sleep(0.02)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"
