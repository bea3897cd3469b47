"""What XPPC, PowerNet and CPS cards inherited from one ancestor: the same timers and commands below different roots."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Source
from ridethrough.sim.cards import SelfTest
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import BadValue, Leaf, Write

TEST_RESULTS = {SelfTest.NONE: 1, SelfTest.PASSED: 1, SelfTest.ABORTED: 3}  # ok, invalid; 4: a test runs
NO_TRANSFER, BLACKOUT = 1, 4  # why the UPS went to its battery last


def ticks(seconds: Seconds, write: Write | None = None) -> Leaf:
    """TimeTicks of whole seconds."""
    return Leaf("ticks", 100 * int(seconds), write)


def in_ticks(write: Callable[[Seconds], None]) -> Write:
    return lambda value: write(value / 100)


def rounded_up(allowed: Iterable[int], write: Callable[[int], None]) -> Callable[[Seconds], None]:
    """Values between the allowed ones become the next larger; larger than all is refused."""
    steps = sorted(allowed)

    def set_it(seconds: Seconds) -> None:
        fitting = [step for step in steps if step >= seconds]
        if seconds < 0 or not fitting:
            raise BadValue
        write(fitting[0])

    return set_it


def within(least: int, most: int, write: Callable[[int], None]) -> Callable[[Seconds], None]:
    def set_it(seconds: Seconds) -> None:
        if not least <= seconds <= most:
            raise BadValue
        write(int(seconds))

    return set_it


def commands(root: str, s: Shown, control: Control) -> dict[str, Leaf]:
    """The groups basicControl and advControl. All read 1, and 2 does it at once, 3 after the shutoff delay."""
    delay = int(control.card.shutdown_delay)

    def conserve(after: int) -> None:
        """Sleep until utility power is back: on battery only."""
        if not s.on_battery:
            raise BadValue
        control.count_down(after)

    return {
        f"{root}.6.1.1.0": _command(delay, conserve),
        f"{root}.6.2.1.0": _command(delay, lambda after: control.count_down(after, stays_off=True)),
        f"{root}.6.2.2.0": _command(delay, lambda after: control.off_and_on(after, control.ups.return_delay)),
        f"{root}.6.2.3.0": _command(delay, lambda after: control.off_and_on(after, control.sleep_time)),
        f"{root}.6.2.6.0": _command(delay, lambda _: control.start_after(0)),
    }


def _command(delay: int, do: Callable[[int], None]) -> Leaf:
    def write(number: int) -> None:
        match number:
            case 1:
                return
            case 2:
                do(0)
            case 3:
                do(delay)
            case _:
                raise BadValue

    return Leaf("integer", 1, write)


def fail_cause(s: Shown, self_test: int) -> int:
    """Why the UPS went to its battery last: told for long after it has come back."""
    if s.source is Source.BATTERY:
        return self_test if s.testing else BLACKOUT
    if s.line_bads:
        return BLACKOUT
    return NO_TRANSFER if s.last_test is SelfTest.NONE else self_test


def start_test(control: Control) -> Write:
    def write(number: int) -> None:
        if number == 2:
            control.start_test()
        elif number != 1:
            raise BadValue

    return write
