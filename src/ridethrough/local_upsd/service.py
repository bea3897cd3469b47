"""A UPS's driver and upsd, started and stopped: by systemd where it runs this machine, else by NUT's own commands."""

from __future__ import annotations

from dataclasses import dataclass

from .plan import Plan
from .programs import Programs, Ran
from .remedies import remedy

DRIVER_SECONDS = 240.0  # a dozen protocols, three times each, and maxretry: a dead line takes a minute or two
SECONDS = 30.0
ENUMERATOR = "nut-driver-enumerator.service"  # NUT 2.8 makes a unit of each section of ups.conf
ALL_DRIVERS = "nut-driver.service"  # NUT 2.7 starts them all with one
SERVER = "nut-server.service"


class StartError(Exception):
    """What did not start, what it printed, and what to do."""


@dataclass(slots=True)
class Service:
    """One UPS of a plan. `told` is what was done, for people."""

    plan: Plan
    programs: Programs
    ran_before: bool = False  # upsd did
    told: str = ""

    def start(self) -> None:
        """The driver, then upsd, which takes up the new files. Raises StartError; what it began is then running."""
        if self.programs.has_systemd:
            self._by_systemd()
        else:
            self._by_hand()

    def stop(self) -> None:
        """The driver, while ups.conf still names it."""
        if self.programs.has_systemd:
            self.programs.run("systemctl", "disable", "--now", self._unit, seconds=SECONDS)
        else:
            self._run("upsdrvctl", "stop", self.plan.name)

    def settle(self) -> None:
        """Once the files are as they were: upsd as it was."""
        if self.programs.has_systemd:
            self.programs.run("systemctl", "restart", ENUMERATOR, seconds=SECONDS)
            self.programs.run("systemctl", "restart" if self.ran_before else "stop", SERVER, seconds=SECONDS)
        elif not self.ran_before:
            self._run("upsd", "-c", "stop")
        elif self.plan.listens_anew:
            self._run("upsd", "-c", "stop")
            self._run("upsd")
        else:
            self._run("upsd", "-c", "reload")

    @property
    def _unit(self) -> str:
        return f"nut-driver@{self.plan.name}.service"

    def _by_systemd(self) -> None:
        self.ran_before = self._systemctl("is-active", "--quiet", SERVER).good
        if self._systemctl("cat", ENUMERATOR).good:
            self._must("systemctl", "restart", ENUMERATOR)
            self._must("systemctl", "enable", self._unit)
            self._must("systemctl", "restart", self._unit, seconds=DRIVER_SECONDS)
            units = f"{self._unit} and {SERVER}"
        else:
            self._must("systemctl", "restart", ALL_DRIVERS, seconds=DRIVER_SECONDS)
            units = f"{ALL_DRIVERS} and {SERVER}"
        self._must("systemctl", "enable", SERVER)
        takes_up = "restart" if self.plan.listens_anew or not self.ran_before else "reload"
        self._must("systemctl", takes_up, SERVER)
        self.told = f"started by systemd, now and with the machine: {units}"

    def _by_hand(self) -> None:
        self.ran_before = self._run("upsd", "-c", "reload").good  # refused where none runs
        began = self._run("upsdrvctl", "start", self.plan.name, seconds=DRIVER_SECONDS)
        if not began.good:
            raise StartError(f"the driver did not start: {self._why(began)}")
        if self.ran_before and self.plan.listens_anew:
            self._run("upsd", "-c", "stop")
        if not self.ran_before or self.plan.listens_anew:
            served = self._run("upsd")
            if not served.good:
                raise StartError(f"upsd did not start: {self._why(served)}")
        self.told = (
            "started by upsdrvctl and upsd, for systemd does not run this machine: see to it that they start with it"
        )

    def _systemctl(self, *arguments: str) -> Ran:
        return self.programs.run("systemctl", *arguments, seconds=SECONDS)

    def _must(self, *command: str, seconds: float = SECONDS) -> None:
        ran = self.programs.run(*command, seconds=seconds)
        if not ran.good:
            log = f"; journalctl -u {command[-1]} tells more"
            raise StartError(f"{' '.join(command)} failed: {self._why(ran)}{log}")

    def _run(self, name: str, *arguments: str, seconds: float = SECONDS) -> Ran:
        """As the user that ups.conf names for its drivers: upsd must be able to open what they made."""
        user = ("-u", self.plan.user) if self.plan.user else ()
        return self.programs.run(name, *user, *arguments, seconds=seconds)

    def _why(self, ran: Ran) -> str:
        return remedy(ran.output) or f"it ended with {ran.code} and said nothing"
