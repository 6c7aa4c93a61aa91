"""Calibration: what a machine takes for layers as real networks have them."""
