"""What each UPS has told, for charts: fine for a day, coarse for 90, in a file of its own."""

from .keeper import History
from .spans import Point, Span

__all__ = ["History", "Point", "Span"]
