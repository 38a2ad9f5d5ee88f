"""The errors of the Messages API, as it words and numbers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""HTTP status by error type. Source: the API's error documentation."""


class ApiError(Exception):
    """An error answer: `type` is the API's error type, the text its message."""

    def __init__(
        self,
        type_: str,
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.type = type_
        self.status = status or STATUS[type_]
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {
            "type": "error",
            "error": {"type": self.type, "message": str(self)},
            "request_id": request_id,
        }


def invalid(message: str) -> ApiError:
    """An `invalid_request_error` (400)."""
    return ApiError("invalid_request_error", message)
