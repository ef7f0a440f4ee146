"""An adapter in Python, as a ministry would write one for a system that no kind reaches."""
