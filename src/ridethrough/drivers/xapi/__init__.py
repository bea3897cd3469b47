"""XenServer and XCP-ng pools over XenAPI."""

from .check import Member, Survey, survey
from .pool import XapiPool

__all__ = ["Member", "Survey", "XapiPool", "survey"]
