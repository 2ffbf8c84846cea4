"""Every error of the API is a problem document (RFC 9457), with what is wrong by field where there are fields."""

import logging
from http import HTTPStatus
from typing import Any

from django.db import OperationalError
from django.http import JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from registry.observing import request_ids

PROBLEM = "application/problem+json"
WRONG_INPUT = "What was sent cannot be used; `errors` says why."
RETRY_SECONDS = 5

logger = logging.getLogger(__name__)


class Busy(exceptions.APIException):
    """The database cannot be had at the moment."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The registry is busy; try again in a few seconds."
    wait = RETRY_SECONDS


class Conflict(exceptions.APIException):
    """Somebody else changed the same row at the same moment."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "Somebody else changed this at the same moment: look at it, and send the change again."


class TooLarge(exceptions.APIException):
    """The body is larger than anything that the API reads."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request body is too large."


class LengthRequired(exceptions.APIException):
    """A body whose length nobody said would be taken for none."""

    status_code = HTTPStatus.LENGTH_REQUIRED
    default_detail = "The request must have a Content-Length."


def answer(failure: Exception, context: dict[str, Any]) -> Response | None:
    """The problem document of whatever a view raised; None for what is a bug."""
    if isinstance(failure, OperationalError):
        logger.error("The database cannot be had for the API", exc_info=failure)
        failure = Busy()
    response = exception_handler(failure, context)
    if response is None:
        return None
    response.data = problem(response.status_code, *_told(failure, response.data))
    response.content_type = PROBLEM
    return response


def answered(status: int, detail: str, **more: str) -> JsonResponse:
    """The same for what fails before or beside the API's own views; ``more`` are further members."""
    headers = {"Cache-Control": "no-store"}
    document = {**problem(status, detail), **more}
    return JsonResponse(document, status=status, content_type=PROBLEM, headers=headers)


def problem(status: int, detail: str, errors: Any = None) -> dict[str, Any]:
    """The document."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    said |= {} if errors is None else {"errors": errors}
    return {**said, "request_id": request_ids.current()}


def _told(failure: Exception, data: Any) -> tuple[str, Any]:
    if isinstance(failure, exceptions.ValidationError):
        return WRONG_INPUT, data if isinstance(data, dict) else {"non_field_errors": data}
    return str(data["detail"]), None
