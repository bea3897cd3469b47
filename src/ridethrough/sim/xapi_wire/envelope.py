"""One request and its answer, in the envelope of the caller: XML-RPC, JSON-RPC 1.0 or 2.0."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from html import escape

from .marshal import Kinds, Value, as_xml, failure_as_xml, request_from_xml, success_as_xml

PATHS = {"/jsonrpc": True, "/": False, "/RPC2": False, "/xmlrpc": False}  # True: JSON
HEADERS = {
    "cache-control": "no-cache, no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "X-Requested-With",
}


class Failure(Exception):  # noqa: N818 - the API's own word
    """A call that the API answers with an error: CODE and its parameters, all text."""

    def __init__(self, code: str, *params: str) -> None:
        super().__init__(code, *params)
        self.error = [code, *params]


class Malformed(Exception):  # noqa: N818
    """A body that is no request; answered with HTTP 500 and a page (recordings/xapi 09)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.page = (
            "<html><body><h1>HTTP 500 internal server error</h1>An unexpected error occurred; please wait a while and "
            "try again. If the problem persists, please contact your support representative."
            f"<h1> Additional information </h1>{escape(text)}</body></html>"
        ).encode()


class Dialect(Enum):
    XML = "text/xml"
    JSON_1 = "application/json; 1.0"
    JSON_2 = "application/json; 2.0"

    @property
    def content_type(self) -> str:
        """Exactly this: Xen Orchestra falls back to XML-RPC when a parameter follows."""
        return self.value.partition(";")[0]


@dataclass(frozen=True, slots=True)
class Request:
    """A call: its name as sent, its parameters, and how to answer."""

    dialect: Dialect
    method: str
    params: Sequence[object]
    id: object = None

    def success(self, kind: str, value: Value, kinds: Kinds) -> bytes:
        match self.dialect:
            case Dialect.XML:
                return success_as_xml(as_xml(kind, value, kinds)).encode()
            case Dialect.JSON_1:
                return _json({"result": _or_empty(value), "error": None, "id": self.id})
            case Dialect.JSON_2:
                return _json({"jsonrpc": "2.0", "result": _or_empty(value), "id": self.id})

    def failure(self, error: list[str]) -> bytes:
        match self.dialect:
            case Dialect.XML:
                return failure_as_xml(error).encode()
            case Dialect.JSON_1:
                return _json({"result": None, "error": error, "id": self.id})
            case Dialect.JSON_2:
                described = {"code": 1, "message": error[0], "data": error[1:]}
                return _json({"jsonrpc": "2.0", "error": described, "id": self.id})


def read(path: str, body: bytes) -> Request:
    """The request in a body posted to `path`, one of PATHS. Raises Malformed."""
    if PATHS[path]:
        return _from_json(body)
    try:
        name, params = request_from_xml(body)
    except ValueError as error:
        raise Malformed(f'Xmlm.Error(1:1, "{error}")') from error
    return Request(Dialect.XML, name, params)


def _from_json(body: bytes) -> Request:
    try:
        call = json.loads(body)
    except ValueError as error:
        raise Malformed(f'Yojson.Json_error("{error}")') from error
    if not isinstance(call, dict) or not isinstance(call.get("method"), str):
        raise Malformed('Rpc.Runtime_error("method", ...)')
    params = call.get("params", [])
    if not isinstance(params, list):
        raise Malformed('Rpc.Runtime_error("params", ...)')
    dialect = Dialect.JSON_2 if call.get("jsonrpc") == "2.0" else Dialect.JSON_1
    return Request(dialect, call["method"], params, call.get("id"))


def _or_empty(value: Value) -> Value:
    return "" if value is None else value


def _json(answer: dict[str, object]) -> bytes:
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()
