"""``make demo``: from identity token to installed package, with the real uv, twine and pip.

``EXIT=1`` in the environment stops after the story, with status 0, or with 1 at the first step that fails.
"""

import os
import signal
import subprocess
import sys
import traceback
from typing import Any

from demo.issuer import LocalIssuer
from demo.registry import ROOT, Registry, next_free_port
from demo.story import tell
from demo.telling import Story, shorten

FIRST_PORT = 8443
FIRST_ISSUER_PORT = 9443


def main() -> int:
    """Tell the story; then serve until interrupted, unless EXIT=1."""
    signal.signal(signal.SIGTERM, _interrupt)
    registry = Registry(ROOT / "var" / "demo", FIRST_PORT)
    issuer = LocalIssuer(tls=registry.authority, port=next_free_port(FIRST_ISSUER_PORT))
    try:
        with issuer:
            tell(Story(), registry, issuer)
            if os.environ.get("EXIT") != "1":
                _serve_on(registry)
    except subprocess.CalledProcessError as failed:
        return _failed(f"{failed}\n{failed.stdout or ''}\n{failed.stderr or ''}")
    except (AssertionError, RuntimeError, OSError):
        return _failed(traceback.format_exc())
    except KeyboardInterrupt:
        print("\nStopped.")
    finally:
        registry.stop()
    return 0


def _serve_on(registry: Registry) -> None:
    print("\nThe registry keeps serving. Ctrl-C stops it.", flush=True)
    assert registry.process is not None
    registry.process.wait()
    raise RuntimeError("the registry ended by itself")


def _failed(why: str) -> int:
    print(shorten(f"\nThis step failed: {why}"), file=sys.stderr)
    return 1


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
