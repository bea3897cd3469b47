"""The agent's one file, `ridethrough-agent.ini`. Every error names file, section, key and remedy."""

import configparser
import os
import shlex
import stat
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import controller as manager
from . import durations, pinned
from . import snmp as cards
from . import upsd as servers
from .model import Feed, Rules

PLACE = "/etc/ridethrough-agent.ini"
INVENTORY = "/etc/xensource-inventory"
KEYS = {
    "agent": (
        "armed after low_battery notice warning_interval needs reserve settle trust low_battery_left every state wall"
    ),
    "stop": "command command_time shutdown stop_host",
    "xenserver": "enabled stop_guests call_time inventory socket xe xl",
    "controller": "url name token_file fingerprint",
    "ups": (
        "upsd tls_fingerprint snmp version community_file community user auth auth_password_file privacy "
        "privacy_password_file snmpget warning_period shutdown_delay"
    ),
}
AUTHS, PRIVACIES = ("MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"), ("DES", "AES", "AES-192", "AES-256")


class ConfigError(Exception):
    """What is wrong in which file, and what to write."""


class Ups(NamedTuple):
    """One source."""

    feed: Feed
    upsd: Optional[servers.Address] = None
    card: Optional[cards.Card] = None


class XenServer(NamedTuple):
    """How this host's guests are stopped."""

    uuid: str
    stop_guests: float = 120.0
    call_time: float = 15.0  # for a call that is answered at once
    socket: str = "/var/lib/xcp/xapi"
    xe: Tuple[str, ...] = ("/opt/xensource/bin/xe",)
    xl: Tuple[str, ...] = ("/usr/sbin/xl",)


class Config(NamedTuple):
    """Everything, read at once: a file with an error in it is not used at all."""

    rules: Rules
    upses: Tuple[Ups, ...]
    controller: Optional[manager.Address]
    armed: bool
    state: str
    wall: Tuple[str, ...]
    every: float
    shutdown: Tuple[str, ...]
    stop_host: float
    command: Tuple[str, ...] = ()
    command_time: float = 60.0
    xenserver: Optional[XenServer] = None

    @property
    def feeds(self) -> Tuple[Feed, ...]:
        """Of every source."""
        return tuple(ups.feed for ups in self.upses)


def read(path: str) -> Config:
    """Raises ConfigError."""
    parser = configparser.ConfigParser(interpolation=None, strict=True, default_section=" none")
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except OSError as error:
        raise ConfigError("{}: {}; `ridethrough-agent install` writes one to begin with".format(path, error.strerror))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ConfigError("{}: it cannot be read: {}".format(path, " ".join(str(error).split())))
    return _File(path, parser).config()


class _Section:
    """Typed values of one section."""

    def __init__(self, path: str, name: str, values: Dict[str, str]) -> None:
        self.path, self.name, self.values = path, name, values

    def wrong(self, key: str, why: str) -> ConfigError:
        return ConfigError("{}: [{}] {}: {}".format(self.path, self.name, key, why))

    def text(self, key: str, default: str = "") -> str:
        return self.values.get(key, default).strip()

    def needed(self, key: str, remedy: str) -> str:
        if not self.text(key):
            raise self.wrong(key, "is missing; " + remedy)
        return self.text(key)

    def yes(self, key: str, default: bool) -> bool:
        said = self.text(key, "yes" if default else "no").lower()
        if said not in ("yes", "no"):
            raise self.wrong(key, '"{}" is neither yes nor no'.format(said))
        return said == "yes"

    def seconds(self, key: str, default: float, least: float = 0.0, most: float = 86400.0) -> float:
        if not self.text(key):
            return default
        try:
            value = durations.seconds(self.text(key))
        except ValueError as error:
            raise self.wrong(key, str(error))
        if not least <= value <= most:
            raise self.wrong(key, "{:g} s is not between {:g} s and {:g} s".format(value, least, most))
        return value

    def number(self, key: str, default: float, least: float, most: float) -> float:
        try:
            value = float(self.text(key, str(default)))
        except ValueError:
            raise self.wrong(key, '"{}" is no number'.format(self.text(key)))
        if not least <= value <= most:
            raise self.wrong(key, "{:g} is not between {:g} and {:g}".format(value, least, most))
        return value

    def words(self, key: str, default: str) -> Tuple[str, ...]:
        try:
            return tuple(shlex.split(self.text(key, default)))
        except ValueError as error:
            raise self.wrong(key, "{}; write it as in a shell, with its quotes closed".format(error))

    def secret(self, key: str) -> str:
        """The first line of the file that the key names, which only its owner may read."""
        place = self.text(key)
        try:
            mode = os.stat(place).st_mode
            with open(place, encoding="utf-8") as file:
                value = file.readline().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise self.wrong(key, "{} cannot be read: {}".format(place, error))
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise self.wrong(key, "others may read {0}: chmod 600 {0}".format(place))
        if not value or not value.isprintable():
            raise self.wrong(key, "the first line of {} must hold the secret".format(place))
        return value

    def pin(self, key: str) -> str:
        try:
            return pinned.fingerprint(self.text(key))
        except ValueError as error:
            raise self.wrong(key, str(error))

    def address(self, key: str, text: str, port: int) -> Tuple[str, int]:
        """host, host:port, [IPv6]:port."""
        host, number = text, ""
        if text.startswith("["):
            host, _, number = text[1:].partition("]")
            number = number[1:]
        elif text.count(":") == 1:
            host, _, number = text.partition(":")
        if not host or (number and not (number.isdigit() and 0 < int(number) < 65536)):
            raise self.wrong(key, '"{}" is no address: write HOST or HOST:PORT'.format(text))
        return host, int(number) if number else port


class _File:
    """The sections of one file."""

    def __init__(self, path: str, parser: configparser.ConfigParser) -> None:
        self._path, self._parser = path, parser
        for name in parser.sections():
            kind = name.split(" ")[0]
            alone = kind == name
            if kind not in KEYS or alone == (kind == "ups"):
                known = "[agent], [stop], [xenserver], [controller] and [ups NAME]"
                raise ConfigError("{}: [{}] is no section of this file; there are {}".format(path, name, known))
            for key in parser[name]:
                if key not in KEYS[kind].split():
                    keys = ", ".join(sorted(KEYS[kind].split()))
                    raise ConfigError("{}: [{}] {}: there is no such key; there are {}".format(path, name, key, keys))

    def section(self, name: str) -> _Section:
        has = self._parser.has_section(name)
        return _Section(self._path, name, dict(self._parser[name]) if has else {})

    def config(self) -> Config:
        agent, stop = self.section("agent"), self.section("stop")
        upses = tuple(self._ups(name) for name in self._parser.sections() if name.startswith("ups "))
        told = self._controller()
        if not upses and told is None:
            raise ConfigError("{}: nothing is watched: write [ups NAME] with upsd or snmp".format(self._path))
        xen = self._xenserver()
        stop_host = stop.seconds("stop_host", 90.0, 5.0)
        command, command_time = stop.words("command", ""), stop.seconds("command_time", 60.0, 1.0)
        guests = (xen.stop_guests if xen is not None else 0.0) + (command_time if command else 0.0)
        shutdown = stop.words("shutdown", "/sbin/shutdown -h now")
        if not shutdown:
            raise stop.wrong("shutdown", "must be a command; leave it out for /sbin/shutdown -h now")
        return Config(
            rules=self._rules(agent, guests + stop_host, max(1, len(upses))),
            upses=upses,
            controller=told,
            armed=agent.yes("armed", False),
            state=agent.text("state", "/var/lib/ridethrough-agent"),
            wall=agent.words("wall", "wall"),
            every=agent.seconds("every", 5.0, 0.5, 60.0),
            shutdown=shutdown,
            stop_host=stop_host,
            command=command,
            command_time=command_time,
            xenserver=xen,
        )

    def _rules(self, agent: _Section, stop: float, upses: int) -> Rules:
        usual = Rules()
        after = None if agent.text("after") == "never" else agent.seconds("after", 300.0)
        return Rules(
            after=after,
            low_battery=agent.yes("low_battery", True),
            notice=agent.yes("notice", True),
            warning_interval=agent.seconds("warning_interval", usual.warning_interval, 1.0),
            needs=int(agent.number("needs", 1, 1, upses)),
            stop=stop,
            reserve=agent.seconds("reserve", usual.reserve),
            settle=agent.seconds("settle", usual.settle, 0.0, 600.0),
            trust=agent.number("trust", usual.trust, 0.1, 1.0),
            low_battery_left=agent.seconds("low_battery_left", usual.low_battery_left),
        )

    def _ups(self, name: str) -> Ups:
        it = self.section(name)
        own = name[len("ups ") :].strip()
        if bool(it.text("upsd")) == bool(it.text("snmp")):
            raise it.wrong("upsd", "write either upsd = NAME@HOST or snmp = HOST")
        warning, delay = it.seconds("warning_period", 0.0), it.seconds("shutdown_delay", 0.0)
        off_after = warning + delay if it.text("warning_period") and it.text("shutdown_delay") else None
        if it.text("upsd"):
            ups, at, server = it.text("upsd").partition("@")
            if not ups or not at or " " in ups:
                raise it.wrong("upsd", '"{}" is not of the form NAME@HOST'.format(it.text("upsd")))
            host, port = it.address("upsd", server, 3493)
            pin = it.pin("tls_fingerprint") if it.text("tls_fingerprint") else None
            return Ups(Feed(own, it.text("upsd"), off_after), upsd=servers.Address(ups, host, port, pin))
        host, port = it.address("snmp", it.text("snmp"), 161)
        return Ups(Feed(own, host, off_after), card=cards.Card(host, port, *self._way(it)))

    def _way(self, it: _Section) -> Tuple[str, List[str], str]:
        version, program = it.text("version", "2c"), it.text("snmpget", "snmpget")
        if version not in ("1", "2c", "3"):
            raise it.wrong("version", '"{}" is none of 1, 2c and 3'.format(version))
        if version != "3":
            community = it.secret("community_file") if it.text("community_file") else it.text("community", "public")
            return version, ["defCommunity " + _quoted(it, "community", community)], program
        auth, privacy = it.text("auth").upper(), it.text("privacy").upper()
        if auth and auth not in AUTHS:
            raise it.wrong("auth", "is one of " + ", ".join(AUTHS))
        if privacy and (privacy not in PRIVACIES or not auth):
            raise it.wrong("privacy", "needs auth, and is one of " + ", ".join(PRIVACIES))
        level = "authPriv" if privacy else "authNoPriv" if auth else "noAuthNoPriv"
        user = it.needed("user", "version 3 asks in a user's name")
        lines = ["defSecurityName " + _quoted(it, "user", user), "defSecurityLevel " + level]
        if auth:
            secret = _quoted(it, "auth_password_file", it.secret("auth_password_file"))
            lines += ["defAuthType " + auth, "defAuthPassphrase " + secret]
        if privacy:
            secret = _quoted(it, "privacy_password_file", it.secret("privacy_password_file"))
            lines += ["defPrivType " + privacy, "defPrivPassphrase " + secret]
        return version, lines, program

    def _controller(self) -> Optional[manager.Address]:
        if not self._parser.has_section("controller"):
            return None
        it = self.section("controller")
        url = it.needed("url", "write url = https://HOST:8443")
        scheme, _, rest = url.partition("://")
        host, port = it.address("url", rest.rstrip("/"), 8443)
        if scheme == "http" and host in ("127.0.0.1", "localhost", "[::1]"):
            pin = None
        elif scheme == "https":
            it.needed("fingerprint", "the manager prints its certificate's at its start")
            pin = it.pin("fingerprint")
        else:
            raise it.wrong("url", "must begin with https://; the token is sent to nobody else")
        name = it.needed("name", "it is this machine's name in site.toml")
        it.needed("token_file", "it holds an API token of the role view")
        return manager.Address(host, port, pin, name, it.secret("token_file"))

    def _xenserver(self) -> Optional[XenServer]:
        it = self.section("xenserver")
        if not it.yes("enabled", True):
            return None
        place = it.text("inventory", INVENTORY)
        try:
            with open(place, encoding="utf-8") as file:
                lines = [line.strip().partition("=") for line in file]
        except OSError:
            if it.text("inventory"):
                raise it.wrong("inventory", "{} cannot be read".format(place))
            return None
        uuid = next((value.strip("'\"") for key, _, value in lines if key == "INSTALLATION_UUID"), "")
        if not uuid:
            raise it.wrong("inventory", "{} names no INSTALLATION_UUID".format(place))
        usual = XenServer(uuid)
        return XenServer(
            uuid,
            it.seconds("stop_guests", usual.stop_guests, 1.0),
            it.seconds("call_time", usual.call_time, 1.0, 120.0),
            it.text("socket", usual.socket),
            it.words("xe", " ".join(usual.xe)),
            it.words("xl", " ".join(usual.xl)),
        )


def _quoted(it: _Section, key: str, value: str) -> str:
    """As snmp.conf takes it."""
    if not value.isprintable() or '"' in value or "\\" in value:
        raise it.wrong(key, 'snmpget takes none with " or \\ in it from its file: choose another')
    return '"{}"'.format(value)
