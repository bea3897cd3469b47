"""python3 ridethrough-agent.pyz"""

import sys

from ridethrough_agent.cli import main

sys.exit(main())
