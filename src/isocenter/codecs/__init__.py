"""Pixels: transfer syntax registry, one adapter module per family, stored values to the screen."""
