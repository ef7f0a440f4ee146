"""How good an owner's data are, told without telling a value (docs/adapters/quality.md).

A view or file that can be read from one end to the other is read so (`scanning`), in bounded batches;
of a system that answers about one subject at a time, a sample is asked (`sampling`). Each record goes
through the mapping of the source file (`forms`) and is counted (`tally` and what it is made of); what
is kept of it are counts, and digests under a key of this run (`keys`). Out comes a `report`.

Left out: comparison with other sources, and anything about columns that the file does not map.
"""
