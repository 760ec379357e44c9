"""Answers to failed requests, in OpenAI's form."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request that is answered with an error: nothing was served, nothing was charged."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        parameter: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Store the parts of the answer.

        Args:
            status: HTTP status.
            message: One sentence for a person.
            code: Word for a program.
            parameter: Member of the request that is wrong.
            headers: Further headers.
        """
        self.status, self.message, self.code, self.parameter = status, message, code, parameter
        self.headers = headers or {}
        super().__init__(message)

    def document(self) -> dict[str, Any]:
        """Return the body."""
        kind = "invalid_request_error" if self.status < 500 else "api_error"
        return {"error": {"message": self.message, "type": kind, "param": self.parameter, "code": self.code}}
