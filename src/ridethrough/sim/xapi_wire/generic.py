"""Messages that need nothing but the records: getters, setters, and finding objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .catalogue import Form, Message
from .database import Database
from .envelope import Failure
from .marshal import Value
from .site_records import Record

Shown = Callable[[str, Record], Record]  # class, record -> the record as this host's database has it


def answer(database: Database, message: Message, args: Sequence[Value], shown: Shown) -> Value:
    """What a message other than Form.OWN answers. Raises Failure."""
    name = message.xapi_class
    rows = database.rows(name)
    match message.form:
        case Form.GET_ALL:
            return list(rows)
        case Form.GET_ALL_RECORDS:
            return {ref: shown(name, row.record) for ref, row in rows.items()}
        case Form.GET_RECORD:
            return shown(name, _row(database, name, args[0]))
        case Form.GET:
            return shown(name, _row(database, name, args[0]))[message.field]
        case Form.GET_BY_UUID:
            found = [ref for ref, row in rows.items() if row.record["uuid"] == args[0]]
            if not found:
                raise Failure("UUID_INVALID", name, args[0])
            return found[0]
        case Form.GET_BY_NAME_LABEL:
            return [ref for ref, row in rows.items() if row.record["name_label"] == args[0]]
        case Form.GONE:
            raise Failure("MESSAGE_REMOVED")
        case _:
            _write(database, message, args)
            return None


def _row(database: Database, xapi_class: str, ref: str) -> Record:
    record = database.record(xapi_class, ref)
    if record is None:
        raise Failure("HANDLE_INVALID", xapi_class, ref)
    return record


def _write(database: Database, message: Message, args: Sequence[Value]) -> None:
    name, ref = message.xapi_class, args[0]
    old = _row(database, name, ref)[message.field]
    database.records.write(name, ref, message.field, _changed(message, old, args))


def _changed(message: Message, old: Value, args: Sequence[Value]) -> Value:
    """The field's new value. Adding a key that is there is an error, removing one that is not is none (lab 01)."""
    match message.form:
        case Form.ADD_TO:
            if args[1] in old:
                raise Failure("MAP_DUPLICATE_KEY", message.xapi_class, message.field, args[0], args[1])
            return {**old, args[1]: args[2]}
        case Form.REMOVE_FROM:
            return {key: value for key, value in old.items() if key != args[1]}
        case Form.ADD:
            return old if args[1] in old else [*old, args[1]]
        case Form.REMOVE:
            return [each for each in old if each != args[1]]
        case _:
            return args[1]
