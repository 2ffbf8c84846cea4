"""Which media type an exchange endpoint answers in (PEP 807)."""

PYTP = "application/vnd.pypi.pytp.v1+json"
PROBLEM = "application/problem+json"
JSON = "application/json"


def chosen(accept: str | None) -> str | None:
    """PYTP or JSON, whichever an Accept header prefers; PYTP without a header; None if it admits neither.

    Equal preference goes to JSON, which every older client reads. Quality values as in RFC 9110, section 12.4.2.
    """
    if accept is None or not accept.strip():
        return PYTP
    ranges = [_range(part) for part in accept.split(",")]
    quality = {media: _quality(media, ranges) for media in (JSON, PYTP)}
    best = max((JSON, PYTP), key=lambda media: quality[media])
    return best if quality[best] > 0 else None


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media, _number(value)
    return media, 1.0


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 1 else 0.0


def _quality(media: str, ranges: list[tuple[str, float]]) -> float:
    """The quality that the most specific matching range gives."""
    for pattern in (media, media.split("/")[0] + "/*", "*/*"):
        found = [quality for name, quality in ranges if name == pattern]
        if found:
            return max(found)
    return 0.0
