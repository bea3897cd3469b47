"""`python -m ridethrough.cli`: the command line without the installed script."""

from .app import main

if __name__ == "__main__":
    main()
