"""What XenAPI says when it refuses."""

from __future__ import annotations


class XapiError(Exception):
    """A XenAPI failure: ErrorDescription = [code, *params], every one a string."""

    def __init__(self, code: str, *params: str) -> None:
        super().__init__(code, *params)
        self.code = code
        self.params = params

    @property
    def description(self) -> list[str]:
        return [self.code, *self.params]
