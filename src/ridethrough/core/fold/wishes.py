"""What people asked for."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core import events as e
from ridethrough.core.memory import Memory

from .change import change_host, change_pool, change_vm


def answers(m: Memory, event: e.RequestRefused | e.RequestDone) -> e.Requested | None:
    """Which request this is the answer to: of equal ones the first."""
    return next((r for r in (*m.left, *m.requests) if (r.ask, r.subject) == (event.ask, event.subject)), None)


def answered(m: Memory, event: e.RequestRefused | e.RequestDone) -> Memory:
    asked = answers(m, event)
    left, open_ = (tuple(r for r in requests if r is not asked) for requests in (m.left, m.requests))
    m = replace(m, left=left, requests=open_)
    if isinstance(event, e.RequestRefused) or asked is None:
        return m
    host, wanted = event.subject, m.host(event.subject).wanted
    match event.ask:
        case e.Ask.HOLD:
            return _held(m, event, asked)
        case e.Ask.RELEASE:
            for each in event.of or (host,):
                m = change_host(
                    m, each, held=False, held_until=None, hold_asked=None, overridden=False, yielded_at=None
                )
            return m
        case e.Ask.SKIP_VM:
            for vm in event.of:
                m = change_vm(m, vm, skipped=True)
            return m
        case e.Ask.BRING_BACK:
            for pool in event.of:
                m = change_pool(m, pool, hurried=True)
            return m
        case e.Ask.ENTER_MAINTENANCE | e.Ask.EVACUATE:
            return change_host(m, host, wanted=wanted | {event.ask}, yielded_at=None)
        case e.Ask.SWITCH_OFF_UPS | e.Ask.CANCEL_UPS_OFF | e.Ask.WRITE_DOWN | e.Ask.NOTE | e.Ask.TAKE_SETTINGS:
            return m  # the person's command does it, or has done it
        case e.Ask.EXIT_MAINTENANCE:
            return change_host(m, host, wanted=frozenset())
        case e.Ask.SHUT_DOWN_POOL:
            return change_pool(m, event.subject, shutdown_asked=asked, off_by_person=True)
        case e.Ask.ARM | e.Ask.DISARM:
            return m


def _held(m: Memory, event: e.RequestDone, asked: e.Requested) -> Memory:
    """With an end it takes the place of a hand that we yielded to: after it we act again."""
    for host in event.of or (event.subject,):
        until = event.at + asked.seconds if asked.seconds is not None else None
        yielded = None if until is not None else m.host(host).yielded_at
        m = change_host(m, host, held=True, held_until=until, hold_asked=asked, overridden=False, yielded_at=yielded)
    return m
