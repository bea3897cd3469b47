"""A seeded random outage machine: random sites, outages, faults and people, against the rules that must never break.

`sites` and `outages` make a story from a seed; `truth` knows what really happens; `rules`, `losses` and `ending` say
what is broken; `shrink` makes a broken story small; `written` writes it as a scenario's file. `./test --chaos N`.
"""
