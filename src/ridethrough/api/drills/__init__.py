"""Drills: proof that a site would come through, from a look at everything to maintenance mode of one real host."""

from .drills import Drills, NotNow
from .record import Drill, Kind, Point, State

__all__ = ["Drill", "Drills", "Kind", "NotNow", "Point", "State"]
