"""Which guest goes to which host, so that as much as possible of what they are worth is saved; and in which order.

It knows guests, hosts, memory and seconds, nothing of power or pools: `placement` says what may go where, and why not.
"""

from .packing import packed
from .problem import Guest, Plan, Problem, Target

__all__ = ["Guest", "Plan", "Problem", "Target", "packed"]
