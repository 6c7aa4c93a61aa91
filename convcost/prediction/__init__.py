"""How long a network takes on a machine that was calibrated: terms, their seconds, and profiles."""
