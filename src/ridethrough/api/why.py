"""Why somebody does what they do, in their words, for the journal."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field

LONGEST = 500


def one_line(text: str) -> str:
    """What was written, on one line: a journal is read line by line, and on terminals."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


Why = Annotated[str, Field(max_length=LONGEST, description="For the journal."), AfterValidator(one_line)]
WhyAsked = Annotated[str, Query(max_length=LONGEST, description="For the journal."), AfterValidator(one_line)]
