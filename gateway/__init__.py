"""The door: HTTP in, HTTP out, and the order of the steps of one exchange."""
