"""The manager's pages: shells and static files. They hold no data; they use nothing but the API."""

from .serve import pages

__all__ = ["pages"]
