"""Bodies of requests: JSON objects, read so that nothing in them can surprise what comes after."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from registry import strictjson
from registry.api.problems import TooLarge

MAX_BODY = 64 * 1024


class ObjectParser(BaseParser):
    """A JSON object of at most 64 KiB."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, context: Mapping[str, Any] | None = None) -> Any:
        """The object. Raises ParseError or TooLarge."""
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise TooLarge(f"The request body is larger than {MAX_BODY} bytes.")
        try:
            document = strictjson.parse(body)
        except strictjson.NotStrict as wrong:
            raise ParseError(f"The request body is not valid JSON: {wrong}.") from None
        if not isinstance(document, dict):
            raise ParseError("The request body must be a JSON object.")
        return document
