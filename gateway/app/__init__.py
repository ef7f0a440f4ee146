"""Wiring: builds every part from the settings, and serves three ports. Only here are concrete
classes named."""
