"""What memory a network takes, and when."""
