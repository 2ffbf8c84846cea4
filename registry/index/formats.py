"""The forms of the simple index (PEP 503 and 691), and which of them a request wants."""

from django.http import HttpRequest

from registry.negotiation import preferred

HTML = "text/html"
V1_HTML = "application/vnd.pypi.simple.v1+html"
V1_JSON = "application/vnd.pypi.simple.v1+json"

# What a client may ask for, the preferred one first among equals, and what it then gets.
_SERVED = {
    HTML: HTML,
    V1_HTML: V1_HTML,
    V1_JSON: V1_JSON,
    "application/vnd.pypi.simple.latest+html": V1_HTML,
    "application/vnd.pypi.simple.latest+json": V1_JSON,
}


def wanted(request: HttpRequest) -> str:
    """The media type to answer in: ``?format=`` first, then Accept; HTML when nothing is acceptable (PEP 691)."""
    asked = request.GET.get("format")
    if asked is not None:
        # PEP 691 writes its types with a bare "+", which a query string means as a space.
        asked = asked.replace(" ", "+")
    else:
        asked = preferred(request.headers.get("Accept", ""), list(_SERVED))
    return _SERVED.get(asked or HTML, HTML)
