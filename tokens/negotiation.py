"""Which media type an exchange endpoint answers in (PEP 807)."""

from registry.negotiation import preferred

PYTP = "application/vnd.pypi.pytp.v1+json"
PROBLEM = "application/problem+json"
JSON = "application/json"


def chosen(accept: str | None) -> str | None:
    """PYTP or JSON, whichever an Accept header prefers; PYTP without a header; None if it admits neither.

    Equal preference goes to JSON, which every older client reads.
    """
    return PYTP if accept is None or not accept.strip() else preferred(accept, (JSON, PYTP))
