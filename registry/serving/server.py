"""gunicorn, configured in code: no file beside the project, no flags to forget."""

import gc
import signal
import socket
import ssl
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.utils.module_loading import import_string
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from registry.observing import metrics
from registry.serving.companion import Companion
from registry.serving.log import Log
from registry.serving.options import Options
from registry.serving.worker import PatientWorker

GRACEFUL_SECONDS = 60
KEEPALIVE_SECONDS = 15


class GracefulArbiter(Arbiter):  # type: ignore[misc]
    """Ends at Ctrl-C as at SIGTERM, after the requests in flight. A second Ctrl-C ends it at once.

    The mail worker is its child too, but none of gunicorn's workers: those answer requests, and are counted.
    """

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.mail_worker = Companion()

    def handle_int(self) -> None:
        """Stop gracefully."""
        self.handle_term()

    def spawn_worker(self) -> Any:
        """Fork a worker. One that is told to stop before it can listen keeps that in mind (see ``init_signals``)."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def manage_workers(self) -> None:
        """Keep as many as there should be, and the mail worker."""
        super().manage_workers()
        self.mail_worker.keep(self._leave_to_others)

    def reap_workers(self) -> None:
        """Notice who has died; the mail worker first, since gunicorn takes any child."""
        self.mail_worker.reap()
        before = set(self.WORKERS)
        super().reap_workers()
        for pid in before - set(self.WORKERS):
            metrics.forget_process(pid)

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001  gunicorn's signature
        """Stop all at the same time."""
        self.mail_worker.tell_to_stop()
        super().stop(graceful)
        self.mail_worker.stop()

    def _leave_to_others(self) -> None:
        for listener in self.LISTENERS:
            listener.close()
        for sibling in self.WORKERS.values():
            sibling.tmp.close()


class Server(BaseApplication):  # type: ignore[misc]
    """The registry under gunicorn. The application is loaded before the workers are forked: they share it."""

    def __init__(self, options: Options, bound: socket.socket) -> None:
        self.options = options
        self.bound = bound
        super().__init__()

    def load_config(self) -> None:
        """Take the configuration from the options."""
        for name, value in configuration(self.options, self.bound).items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        """Give the WSGI application."""
        from registry.wsgi import application

        import_string(settings.STORAGES["default"]["BACKEND"])  # what a bucket needs is large, and shared like the rest
        # Of what is loaded by now nothing is garbage: workers neither look through it nor copy it for that.
        gc.collect()
        gc.freeze()
        return application

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; leaves with status 0 then."""
        GracefulArbiter(self).run()


def configuration(options: Options, bound: socket.socket) -> dict[str, Any]:
    """Give gunicorn's settings."""
    return {
        # Bound here and handed over: a taken port is one line, and not five tries.
        "bind": f"fd://{bound.detach()}",
        "workers": options.workers,
        "threads": options.threads,
        "worker_class": PatientWorker,
        "preload_app": True,
        "certfile": options.tls_cert or None,
        "keyfile": options.tls_key or None,
        "ssl_context": lambda _config, _default: _context(options),
        "keepalive": KEEPALIVE_SECONDS,
        "graceful_timeout": GRACEFUL_SECONDS,
        "limit_request_line": 8190,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        # TRUSTED_PROXIES decides whose X-Forwarded-… is believed (registry.proxies), and nothing else does.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "control_socket_disable": True,
        # The workers' heartbeat must not wait for a disk.
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108  gunicorn makes a safe file
        "logger_class": Log,
        "accesslog": "-",
        "proc_name": "gatehouse",
    }


def _context(options: Options) -> ssl.SSLContext:
    return options.tls
