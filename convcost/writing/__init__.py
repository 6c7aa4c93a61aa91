"""Networks as text again: what a spec would say."""
