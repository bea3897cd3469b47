"""XenServer and XCP-ng pools over XenAPI."""

from .pool import XapiPool

__all__ = ["XapiPool"]
