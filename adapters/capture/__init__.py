"""Live answers turned into offline fixtures, with every person taken out of them.

`redaction` replaces values by others of the same form, `keeping` says which values are words of the
protocol or the file and must stay, `capturing` asks a live system once and makes the fixture case.
"""
