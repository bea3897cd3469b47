"""What would happen: the outlook of the site as it is now, and stories that people make up. Nothing here acts."""

from .plans import Plans
from .present import NothingSeen, Present
from .simulations import Simulations, Story
from .weak_points import WeakPoints
from .worker import WAITS, Imagines

__all__ = ["WAITS", "Imagines", "NothingSeen", "Plans", "Present", "Simulations", "Story", "WeakPoints"]
