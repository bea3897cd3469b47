"""Notifications: what of the journal is told to whom, and that it gets there, however long the network is away."""

from .message import Message
from .service import Notifications, Send
from .targets import Targets

__all__ = ["Message", "Notifications", "Send", "Targets"]
