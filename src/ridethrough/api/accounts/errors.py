"""Why something about accounts was not done."""

from __future__ import annotations


class NotDone(Exception):  # noqa: N818 - an answer, not a bug
    """`status`: 404 there is none of that name, 409 it may not be now, 422 what was given cannot be used."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class AccountsRefused(Exception):  # noqa: N818 - a state of the file
    """accounts.db cannot be used. The message names the file, the reason and the remedy."""
