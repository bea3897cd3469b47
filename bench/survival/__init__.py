"""Whether VMs survive power failures: seeded sites and outages, five policies on each, one score.

`worlds` and `outages` make a story of a seed; `policies` play it; `score` says what became of it; `run` does so for
thousands. `python -m bench.survival --outages 2000 --seed 320000`.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "agent"))  # a program of its own, which lies in no package of ours
