"""What is answered where this machine fails us: a disk that is full, a file that is damaged, or a bug of ours."""

from __future__ import annotations

import errno
import sqlite3

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from ridethrough.runtime.codec import UnreadableEvent, readable
from ridethrough.runtime.journal_file import JournalRefused
from ridethrough.runtime.mailbox import NoAnswer, NoController

from .headers import HEADERS

OF_THE_DISK = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
}
REMEDY = "Check the disk, its free space, and who may write there."


def handle(app: FastAPI) -> None:
    """Answers all of them with a sentence that tells the remedy."""
    for kind in (NoController, JournalRefused, UnreadableEvent):
        app.add_exception_handler(kind, _not_now)
    app.add_exception_handler(NoAnswer, _no_answer)
    app.add_exception_handler(sqlite3.Error, _disk)
    app.add_exception_handler(OSError, _file)
    app.add_exception_handler(Exception, _bug)


async def _not_now(_request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": readable(str(error))}, 503)


async def _no_answer(_request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": readable(str(error))}, 504)


async def _disk(_request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": readable(f"the state directory: {error}. {REMEDY}")}, 503)


async def _file(_request: Request, error: Exception) -> Response:
    """Of the operating system's errors those that a person can mend; the others are bugs of ours."""
    assert isinstance(error, OSError)
    if isinstance(error, PermissionError) and error.errno is None:
        return JSONResponse({"detail": readable(str(error))}, 503)  # the mailbox has said what to do
    if error.errno not in OF_THE_DISK:
        raise error
    return JSONResponse({"detail": readable(f"{error.filename or 'a file'}: {error.strerror}. {REMEDY}")}, 503)


async def _bug(_request: Request, _error: Exception) -> Response:
    """This answer passes by everything that stands before the routes. The server logs the fault."""
    detail = "this is a fault of the manager, and its log has the rest: please report it"
    return JSONResponse({"detail": detail}, 500, HEADERS)
