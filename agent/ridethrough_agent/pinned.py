"""TLS to somebody whose certificate is known by its SHA-256 fingerprint, whatever is written in it."""

import hashlib
import re
import socket
import ssl

SHAPE = re.compile(r"^(?:sha256:)?([0-9a-f]{64})$")


def fingerprint(text: str) -> str:
    """64 hexadecimal digits. Raises ValueError."""
    match = SHAPE.match(text.strip().lower().replace(":", "").replace("sha256", "sha256:"))
    if match is None:
        raise ValueError("a fingerprint is sha256: and 64 hexadecimal digits")
    return match.group(1)


def wrapped(plain: socket.socket, pin: str) -> ssl.SSLSocket:
    """The connection in TLS. Raises ssl.SSLError, OSError; ValueError where another certificate is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the pin takes its place
    secret = context.wrap_socket(plain)
    shown = hashlib.sha256(secret.getpeercert(binary_form=True) or b"").hexdigest()
    if shown != pin:
        secret.close()
        raise ValueError("it shows a certificate that is not pinned: sha256:" + shown)
    return secret
