"""`ridethrough ups add`: a UPS on a USB or serial port of this machine, from the cable to site.toml."""

from __future__ import annotations

import ipaddress
import re
import secrets as chance
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ridethrough.core.wording import duration
from ridethrough.local_upsd import advice, machine, usb
from ridethrough.local_upsd.entry import Entry, entry, write
from ridethrough.local_upsd.install import Installed, InstallError, install
from ridethrough.local_upsd.plan import ConflictError, Plan, Wish, planned
from ridethrough.local_upsd.programs import PACKAGES, USUAL_FOLDERS, MachinePrograms, Programs
from ridethrough.local_upsd.service import Service
from ridethrough.local_upsd.store import Folder, StoreError

from .common import DEFAULT_SITE, FAILED, USAGE, SecretsDir, SiteFile, configuration, fail, run_async
from .people import Confirmed, confirm
from .text import say, table

SERIAL_DRIVER = "nutdrv_qx"
OPTION = re.compile(r"[A-Za-z0-9_.]+")
Options = list[tuple[str, str]]


def add(
    name: Annotated[str, typer.Argument(help="What the UPS is to be called, in NUT's files and in site.toml.")],
    on_usb: Annotated[bool, typer.Option("--usb", help="It is on this machine's USB: it is looked for.")] = False,
    device: Annotated[
        str,
        typer.Option("--id", help="Which one on USB, as lsusb has it: 0665:5161; of several alike 0463:ffff/NUMBER."),
    ] = "",
    serial: Annotated[
        str, typer.Option("--serial", help="Its serial port: /dev/ttyS0, /dev/serial/by-id/...", metavar="DEVICE")
    ] = "",
    driver: Annotated[
        str, typer.Option("--driver", help=f"NUT's driver; by its USB id, and {SERIAL_DRIVER} on a serial port.")
    ] = "",
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A line for its section of ups.conf: protocol=megatec, runtimecal=240,100,720,50, ignoresab. May be "
            "given several times.",
            metavar="KEY[=VALUE]",
        ),
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", help="The address of this machine at which the controller asks its upsd.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="upsd's port, if it is to be another than it is.")
    ] = None,
    nut_dir: Annotated[
        Path | None, typer.Option("--nut-dir", help="The folder of NUT's files: /etc/nut, /etc/ups on RHEL.")
    ] = None,
    yes: Confirmed = "",
    site: SiteFile = DEFAULT_SITE,
    secrets: SecretsDir = None,
) -> None:
    """Add a UPS on this machine's USB or serial port: NUT's files, its driver, its upsd, site.toml.

    Shows everything that it will write, and asks for the UPS's name once more. Sections that are there already are
    never changed, and old files are kept. Then it is started and asked: what went wrong is told, and undone. With
    --secrets, site.toml gets the user of upsd that may switch the UPS off (`ups off`); without, it is read only.
    """
    if on_usb == bool(serial):
        fail("say where the UPS is: --usb, or --serial DEVICE", USAGE)
    address = _address(listen)
    folder = nut_dir or next((path for path in USUAL_FOLDERS if path.is_dir()), USUAL_FOLDERS[0])
    programs = MachinePrograms(folder)
    _must_be_installed(programs)
    given = _given(options or ())
    known = configuration(site, secrets) if site.exists() else None
    try:
        store = Folder(folder, f"before-{name}", machine.nut_group())
        texts = store.texts()
        chosen, found = _on_usb(programs, device, driver) if on_usb else (driver or SERIAL_DRIVER, _on_port(serial))
        aliases = machine.names_of(serial) if serial else ()
        wish = Wish(name, chosen, (*found, *given), address, port, aliases, chance.token_urlsafe(24))
        plan = planned(wish, texts)
        if serial and (why := machine.why_no_port(Path(serial), plan.user)):
            raise ConflictError(why)
        new = entry(plan, known, secrets)
        if plan.changes:
            store.must_be_writable()
    except (StoreError, ConflictError) as error:
        fail(f"{name}: nothing was done: {error}", FAILED)
    _show(plan, new, folder, site if known is not None else None, secrets)
    if serial.startswith(("/dev/ttyUSB", "/dev/ttyACM")) and aliases[1:]:
        say(f"{serial} may be another adapter once more are plugged in: --serial {aliases[1]} stays", "note: ")
    confirm(name, yes)
    _carry_out(plan, new, store, programs, site if known is not None else None, secrets)


def _carry_out(
    plan: Plan, new: Entry, store: Folder, programs: Programs, site: Path | None, secrets: Path | None
) -> None:
    from ridethrough.assemble import ask_upsd  # the drivers take half a second to import

    def into_site() -> None:
        if site is not None:
            write(new, site, secrets)

    say("Starting its driver; one that has to try every protocol takes a minute.", err=True)
    try:
        done = run_async(install(plan, store, Service(plan, programs), ask_upsd, into_site))
    except InstallError as error:
        fail(f"{plan.name}: {error}", FAILED)
    _report(plan, done, new, site)


def _address(text: str) -> str:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        fail(f'--listen: "{text}" is no IP address: name services die in outages too', USAGE)
    if found.is_unspecified:
        fail(f"--listen: name one address, by which the controller reaches this machine, and not {found}", USAGE)
    return str(found)


def _must_be_installed(programs: Programs) -> None:
    lacks = [program for program in ("upsd", "upsdrvctl") if not programs.has(program)]
    if lacks:
        fail(f"NUT is not installed here: there is no {' and no '.join(lacks)}. {PACKAGES}", FAILED)


def _given(options: Sequence[str]) -> Options:
    found: Options = []
    for option in options:
        key, _, value = option.partition("=")
        if not OPTION.fullmatch(key) or key in ("driver", "port") or not value.isprintable():
            fail(f'--set: "{option}" is no line for ups.conf: write KEY=VALUE, or KEY alone', USAGE)
        found.append((key, value))
    return found


def _on_port(serial: str) -> Options:
    return [("port", serial)]


def _on_usb(programs: Programs, wanted: str, driver: str) -> tuple[str, Options]:
    """The driver and the lines for the one UPS on USB that is meant. Ends the command where that is not one."""
    wanted, _, number = wanted.partition("/")
    wanted = wanted.lower()
    if wanted and not usb.ID.fullmatch(wanted):
        fail(f'--id: "{wanted}" is none; lsusb shows them, as 0665:5161', USAGE)
    devices = machine.usb_devices()
    found: list[usb.UsbUps] = []
    if programs.has("nut-scanner"):
        found = usb.scanned(programs.run("nut-scanner", "-U", "-q", "-P").output)
    # NUT 2.8.0's nut-scanner finds no USB library on Debian: the kernel's list and NUT's own table do then.
    found = found or usb.listed(devices)
    if wanted:
        found = [ups for ups in found if ups.id == wanted]
        found = found or [ups for ups in usb.listed(devices, driver or "?") if ups.id == wanted]
        found = [ups for ups in found if number in ("", ups.serial)]
    if not found:
        there = ", ".join(sorted({f"{d['idVendor']}:{d.get('idProduct', '')}" for d in devices})) or "nothing"
        fail(
            f"no UPS that NUT has a driver for is on USB; on it is: {there}. Is its cable plugged in? A device that "
            "NUT does not list needs its --id and its --driver",
            FAILED,
        )
    if len(found) > 1:
        table(("On USB", "Driver"), [(ups.name, ups.driver) for ups in found])
        fail(f"there are {len(found)}: {usb.how_to_choose(found)}", USAGE)
    ups = found[0]
    chosen = driver or ups.driver
    if chosen == "?":
        fail(f"NUT's tables do not know {ups.id}: say which --driver reads it", USAGE)
    say(f"{ups.name}, read by {chosen}", "found on USB: ")
    return chosen, usb.options(ups)


def _show(plan: Plan, new: Entry, folder: Path, site: Path | None, secrets: Path | None) -> None:
    """Everything that will be written, file by file."""
    for change in plan.changes:
        where = f", in the place of {change.instead}" if change.instead else ""
        typer.echo(f"{folder / change.file}{where}:")
        typer.echo("".join(f"    {line}\n" for line in change.new.splitlines()))
    if not plan.changes:
        say(f"{folder}: it is written there already")
    if new.there:
        say("site.toml has it already")
        return
    typer.echo(f"{site}:" if site is not None else "site.toml of the controller, for you to add (there is none here):")
    typer.echo("".join(f"    {line}\n" for line in new.text.splitlines()))
    if new.secret is not None and secrets is not None:
        say(f"{secrets / new.secret.name}: the password of upsd's user ridethrough")


def _report(plan: Plan, done: Installed, new: Entry, site: Path | None) -> None:
    said = done.variables
    say(done.started, f"{plan.name}: ")
    for kept in done.kept.values():
        say(f"{kept}", "  as it was: ")
    rows = [
        ("model", advice.model(said)),
        ("condition", said.get("ups.status", "")),
        ("charge", f"{said['battery.charge']} %" if "battery.charge" in said else ""),
        ("runtime", _in_words(said, "battery.runtime")),
        ("load", f"{said['ups.load']} %" if "ups.load" in said else ""),
    ]
    table(("It says", ""), [(what, text or "not told") for what, text in rows])
    untold = advice.untold(said)
    for text in untold:
        say(text, "  ")
    if untold:
        say(f"Lines for ups.conf: into its section [{plan.name}], then restart its driver.", "  ")
    if site is not None and not new.there:
        say(f"{site} has it. Name it in the hosts that it feeds (powered_by), then `ridethrough check` and `reload`.")


def _in_words(said: Mapping[str, str], name: str) -> str:
    try:
        return duration(float(said[name]))
    except (KeyError, ValueError):
        return said.get(name, "")
