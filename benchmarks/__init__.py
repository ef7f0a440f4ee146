"""What one exchange costs, shown as a table (`docs/benchmarks.md`, method: speed is a ratio).

`stage` builds and starts everything, `load` drives it, `rounds` measures, `refusals` makes sure that
what is measured still refuses, `report` writes the table. Needs Linux (`/proc`, affinity) and nginx.
"""
