"""Log lines as JSON, one object a line, each with the id of the request that caused it."""

import datetime
import json
import logging
from typing import Any

from registry.observing import request_ids

# What the server adds to a line about an answer: see ``registry.serving.log``.
ACCESS = "access"


class JsonFormatter(logging.Formatter):
    """``time``, ``level``, ``logger``, ``message``; ``request_id``, ``exception`` and what an answer says, if any."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said: dict[str, Any] = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_ids.current():
            said["request_id"] = request_ids.current()
        if hasattr(record, ACCESS):
            said |= getattr(record, ACCESS)
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)
