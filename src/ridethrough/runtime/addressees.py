"""Which islands a person's request is for, and one answer out of theirs."""

from __future__ import annotations

from collections.abc import Sequence

from ridethrough.core.events import Ask
from ridethrough.core.memory import Memory
from ridethrough.core.site import Site

from .loop import Status
from .mailbox import Answer

OF_SITE = (Ask.ARM, Ask.DISARM)
OF_UPS = (Ask.SWITCH_OFF_UPS, Ask.CANCEL_UPS_OFF, Ask.WRITE_DOWN)
OF_ALL = (Ask.HOLD, Ask.RELEASE, Ask.BRING_BACK)  # where the subject is empty


def concerns(ask: Ask, subject: str, site: Site, status: Status | None) -> bool:
    """Whether a request is for this island, which has this site and was last seen in this state."""
    if ask in OF_SITE:
        return True
    if ask in OF_UPS:
        return subject in site.upses
    if ask in OF_ALL and not subject:
        return status is not None and _has_something_open(ask, status.memory)
    if ask is Ask.SKIP_VM:
        vms = status.seen.vms.values() if status else ()
        return any(subject in (vm.id, vm.name) for vm in vms)
    return subject in site.pools or subject in site.hosts or (status is not None and subject in status.seen.hosts)


def one_of(answers: Sequence[Answer]) -> Answer:
    """What the person is told: the first refusal, or all that was agreed to, each thing once."""
    refused = next((answer for answer in answers if not answer.accepted), None)
    return refused or Answer(True, "; ".join(dict.fromkeys(answer.text for answer in answers)))


def any_of(answers: Sequence[Answer]) -> Answer:
    """The same where one island's refusal takes nothing from another's consent; both are told then."""
    texts = dict.fromkeys(answer.text for answer in sorted(answers, key=lambda answer: not answer.accepted))
    return Answer(any(answer.accepted for answer in answers), "; ".join(texts))


def _has_something_open(ask: Ask, memory: Memory) -> bool:
    """An outage; or a hold, where it is to be ended."""
    if ask is Ask.RELEASE:
        return any(host.held or host.yielded_at is not None for host in memory.hosts.values())
    return memory.urgent or any(pool.record is not None for pool in memory.pools.values())
